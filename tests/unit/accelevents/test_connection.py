"""Lost connections and broken peers: the feed reports them and reconnects."""

import asyncio
import json
from typing import Any

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.serving import serving

from .feed_harness import (
    ANA,
    MATCH,
    OPEN,
    TIMEOUT,
    FeedFactory,
    LinkFactory,
    Recorder,
    SocketServer,
    never_accepts,
    never_connects,
    open_engineio,
    opens_and_closes,
    responding,
    sending,
    stays_silent,
    upgrades_and_closes,
    wait_disconnected,
)


def failures(reason: str) -> float:
    return REGISTRY.get_sample_value("slackbot_feed_failures_total", {"reason": reason}) or 0.0


# --- lost connections ----------------------------------------------------------------------------


async def test_a_lost_connection_comes_back(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A disconnect by the server is reported and counted, and the feed reconnects."""
    server, before = SocketServer(), failures("closed")
    async with serving(server.app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        for time in range(1, 4):
            await recorder.until("connected U1", time)
            await server.server.disconnect(server.connected[-1])
            await recorder.until("disconnected U1 closed", time)
        await recorder.until("connected U1", 4)
        await server.emit("m", MATCH)
        await recorder.until("matched U1 demo")
        assert failures("closed") >= before + 3


async def test_a_server_restart(recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory):
    """The feed is unhealthy while the server is down, and reconnects when it is back."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
    await recorder.until("disconnected U1 unreachable", 2)
    health = feed.health(ANA)
    assert health is not None
    assert not health.connected
    assert health.failure == "unreachable"
    assert not await feed.wait_connected(ANA, 0.01)
    restarted = SocketServer()
    async with serving(restarted.app, port=int(url.rsplit(":", 1)[1])):
        assert await feed.wait_connected(ANA, TIMEOUT)
        await restarted.emit("m", MATCH)
        await recorder.until("matched U1 demo")


async def test_a_silent_connection(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A connection without any traffic, even pings, is given up and replaced."""
    server, frozen = SocketServer(ping=0.1), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def unless_frozen(message: Any) -> None:
            if not (frozen.is_set() and message["type"] == "websocket.send"):
                await send(message)

        await server.app(scope, receive, unless_frozen)

    async with serving(app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        frozen.set()
        await recorder.until("disconnected U1 closed")
        frozen.clear()
        await recorder.until("connected U1", 2)


async def test_a_peer_that_neither_sends_nor_closes(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A connection that stays silent for longer than its pings allow is given up."""
    opened = '0{"sid":"s","upgrades":[],"pingInterval":100,"pingTimeout":100}'
    async with serving(sending(opened, '40{"sid":"x"}')) as url:
        make_feed(url).open(make_link(), 11645)
        await recorder.until("disconnected U1 closed", 2)


async def test_a_disconnect_right_after_the_connect(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A disconnect right after the connect is not missed."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await open_engineio(receive, send)
        await receive()
        await send({"type": "websocket.send", "text": '40{"sid":"x"}'})
        await send({"type": "websocket.send", "text": "41"})
        await wait_disconnected(receive)

    async with serving(app) as url:
        make_feed(url).open(make_link(), 11645)
        await recorder.until("disconnected U1 closed", 2)


# --- broken peers --------------------------------------------------------------------------------

BROKEN_PEERS = {
    "upgrades and closes": (upgrades_and_closes, "closed"),
    "stays silent": (stays_silent, "timeout"),
    "never accepts": (never_accepts, "timeout"),
    "never connects": (never_connects, "timeout"),
    "opens and closes": (opens_and_closes, "closed"),
    "opens with junk": (sending("hello"), "unreadable"),
    "opens with half": (sending("0{}"), "unreadable"),
    "opens with null": (sending("0null"), "unreadable"),
    "refuses in Socket.IO": (sending("0" + OPEN, '44{"message":"no"}'), "refused"),
    "refuses without a reason": (sending("0" + OPEN, "44"), "refused"),
    "502": (responding(502), "unreachable"),
    "503": (responding(503), "unreachable"),
    "401": (responding(401), "refused"),
    "404": (responding(404), "refused"),
}


@pytest.mark.parametrize("name", BROKEN_PEERS)
async def test_broken_peers(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory, name: str
):
    """Each kind of failed handshake has its reason, is retried, and heals."""
    app, reason = BROKEN_PEERS[name]
    server = SocketServer()
    fixed = False

    async def peer(scope: Scope, receive: Receive, send: Send) -> None:
        await (server.app if fixed else app)(scope, receive, send)

    async with serving(peer) as url:
        feed = make_feed(url, attempt_seconds=0.3)
        feed.open(make_link(), 11645)
        await recorder.until(f"disconnected U1 {reason}", 3)
        assert not await feed.wait_connected(ANA, 0)
        fixed = True
        assert await feed.wait_connected(ANA, TIMEOUT)
        await server.emit("m", MATCH)
        await recorder.until("matched U1 demo")


async def test_redirects_are_not_followed(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A redirected handshake does not carry the token to the new address."""
    server = SocketServer()
    async with serving(server.app) as elsewhere:
        target = f"{elsewhere}/socket.io/?transport=websocket&EIO=4"
        async with serving(responding(307, location=target)) as url:
            make_feed(url).open(make_link(), 11645)
            await recorder.until("disconnected U1 unreachable", 2)
        assert server.handshakes == []


async def test_a_port_without_a_server(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A port without a server is unreachable, at every attempt."""
    make_feed("http://127.0.0.1:1").open(make_link(), 11645)
    await recorder.until("disconnected U1 unreachable", 3)


async def test_a_token_that_no_header_can_carry(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """Such a token is refused without being sent, and the feed goes on."""
    server = SocketServer()
    async with serving(server.app) as url:
        make_feed(url).open(make_link(token=SecretStr("a\nb")), 11645)
        await recorder.until("disconnected U1 refused", 2)
        assert server.handshakes == []


async def test_malformed_packets(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """Malformed packets do not keep the feed from reading good ones."""
    good = json.dumps(["m", MATCH])
    junk = [
        "4",
        "49",
        "42",
        "42{",
        "42[]",
        "42[{}]",
        '42["disconnecting"]',
        "451-",
        "42" + "[" * 9999,
    ]

    async with serving(sending("0" + OPEN, '40{"sid":"x"}', *junk, f"42{good}")) as url:
        make_feed(url).open(make_link(), 11645)
        await recorder.until("matched U1 demo")


async def test_an_oversized_event(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """An oversized message ends the connection, but not the feed."""
    large = json.dumps(["m", "x" * 2**21])
    async with serving(sending("0" + OPEN, '40{"sid":"x"}', f"42{large}")) as url:
        make_feed(url).open(make_link(), 11645)
        await recorder.until("disconnected U1 closed", 2)


async def test_an_event_with_too_many_parts_is_skipped_while_connecting(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """Like one that arrives later: it says nothing about the server's version."""
    large, good = json.dumps(["m", [0] * 100_000]), json.dumps(["m", MATCH])
    app = sending("0" + OPEN, f"42{large}", '40{"sid":"x"}', f"42{large}", f"42{good}")
    async with serving(app) as url:
        make_feed(url).open(make_link(), 11645)
        await recorder.until("matched U1 demo")
        assert not [each for each in recorder.events if "disconnected" in each]


async def test_an_event_that_asks_for_an_answer_gets_one(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """An event with an id is acknowledged; a server may otherwise send it again."""
    received: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await open_engineio(receive, send)
        await send({"type": "websocket.send", "text": '40{"sid":"x"}'})
        await send({"type": "websocket.send", "text": f"427{json.dumps(['m', MATCH])}"})
        while (message := await receive())["type"] != "websocket.disconnect":
            received.append(message["text"])

    async with serving(app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        await recorder.until("matched U1 demo")
        await feed.close(ANA)
    assert "437[]" in received


async def test_events_of_another_namespace_are_not_reported(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A match on a namespace that the settings do not name is somebody else's."""
    match = json.dumps(["m", MATCH])
    frames = ("0" + OPEN, '40{"sid":"x"}', f"42/other,{match}", f"42{match}", "41")
    async with serving(sending(*frames)) as url:
        make_feed(url).open(make_link(), 11645)
        await recorder.until("disconnected U1 closed")
    assert recorder.events[:3] == ["connected U1", "matched U1 demo", "disconnected U1 closed"]


async def test_an_old_server_is_asked_for_its_namespace_without_a_payload(
    make_feed: FeedFactory, make_link: LinkFactory
):
    """Node's Socket.IO 2 ignores a CONNECT with a payload: it is repeated without one."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await open_engineio(receive, send)
        await send({"type": "websocket.send", "text": "40"})
        while (message := await receive())["type"] != "websocket.disconnect":
            if message["text"] == "40/live,":
                await send({"type": "websocket.send", "text": "40/live"})

    async with serving(app) as url:
        feed = make_feed(url, namespace="/live")
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, 1.5)
