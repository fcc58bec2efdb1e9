"""The limits of connections: size, time and number, however a request is sent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import capture_logs

from slackbot.domain.addresses import TrustedProxies
from slackbot.web.connections import Connections, Limits
from tests.harness.http_server import CLOSED, Door, front_door

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = Limits(request_seconds=0.3, keep_alive_seconds=0.2, close_seconds=0.2)
FEW = Limits(connections=4, connections_per_network=2)
LogLines = list[MutableMapping[str, Any]]


class App:
    """Answers with the client's address and the body's length; `/wait` once `go_on` is set."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.go_on = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["path"] == "/wait":
            await self.go_on.wait()
        length, more = 0, scope["path"] != "/unread"
        while more:
            message = await receive()
            length += len(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"x" * 10_000_000 if scope["path"] == "/large" else b"%d" % length
        headers = [(b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
async def door(app: ASGIApp) -> AsyncIterator[Door]:
    async with front_door(app) as door:
        yield door


@pytest.fixture
def lines() -> Iterator[LogLines]:
    """The bot's own log lines."""
    with capture_logs() as captured:
        yield captured


def post(length: int) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % length


# --- sizes ---------------------------------------------------------------------------------------


async def test_a_request_of_any_form_is_answered(door: Door) -> None:
    """A large body with its headers in one piece, byte by byte, and two requests at once."""
    line = await door.line()
    await line.send(post(900_000) + b"x" * 900_000)
    assert await line.answer() == b"HTTP/1.1 200 OK 900000"
    for byte in post(3) + b"abc":
        await line.send(bytes([byte]))
    assert await line.answer() == b"HTTP/1.1 200 OK 3"
    await line.send(post(2) + b"ab" + post(1) + b"a" + GET)
    assert [await line.answer() for _ in range(3)] == [
        b"HTTP/1.1 200 OK 2",
        b"HTTP/1.1 200 OK 1",
        b"HTTP/1.1 200 OK 0",
    ]
    await line.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    await line.send((b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 20 + b"0\r\n\r\n")
    assert await line.answer() == b"HTTP/1.1 200 OK %d" % (20 * 0x4000)
    line.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nX-Long: ",
        b"GET / HTTP/1.1\r\n",
        b"GET /",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer: ",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;extension=",
    ],
    ids=["value", "name", "path", "trailer", "chunk"],
)
async def test_an_endless_header_is_refused(door: Door, head: bytes) -> None:
    """431 after 16 KiB, wherever it is: the rest is neither read nor kept."""
    line, sent = await door.line(), len(head)
    await line.send(head)
    while not line.writer.is_closing() and sent < 50_000_000 and not line.reader.at_eof():
        await line.send(b"x" * 10_000)
        sent += 10_000
        await asyncio.sleep(0)
    assert await line.answer() in {b"HTTP/1.1 431 Request Header Fields Too Large ", CLOSED}
    assert sent < 10_000_000  # what the system's buffers hold
    line.close()


async def test_headers_are_counted(door: Door, app: App) -> None:
    """100 headers are answered, and 101 refused with 431 before the app sees them."""
    for count, status in ((100, b"200"), (101, b"431")):
        line = await door.line()
        await line.send(b"GET / HTTP/1.1\r\n" + b"a:\r\n" * count + b"\r\n")
        assert status in await line.answer()
        line.close()
    assert len(app.scopes) == 1


async def test_headers_up_to_the_limit_pass(door: Door) -> None:
    """A little under 16 KiB is answered, a little over is not, sent at once or in pieces."""
    for size, status in ((16_300, b"200"), (16_400, b"431")):
        request = b"GET / HTTP/1.1\r\nX: ".ljust(size, b"x") + b"\r\n\r\n"
        for step in (len(request), 1_000):
            line = await door.line()
            for start in range(0, len(request), step):
                await line.send(request[start : start + step])
                await asyncio.sleep(0)
            assert status in await line.answer()
            line.close()


async def test_malformed_requests_are_refused_without_a_log_line_each(
    door: Door, lines: LogLines, caplog: pytest.LogCaptureFixture
) -> None:
    """400 and closed; the log gets one line with the reason."""
    for _ in range(5):
        line = await door.line()
        await line.send(b"\x16\x03\x01 TLS\r\n\r\n")
        assert await line.answer() == b"HTTP/1.1 400 Bad Request "
        assert await line.ends()
    assert [(line["event"], line["reason"]) for line in lines] == [
        ("connections_refused", "malformed")
    ]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_incomplete_requests_share_a_limit(app: App) -> None:
    """Beyond it the oldest incomplete request ends; bodies of any number are received."""
    async with front_door(app, Limits(incomplete_bytes=100_000)) as door:
        lines = [await door.line() for _ in range(3)]
        for line in lines:
            await line.send(post(45_000) + b"x" * 40_000)
            await asyncio.sleep(0.05)
        assert await lines[0].ends(1)
        for line in lines[1:]:
            await line.send(b"x" * 5_000)
            assert await line.answer() == b"HTTP/1.1 200 OK 45000"
        for _ in range(5):
            await lines[1].send(post(90_000) + b"x" * 90_000)
            assert await lines[1].answer() == b"HTTP/1.1 200 OK 90000"


async def test_what_is_refused_unread_is_not_counted(app: App) -> None:
    """The body of a request that is already answered is dropped; the line works on."""
    async with front_door(app, Limits(incomplete_bytes=100_000)) as door:
        line = await door.line()
        for _ in range(2):
            await line.send(b"POST /unread HTTP/1.1\r\nContent-Length: 900000\r\n\r\n")
            assert await line.answer() == b"HTTP/1.1 200 OK 0"
            await line.send(b"x" * 900_000)
            await line.send(post(50_000) + b"x" * 50_000)
            assert await line.answer() == b"HTTP/1.1 200 OK 50000"


# --- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", CLOSED),
        (b"\r\n", CLOSED),
        (b"GET / HTTP/1.1\r\nHost", b"HTTP/1.1 408 Request Timeout "),
        (post(10) + b"x", b"HTTP/1.1 408 Request Timeout "),
        (GET, b"HTTP/1.1 200 OK 0"),
        (GET + b"GET", b"HTTP/1.1 200 OK 0"),
        (b"POST /unread HTTP/1.1\r\nContent-Length: 9\r\n\r\nx", b"HTTP/1.1 200 OK 0"),
    ],
    ids=["nothing", "blank", "half a header", "half a body", "kept", "half the next", "unread"],
)
async def test_no_line_stays_half_open(app: App, sent: bytes, answer: bytes) -> None:
    """What has not come in time does not come: the connection is closed, with 408 if it began."""
    async with front_door(app, SHORT) as door:
        line = await door.line()
        await line.send(sent)
        assert await line.answer() == answer
        assert await line.ends()


