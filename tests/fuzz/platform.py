"""What Accelevents may answer and send, gone wrong: read, refused or passed over, never a crash."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from slackbot.accelevents import schemas as wire
from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.errors import Endpoint, error_for
from slackbot.accelevents.match_event import read_matches
from slackbot.domain.errors import PlatformError
from slackbot.domain.model import (
    AttendeeStatus,
    EventSlug,
    Grant,
    Link,
    MatchReport,
    Session,
    SessionId,
    SessionScope,
)
from tests.fuzz import mutants
from tests.fuzz.count import Count
from tests.harness import fakes

FOLDER = Path(__file__).parents[1] / "payloads" / "platform"
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia")]
STATUSES = (200, 200, 200, 201, 204, 301, 304, 400, 401, 403, 404, 406, 407, 409, 429, 500, 503)
GRANT = {"access_token": "abcdefgh", "userId": 501, "expires_in": "2022-01-14 09:42:40"}
DEMO = EventSlug("demo")


class Corpus:
    """The platform's payload files, by what they are."""

    def __init__(self) -> None:
        files = {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*"))}
        self.sockets = [file["args"] for name, file in files.items() if name.startswith("socket")]
        self.errors = [file["body"] for name, file in files.items() if name.startswith("error")]
        self.lists = [file["answer"] for file in files.values() if "answer" in file]
        self.answers = [*self.lists, GRANT, {"data": self.lists}]

    def answer(self, rng: random.Random) -> Any:
        """A good answer or a good refusal."""
        return rng.choice(rng.choice([self.answers, self.errors]))


def gone_wrong(value: Any, rng: random.Random) -> Any:
    """One to four places of it changed."""
    for _ in range(rng.randint(1, 4)):
        places = list(mutants.paths(value))
        if not places:
            return rng.choice(mutants.wrongs(value, rng)[1:])
        at = rng.choice(places)
        value = mutants.mutated(value, at, rng.choice(mutants.wrongs(mutants.read(value, at), rng)))
    return value


def body_of(value: Any, rng: random.Random) -> bytes:
    """As bytes; now and then cut, doubled, spoilt, or not JSON at all."""
    text = value if isinstance(value, str) else json.dumps(value)
    body = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.7:
        return body
    at = rng.randrange(len(body) + 1)
    return rng.choice(
        [
            body[:at],
            body + body,
            body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :],
            rng.randbytes(rng.randint(0, 300)),
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            b"<html>" + body,
            b"[" * rng.choice([10, 2_000, 200_000]),
            b'{"data":' * 5_000,
            b"NaN",
            b"-" + b"9" * 5_000,
        ]
    )


# --- the readers ---------------------------------------------------------------------------------


def _values(made: object, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(made, list) and all(isinstance(item, kinds) for item in made)


def _read(value: Any, rng: random.Random) -> bool:
    """One reader over one value; whether what it gives is what it promises."""
    zone = rng.choice(ZONES)
    match rng.randrange(3):
        case 0:
            page = wire.read_page(value)
            return _values(wire.read_sessions(page.rows, zone), Session)
        case 1:
            return isinstance(wire.read_grant(value, zone), Grant)
        case _:
            return _values(wire.read_match_list(value, zone), MatchReport)


def _heard(value: Any, rng: random.Random) -> bool:
    args = value if isinstance(value, list) else [value]
    seen = read_matches(args, rng.choice(ZONES), rng.choice([None, 501, 502]))
    return seen is None or _values(seen, MatchReport)


def _refused(body: bytes, rng: random.Random) -> bool:
    error = error_for(rng.choice(list(Endpoint)), rng.choice(STATUSES), body)
    return isinstance(error, PlatformError)


def mutated_bodies(tries: int, seed: int) -> Count:
    """Each through a reader: a value of its kind, or a `PlatformError`."""
    rng, count, corpus = random.Random(seed), Count("mutated platform bodies, read"), Corpus()
    for _ in range(tries):
        kind = rng.choice(["answer", "socket", "refusal"])
        value = rng.choice(corpus.sockets) if kind == "socket" else corpus.answer(rng)
        value = gone_wrong(value, rng)
        count.tried += 1
        try:
            if kind == "answer":
                good = _read(value, rng)
            elif kind == "socket":
                good = _heard(value, rng)
            else:
                good = _refused(body_of(value, rng), rng)
        except PlatformError as error:
            good = True
            count.answers[error.code] += 1
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            count.note("unhandled", f"{kind} {error!r} {value!r}")
            continue
        else:
            count.answers[kind] += 1
        if not good:
            count.note("wrong", f"{kind} {value!r}")
    return count


# --- the client ----------------------------------------------------------------------------------


class StillClock:
    """It is always noon, and waiting takes no time."""

    def now(self) -> datetime:
        return datetime(2026, 5, 4, 12, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Speaker:
    """Answers every request of every connection with the bytes that were prepared."""

    answer = b""

    def __init__(self) -> None:
        self.lines: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self.lines.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [
                    line for line in head.lower().split(b"\r\n") if line.startswith(b"content-l")
                ]
                if length:
                    await reader.readexactly(int(length[0].split(b":")[1]))
                writer.write(self.answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def _response(status: int, body: bytes, rng: random.Random) -> bytes:
    body = b"" if status in {204, 304} else body
    heads = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
    heads.append(rng.choice(["content-type: application/json", "content-type: \xff", "x: y"]))
    if rng.random() < 0.3:
        heads.append(f"retry-after: {rng.choice(['1', '', '-1', 'soon', '9' * 50, '1e9'])}")
    if rng.random() < 0.05:
        heads.append(f"content-encoding: {rng.choice(['gzip', 'br', 'deflate', '?'])}")
    if rng.random() < 0.05:
        heads.append("location: http://127.0.0.1:1/")
    return "\r\n".join(heads).encode("latin-1") + b"\r\n\r\n" + body


def _calls(client: AcceleventsClient, link: Link) -> list[Callable[[], Any]]:
    here = SessionId(11645)
    return [
        lambda: client.redeem(DEMO, "a-user-key"),
        lambda: client.check(DEMO, SecretStr("a-token")),
        lambda: client.sessions(link, SessionScope.LIVE),
        lambda: client.registered_sessions(link),
        lambda: client.join(link, here),
        lambda: client.set_status(link, here, AttendeeStatus.AVAILABLE),
        lambda: client.matches(link, here),
    ]


@asynccontextmanager
async def _speaking() -> AsyncIterator[tuple[Speaker, AcceleventsClient]]:
    speaker = Speaker()
    server = await asyncio.start_server(speaker.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    client = AcceleventsClient(PlatformOptions(api_url=f"http://{host}:{port}"), StillClock())
    try:
        yield speaker, client
    finally:
        await client.aclose()
        server.close()
        await asyncio.wait(speaker.lines)


async def mutated_answers(tries: int, seed: int) -> Count:
    """Each over HTTP through the client: a value, or a `PlatformError`."""
    rng, corpus = random.Random(seed), Corpus()
    count = Count("mutated platform answers, over HTTP")
    async with _speaking() as (speaker, client):
        calls = _calls(client, fakes.link())
        for _ in range(tries):
            body = body_of(gone_wrong(corpus.answer(rng), rng), rng)
            speaker.answer = _response(rng.choice(STATUSES), body, rng)
            count.tried += 1
            try:
                await rng.choice(calls)()
                count.answers["value"] += 1
            except PlatformError as error:
                count.answers[error.code] += 1
            except Exception as error:  # noqa: BLE001 - this is what is looked for
                count.note("unhandled", f"{error!r} {speaker.answer!r}")
    return count
