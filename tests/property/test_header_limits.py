"""The limit of headers holds however a request is cut into pieces."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from slackbot.web.connections import Limits
from slackbot.web.server import server_config

LIMITS = Limits(header_bytes=200, header_count=8)


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self._closing = False

    def get_extra_info(self, name: str) -> Any:
        return ("192.0.2.1", 1) if name in {"peername", "sockname"} else None

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    def abort(self) -> None:
        self._closing = True

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def write(self, data: bytes) -> None:
        if not self._closing:
            self.written += data


async def app(_scope: Scope, receive: Receive, send: Send) -> None:
    length, more = 0, True
    while more:
        message = await receive()
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d;" % length
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


async def answers(stream: bytes, cuts: list[int]) -> bytes:
    """Send a stream in pieces to a connection, and return what it writes."""
    config = server_config(app, host="", port=0, trusted_proxies=(), limits=LIMITS)
    config.load()
    wire, made = Wire(), config.http_protocol_class
    connection: Any = made(config=config, server_state=ServerState(), app_state={})  # type: ignore[call-arg]
    connection.connection_made(wire)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    for start, end in pairwise(places):
        if not wire.is_closing():
            connection.data_received(stream[start:end])
        for _ in range(4):
            await asyncio.sleep(0)
    connection.connection_lost(None)
    return wire.written


def request(header: int, body: int) -> bytes:
    head = b"POST / HTTP/1.1\r\nContent-Length: %d\r\nX: " % body
    return head.ljust(header - 4, b"x") + b"\r\n\r\n" + b"b" * body


@given(
    sizes=st.lists(st.tuples(st.integers(60, 195), st.integers(0, 2_000)), min_size=1, max_size=3),
    cuts=st.lists(st.integers(0, 6_000), max_size=30),
)
def test_requests_within_the_limit_are_answered(
    sizes: list[tuple[int, int]], cuts: list[int]
) -> None:
    """Bodies of any size behind headers within the limit, one request after the other."""
    stream = b"".join(request(header, body) for header, body in sizes)
    written = asyncio.run(answers(stream, cuts))
    assert written.count(b"HTTP/1.1 200 OK") == len(sizes)
    for _, body in sizes:
        assert b"%d;" % body in written


@given(excess=st.integers(1, 3_000), body=st.integers(0, 500), cuts=st.lists(st.integers(0, 4_000)))
def test_headers_beyond_the_limit_are_refused(excess: int, body: int, cuts: list[int]) -> None:
    """431 and nothing else, however the bytes arrive."""
    written = asyncio.run(answers(request(LIMITS.header_bytes + excess, body), cuts))
    assert written.startswith(b"HTTP/1.1 431 ")
    assert b"200" not in written
