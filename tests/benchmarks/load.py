"""Asks a server over kept connections, each connection one request at a time."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools

SILENCE_SECONDS = 10


class WrongAnswerError(Exception):
    """A server answered something else than what is being measured."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round showed. Times are in milliseconds."""

    answers: int
    per_second: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Question:
    """Requests as bytes, sent in turn, and what each answer must hold."""

    requests: Sequence[bytes]
    expected: bytes


class Line(asyncio.Protocol):
    """One connection to an HTTP/1.1 server."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._body = bytearray()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and wait for status and body of its answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("hung up before it answered"))

    # --- httptools

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        assert self._answer is not None
        self._answer.set_result((self._parser.get_status_code(), bytes(self._body)))
        self._body.clear()


async def drive(url: str, question: Question, *, clients: int, seconds: float) -> Round:
    """Ask for so long with so many clients, each asking again as soon as it has its answer.

    Raises:
        WrongAnswerError: an answer was not 200 or not the expected one.
    """
    lines = [await _line(url) for _ in range(clients)]
    requests = itertools.cycle(question.requests)
    began = time.perf_counter()
    try:
        async with asyncio.timeout(seconds + SILENCE_SECONDS):
            asking = [_ask(line, requests, question.expected, began + seconds) for line in lines]
            times = list(itertools.chain.from_iterable(await asyncio.gather(*asking)))
    finally:
        for line in lines:
            line.close()
    return summary(times, time.perf_counter() - began)


async def _line(url: str) -> Line:
    address, loop = urlsplit(url), asyncio.get_running_loop()
    host, port = address.hostname or "", address.port or 80
    _, line = await loop.create_connection(Line, host, port)
    return line


async def _ask(line: Line, requests: Iterator[bytes], expected: bytes, end: float) -> list[float]:
    times = []
    while (sent := time.perf_counter()) < end:
        status, body = await line.ask(next(requests))
        times.append(time.perf_counter() - sent)
        if status != 200 or expected not in body:
            raise WrongAnswerError(f"{status}: {body[:200]!r}")
    return times


def summary(times: Sequence[float], seconds: float) -> Round:
    """Count, rate and percentiles of times in seconds."""
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return Round(len(times), len(times) / seconds, cuts[49] * 1000, cuts[98] * 1000)
