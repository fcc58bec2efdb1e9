"""Strangers at the front door: endless headers and half-open lines disturb nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx

from slackbot.web.connections import Limits
from tests.harness.http_server import CLOSED, Line
from tests.scenario.conftest import Mission

from .bot_process import outside, started
from .sizes import FULL, figure

MEBIBYTE: Final = 2**20
HEADER_BYTES: Final = (120 if FULL else 20) * MEBIBYTE
LINES: Final = 500 if FULL else 100
CLOSED_SECONDS: Final = 30.0


def resident(pid: int) -> float:
    """Return the process's resident memory in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@asynccontextmanager
async def watched(mission: Mission, pid: int, what: str) -> AsyncIterator[None]:
    """Ask again and again meanwhile; print the longest answer and the growth of memory."""
    before, most, longest, answers = resident(pid), 0.0, 0.0, 0

    async def ask() -> None:
        nonlocal most, longest, answers
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                began = time.perf_counter()
                assert (await client.get(f"{mission.bot_url}/healthz")).status_code == 200
                longest = max(longest, time.perf_counter() - began)
                most, answers = max(most, resident(pid) - before), answers + 1
                await asyncio.sleep(0.02)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
    figure(
        f"{what}: {answers} answers meanwhile, the longest after {longest * 1000:.0f} ms; "
        f"memory {most:+.1f} MiB at most, {resident(pid) - before:+.1f} MiB afterwards"
    )
    assert answers


async def send_header(port: int) -> bytes:
    """Send one header for as long as the bot takes it, and return the answer."""
    line, sent = await Line.open(port), 0
    await line.send(b"POST /slack/events HTTP/1.1\r\nX-Slack-Signature: ")
    while sent < HEADER_BYTES and not line.reader.at_eof() and not line.writer.is_closing():
        await line.send(b"x" * 65_536)
        sent += 65_536
        await asyncio.sleep(0)
    assert sent < HEADER_BYTES
    line.close()
    return await line.answer()


async def half_open(port: int, number: int) -> Line:
    """Open a line that sends nothing, half a header, or half a body."""
    line = await Line.open(port)
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n"
    signed = b"X-Slack-Signature: v0=%064d\r\nX-Slack-Request-Timestamp: 1\r\n\r\n" % 0
    await line.send([b"", head + b"X: " + b"x" * 8_000, head + signed + b"x" * 8_000][number % 3])
    return line


async def test_strangers_disturb_nobody(tmp_path: Path) -> None:
    """Everybody is answered meanwhile; what is too large or incomplete is closed."""
    async with outside(tmp_path) as mission, started(mission, tmp_path) as bot:
        port, pid = int(mission.bot_url.rpartition(":")[2]), bot.process.pid
        ada = mission.person("ada")
        await mission.ask(ada, "/networking help")
        async with watched(mission, pid, f"headers of {HEADER_BYTES // MEBIBYTE} MiB, ten times"):
            for _ in range(10):
                assert await send_header(port) in {
                    b"HTTP/1.1 431 Request Header Fields Too Large ",
                    CLOSED,
                }
        async with watched(mission, pid, f"{LINES} half-open lines"):
            lines = [await half_open(port, number) for number in range(LINES)]
            began = time.perf_counter()
            assert "matches" in (await mission.ask(ada, "/networking help")).text
            if FULL:
                ended = await asyncio.gather(*(line.ends(CLOSED_SECONDS) for line in lines))
                assert all(ended)
                seconds = time.perf_counter() - began
                figure(f"half-open lines: all closed after {seconds:.1f} s")
                assert seconds >= Limits().request_seconds - 5
            for line in lines:
                line.close()
        assert "Traceback" not in bot.log.read_text()