async def test_a_byte_now_and_then_does_not_keep_a_line(app: App) -> None:
    """The time is that of the whole request, however it trickles in."""
    async with front_door(app, SHORT) as door:
        line = await door.line()
        await line.send(b"GET / HTTP/1.1\r\n")
        for _ in range(100):
            await line.send(b"a:\r\n")
            await asyncio.sleep(0.02)
            if line.reader.at_eof():
                break
        assert line.reader.at_eof() or await line.ends(0)


async def test_a_line_that_reads_nothing_is_cut(app: App) -> None:
    """A response that nobody takes is given up some seconds after the connection's end."""
    async with front_door(app, SHORT) as door:
        line = await door.line()
        line.writer.transport.pause_reading()
        await line.send(b"GET /large HTTP/1.1\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.6)
        line.writer.transport.resume_reading()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await line.reader.readexactly(10_000_000)


# --- number --------------------------------------------------------------------------------------


async def test_lines_that_send_nothing_keep_nobody_out(app: App) -> None:
    """With all places taken by waiting lines, the longest waiting one makes room."""
    async with front_door(app, FEW, ["127.0.0.1"]) as door:
        idle = [await door.line() for _ in range(4)]
        await asyncio.sleep(0.05)
        late = await door.line()
        await late.send(GET)
        assert await late.answer() == b"HTTP/1.1 200 OK 0"
        assert await idle[0].ends(1)
        await idle[3].send(GET)
        assert await idle[3].answer() == b"HTTP/1.1 200 OK 0"


async def test_lines_that_are_answered_are_not_cut(app: App) -> None:
    """With all places taken by requests that are being answered, a new line gets 503."""
    async with front_door(app, FEW, ["127.0.0.1"]) as door:
        busy = [await door.line() for _ in range(4)]
        for line in busy:
            await line.send(b"GET /wait HTTP/1.1\r\n\r\n")
        await asyncio.sleep(0.05)
        assert await (await door.line()).answer() == b"HTTP/1.1 503 Service Unavailable "
        app.go_on.set()
        assert [await line.answer() for line in busy] == [b"HTTP/1.1 200 OK 0"] * 4
        late = await door.line()  # those that were answered wait again
        await late.send(GET)
        assert await late.answer() == b"HTTP/1.1 200 OK 0"


async def test_a_line_that_was_answered_early_waits_again(app: App) -> None:
    """A request that is answered before its body has come leaves an idle line: it makes room."""
    async with front_door(app, FEW, ["127.0.0.1"]) as door:
        early = await door.line()
        await early.send(b"POST /unread HTTP/1.1\r\nContent-Length: 9\r\n\r\nx")
        assert await early.answer() == b"HTTP/1.1 200 OK 0"
        await early.send(b"y" * 8)
        for _ in range(3):
            await (await door.line()).send(b"GET /wait HTTP/1.1\r\n\r\n")
        await asyncio.sleep(0.05)
        late = await door.line()
        await late.send(GET)
        assert await late.answer() == b"HTTP/1.1 200 OK 0"
        assert await early.ends(1)


async def test_one_address_does_not_take_all_places(app: App) -> None:
    """A third line of one address ends its first one, and none of another address."""
    async with front_door(app, FEW) as door:
        other = await door.line("127.0.0.2")
        lines = [await door.line() for _ in range(3)]
        await asyncio.sleep(0.05)
        assert await lines[0].ends(1)
        for line in (other, *lines[1:]):
            await line.send(GET)
            assert await line.answer() == b"HTTP/1.1 200 OK 0"


async def test_closed_lines_are_not_counted(app: App) -> None:
    """Places are free again, in whatever way a line ended."""
    async with front_door(app, FEW) as door:
        for sent in (b"", GET, b"GET", b"\x00", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"):
            for _ in range(5):
                line = await door.line()
                await line.send(sent)
                line.close()
                await line.writer.wait_closed()
        await asyncio.sleep(0.05)
        lines = [await door.line() for _ in range(2)]
        await asyncio.sleep(0.05)
        for line in lines:
            await line.send(GET)
            assert await line.answer() == b"HTTP/1.1 200 OK 0"


# --- WebSockets and proxies ----------------------------------------------------------------------


async def test_an_upgrade_is_an_ordinary_request(door: Door, app: App) -> None:
    """The app answers it over HTTP, and the connection ends."""
    line = await door.line()
    await line.send(
        b"GET /slack/events HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n\x81\x01"
    )
    assert await line.answer() == b"HTTP/1.1 200 OK 0"
    assert [scope["type"] for scope in app.scopes] == ["http"]
    assert await line.ends(1)


@pytest.mark.parametrize(
    ("trusted", "client"),
    [([], "127.0.0.1"), (["10.0.0.1"], "127.0.0.1"), (["127.0.0.0/8"], "192.0.2.7")],
)
async def test_a_trusted_proxy_names_its_visitors(
    app: App, lines: LogLines, trusted: list[str], client: str
) -> None:
    """`X-Forwarded-For` counts if it comes from a trusted proxy; another one is logged once."""
    async with front_door(app, None, trusted) as door:
        for _ in range(2):
            line = await door.line()
            await line.send(b"GET / HTTP/1.1\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\n\r\n")
            await line.answer()
            line.close()
    assert {scope["client"][0] for scope in app.scopes} == {client}
    assert len(lines) == (client == "127.0.0.1")


def test_refusals_are_logged_once_a_minute(lines: LogLines) -> None:
    """The first of a reason at once, then one line a minute with their number."""
    now = 0.0
    connections = Connections(TrustedProxies(), Limits(), now=lambda: now)
    for seconds, reason in ((0, "a"), (1, "a"), (2, "b"), (59, "a"), (60, "a"), (61, "a")):
        now = seconds
        connections.record_refusal(reason)
    assert [(line["reason"], line["count"]) for line in lines] == [("a", 1), ("b", 1), ("a", 3)]
