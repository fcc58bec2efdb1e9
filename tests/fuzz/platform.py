"""Mutated responses and events of Accelevents: read, refused or ignored, never a crash."""

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

from slackbot.accelevents import schemas
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
from tests.fuzz import mutations
from tests.fuzz.result import Result
from tests.harness import fakes

FOLDER = Path(__file__).parents[1] / "payloads" / "platform"
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia")]
STATUSES = (200, 200, 200, 201, 204, 301, 304, 400, 401, 403, 404, 406, 407, 409, 429, 500, 503)
GRANT = {"access_token": "abcdefgh", "userId": 501, "expires_in": "2022-01-14 09:42:40"}
DEMO = EventSlug("demo")


class Corpus:
    """The platform's payload files, by kind."""

    def __init__(self) -> None:
        files = {path.stem: json.loads(path.read_bytes()) for path in sorted(FOLDER.glob("*"))}
        self.sockets = [file["args"] for name, file in files.items() if name.startswith("socket")]
        self.errors = [file["body"] for name, file in files.items() if name.startswith("error")]
        self.lists = [file["answer"] for file in files.values() if "answer" in file]
        self.answers = [*self.lists, GRANT, {"data": self.lists}]

    def answer(self, rng: random.Random) -> Any:
        """Return a valid response or a valid refusal."""
        return rng.choice(rng.choice([self.answers, self.errors]))


def mutate(value: Any, rng: random.Random) -> Any:
    """Return a copy with one to four mutations."""
    for _ in range(rng.randint(1, 4)):
        places = list(mutations.paths(value))
        if not places:
            return rng.choice(mutations.replacements(value, rng)[1:])
        path = rng.choice(places)
        candidates = mutations.replacements(mutations.value_at(value, path), rng)
        value = mutations.replaced(value, path, rng.choice(candidates))
    return value


def body_of(value: Any, rng: random.Random) -> bytes:
    """Encode a value; sometimes truncated, doubled, corrupted, or not JSON at all."""
    text = value if isinstance(value, str) else json.dumps(value)
    body = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.7:
        return body
    index = rng.randrange(len(body) + 1)
    return rng.choice(
        [
            body[:index],
            body + body,
            body[:index] + bytes([rng.randrange(256)]) + body[index + 1 :],
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


# Readers.


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(item, kind) for item in value)


def _read(value: Any, rng: random.Random) -> bool:
    """Run a random reader; return True if the result has the promised type."""
    zone = rng.choice(ZONES)
    match rng.randrange(3):
        case 0:
            page = schemas.read_page(value)
            return _is_list_of(schemas.read_sessions(page.rows, zone), Session)
        case 1:
            return isinstance(schemas.read_grant(value, zone), Grant)
        case _:
            return _is_list_of(schemas.read_match_list(value, zone), MatchReport)


def _read_event(value: Any, rng: random.Random) -> bool:
    args = value if isinstance(value, list) else [value]
    reports = read_matches(args, rng.choice(ZONES), rng.choice([None, 501, 502]))
    return reports is None or _is_list_of(reports, MatchReport)


def _read_refusal(body: bytes, rng: random.Random) -> bool:
    error = error_for(rng.choice(list(Endpoint)), rng.choice(STATUSES), body)
    return isinstance(error, PlatformError)


def mutated_bodies(tries: int, seed: int) -> Result:
    """Read each; the result is a value of its type or a `PlatformError`."""
    rng, result, corpus = random.Random(seed), Result("mutated platform bodies, read"), Corpus()
    for _ in range(tries):
        kind = rng.choice(["answer", "socket", "refusal"])
        value = rng.choice(corpus.sockets) if kind == "socket" else corpus.answer(rng)
        value = mutate(value, rng)
        result.tried += 1
        try:
            if kind == "answer":
                good = _read(value, rng)
            elif kind == "socket":
                good = _read_event(value, rng)
            else:
                good = _read_refusal(body_of(value, rng), rng)
        except PlatformError as error:
            good = True
            result.answers[error.code] += 1
        except Exception as error:  # noqa: BLE001 - a finding
            result.record("unhandled", f"{kind} {error!r} {value!r}")
            continue
        else:
            result.answers[kind] += 1
        if not good:
            result.record("wrong", f"{kind} {value!r}")
    return result


# Client.


class StillClock:
    """A clock at which it is always noon and sleeping takes no time."""

    def now(self) -> datetime:
        return datetime(2026, 5, 4, 12, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class CannedServer:
    """A server that answers every request with the bytes in `answer`."""

    answer = b""

    def __init__(self) -> None:
        self.connections: set[asyncio.Task[Any]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            self.connections.add(task)
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
    headers = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
    headers.append(rng.choice(["content-type: application/json", "content-type: \xff", "x: y"]))
    if rng.random() < 0.3:
        headers.append(f"retry-after: {rng.choice(['1', '', '-1', 'soon', '9' * 50, '1e9'])}")
    if rng.random() < 0.05:
        headers.append(f"content-encoding: {rng.choice(['gzip', 'br', 'deflate', '?'])}")
    if rng.random() < 0.05:
        headers.append("location: http://127.0.0.1:1/")
    return "\r\n".join(headers).encode("latin-1") + b"\r\n\r\n" + body


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
async def _canned_server() -> AsyncIterator[tuple[CannedServer, AcceleventsClient]]:
    canned = CannedServer()
    server = await asyncio.start_server(canned.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    client = AcceleventsClient(PlatformOptions(api_url=f"http://{host}:{port}"), StillClock())
    try:
        yield canned, client
    finally:
        await client.aclose()
        server.close()
        await asyncio.wait(canned.connections)


async def mutated_answers(tries: int, seed: int) -> Result:
    """Answer the client's calls with each over HTTP; it returns a value or a `PlatformError`."""
    rng, corpus = random.Random(seed), Corpus()
    result = Result("mutated platform answers, over HTTP")
    async with _canned_server() as (server, client):
        calls = _calls(client, fakes.link())
        for _ in range(tries):
            body = body_of(mutate(corpus.answer(rng), rng), rng)
            server.answer = _response(rng.choice(STATUSES), body, rng)
            result.tried += 1
            try:
                await rng.choice(calls)()
                result.answers["value"] += 1
            except PlatformError as error:
                result.answers[error.code] += 1
            except Exception as error:  # noqa: BLE001 - a finding
                result.record("unhandled", f"{error!r} {server.answer!r}")
    return result
