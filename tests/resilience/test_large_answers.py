"""Answers and events far larger than any platform sends: refused, and nobody else waits for it."""

from __future__ import annotations

import asyncio
import gzip
import json
import resource
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.match_event import read_matches
from slackbot.bootstrap.adapters import SystemClock
from slackbot.domain.errors import Unreadable
from slackbot.domain.model import AuthScheme, EventSlug, Link, SessionId, SessionScope
from tests.harness.fakes import link

from .sizes import figure

PAGE = b'{"data":[' + b"{}," * (8 * 2**20 // 3) + b"{}]}"
ROWS = json.dumps([{"fullName": f"Guest {n}", "userIdOfMatch": n} for n in range(100_000)]).encode()
ANSWERS = {
    "a page of 8 MiB of empty rows": PAGE,
    "100,000 rows of matches": ROWS,
    "64 MiB of zeros in 64 kB": gzip.compress(bytes(64 * 2**20)),
    "8 MiB of numbers": b"[" + b"1," * (4 * 2**20) + b"1]",
}
EVENTS = {
    "1 MiB of rows": [{"fullName": f"Guest {n}", "userIdOfMatch": n} for n in range(1, 22_000)],
    "1 MiB of fields": [{f"roundSeconds{n}": 60 for n in range(45_000)} | {"fullName": "Zoë"}],
    "1 MiB of calls": [
        {"MeetingId": f"m{n}", "JoinToken": "t", "AttendeeId": f"a{n}", "userIdOfMatch": n}
        for n in range(1, 11_000)
    ],
}


@asynccontextmanager
async def answering(body: bytes) -> AsyncIterator[str]:
    """Serve one body to every request, from another thread's point of view: without parsing."""
    encoded = "content-encoding: gzip\r\n" if body[:2] == b"\x1f\x8b" else ""
    head = f"HTTP/1.1 200 OK\r\n{encoded}content-length: {len(body)}\r\n\r\n".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(head + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


class Stillness:
    """Notes for how long the loop stands still, in milliseconds."""

    longest = 0.0

    async def watch(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, (time.perf_counter() - began) * 1000)


def memory() -> float:
    """Return the most memory that the process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def to_demo() -> Link:
    return link(event=EventSlug("demo"), token=SecretStr("x"), auth_scheme=AuthScheme.BARE)


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_answer_with_too_much_in_it_is_refused(name: str) -> None:
    """Neither list is read, and the figures of the loop and the memory are printed."""
    async with answering(ANSWERS[name]) as url:
        client = AcceleventsClient(PlatformOptions(api_url=url), SystemClock())
        still, before = Stillness(), memory()
        watching = asyncio.create_task(still.watch())
        for _ in range(3):
            with pytest.raises(Unreadable):
                await client.matches(to_demo(), SessionId(1))
            with pytest.raises(Unreadable):
                await client.sessions(to_demo(), SessionScope.LIVE)
        watching.cancel()
        await client.aclose()
    figure(f"{name}: still for {still.longest:.0f} ms, {memory() - before:+.1f} MiB at most")


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_with_too_much_in_it_is_read_within_bounds(name: str) -> None:
    """The first matches of it are read; how long that took is printed."""
    began = time.process_time()
    found = read_matches([EVENTS[name]], ZoneInfo("UTC"), 1)
    figure(f"{name}: {(time.process_time() - began) * 1000:.0f} ms")
    assert found is None or len(found) <= 20
