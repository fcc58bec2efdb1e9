"""Strangers at the front door: endless headers and half-open lines disturb nobody."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

from slackbot.web.connections import Limits
from tests.harness.http_server import CLOSED, Line

from .bot_process import outside, started
from .sizes import FULL, figure
from .watching import watching

MEBIBYTE: Final = 2**20
HEADER_BYTES: Final = (120 if FULL else 20) * MEBIBYTE
HEADERS: Final = 300 if FULL else 50
LINES: Final = 500 if FULL else 100
CLOSED_SECONDS: Final = 30.0


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
    # From three addresses: of one, only 200 connections would be open at once.
    line = await Line.open(port, f"127.0.0.{2 + number // 3 % 3}")
    head = b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n"
    signed = b"X-Slack-Signature: v0=%064d\r\nX-Slack-Request-Timestamp: 1\r\n\r\n" % 0
    await line.send([b"", head + b"X: " + b"x" * 8_000, head + signed + b"x" * 8_000][number % 3])
    return line


async def test_strangers_disturb_nobody(tmp_path: Path) -> None:
    """Everybody is answered meanwhile; what is too large or incomplete is closed."""
    async with (
        outside(tmp_path) as mission,
        started(mission, tmp_path, probed=True) as bot,
        watching(mission, bot.process.pid, bot.stalls, tmp_path) as watch,
    ):
        port = int(mission.bot_url.rpartition(":")[2])
        async with watch.during(f"headers of {HEADER_BYTES // MEBIBYTE} MiB, {HEADERS} times"):
            for _ in range(HEADERS):
                assert await send_header(port) in {
                    b"HTTP/1.1 431 Request Header Fields Too Large ",
                    CLOSED,
                }
        async with watch.during(f"{LINES} half-open lines"):
            lines = [await half_open(port, number) for number in range(LINES)]
            began = time.perf_counter()
            if FULL:
                ended = await asyncio.gather(*(line.ends(CLOSED_SECONDS) for line in lines))
                assert all(ended)
                seconds = time.perf_counter() - began
                figure(f"half-open lines: all closed after {seconds:.1f} s")
                assert seconds >= Limits().request_seconds - 5
            for line in lines:
                line.close()
        assert "Traceback" not in bot.log.read_text()
