"""Lost connections and rude peers: the feed says so, and comes back."""

import asyncio
import json
from typing import Any

import pytest
from feed_harness import (
    ANA,
    MATCH,
    OPEN,
    SOON,
    Ear,
    Hall,
    MakeLink,
    OpenFeed,
    answers,
    gone,
    never_accepts,
    never_welcomes,
    opened,
    opens_and_closes,
    says,
    stays_silent,
    upgrades_and_closes,
)
from prometheus_client import REGISTRY
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.serving import serving


def failures(word: str) -> float:
    return REGISTRY.get_sample_value("slackbot_feed_failures_total", {"reason": word}) or 0.0


# --- losing it -----------------------------------------------------------------------------------


async def test_a_lost_connection_comes_back(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """A disconnect by the server is reported and counted, and the feed is back by itself."""
    hall, before = Hall(), failures("closed")
    async with serving(hall.app) as url:
        feed = make_feed(url)
        feed.open(a_link(), 11645)
        for time in range(1, 4):
            await ear.until("connected U1", time)
            await hall.server.disconnect(hall.inside[-1])
            await ear.until("disconnected U1 closed", time)
        await ear.until("connected U1", 4)
        await hall.emit("m", MATCH)
        await ear.until("matched U1 demo")
        assert failures("closed") >= before + 3


async def test_a_server_restart(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """While the server is away that is known; when it is back, so is the feed."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(url)
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
    await ear.until("disconnected U1 unreachable", 2)
    health = feed.health(ANA)
    assert health is not None
    assert not health.connected
    assert health.failure == "unreachable"
    assert not await feed.wait_connected(ANA, 0.01)
    again = Hall()
    async with serving(again.app, port=int(url.rsplit(":", 1)[1])):
        assert await feed.wait_connected(ANA, SOON)
        await again.emit("m", MATCH)
        await ear.until("matched U1 demo")


async def test_a_silent_death(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """A line on which nothing is heard any more, not even pings, is given up and made anew."""
    hall, frozen = Hall(ping=0.1), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def unless_frozen(message: Any) -> None:
            if not (frozen.is_set() and message["type"] == "websocket.send"):
                await send(message)

        await hall.app(scope, receive, unless_frozen)

    async with serving(app) as url:
        feed = make_feed(url)
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
        frozen.set()
        await ear.until("disconnected U1 closed")
        frozen.clear()
        await ear.until("connected U1", 2)


async def test_a_goodbye_right_after_the_welcome(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """A disconnect in the same breath as the welcome is not overheard."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await opened(receive, send)
        await receive()
        await send({"type": "websocket.send", "text": '40{"sid":"x"}'})
        await send({"type": "websocket.send", "text": "41"})
        await gone(receive)

    async with serving(app) as url:
        make_feed(url).open(a_link(), 11645)
        await ear.until("disconnected U1 closed", 2)


# --- rude peers ----------------------------------------------------------------------------------

RUDE = {
    "upgrades and closes": (upgrades_and_closes, "closed"),
    "stays silent": (stays_silent, "timeout"),
    "never accepts": (never_accepts, "timeout"),
    "never welcomes": (never_welcomes, "timeout"),
    "opens and closes": (opens_and_closes, "closed"),
    "opens with junk": (says("hello"), "closed"),
    "opens with half": (says("0{}"), "closed"),
    "opens with null": (says("0null"), "closed"),
    "refuses in Socket.IO": (says("0" + OPEN, '44{"message":"no"}'), "refused"),
    "refuses without a reason": (says("0" + OPEN, "44"), "refused"),
    "502": (answers(502), "unreachable"),
    "503": (answers(503), "unreachable"),
    "401": (answers(401), "refused"),
    "404": (answers(404), "refused"),
}


@pytest.mark.parametrize("name", RUDE)
async def test_rude_peers(ear: Ear, make_feed: OpenFeed, a_link: MakeLink, name: str):
    """Each kind of failed handshake gets its word, is tried again, and heals."""
    app, word = RUDE[name]
    hall = Hall()
    healed = False

    async def peer(scope: Scope, receive: Receive, send: Send) -> None:
        await (hall.app if healed else app)(scope, receive, send)

    async with serving(peer) as url:
        feed = make_feed(url, attempt_seconds=0.3)
        feed.open(a_link(), 11645)
        await ear.until(f"disconnected U1 {word}", 3)
        assert not await feed.wait_connected(ANA, 0)
        healed = True
        assert await feed.wait_connected(ANA, SOON)
        await hall.emit("m", MATCH)
        await ear.until("matched U1 demo")


async def test_redirects_are_not_followed(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """A handshake that is sent elsewhere does not take the token there."""
    hall = Hall()
    async with serving(hall.app) as elsewhere:
        target = f"{elsewhere}/socket.io/?transport=websocket&EIO=4"
        async with serving(answers(307, location=target)) as url:
            make_feed(url).open(a_link(), 11645)
            await ear.until("disconnected U1 unreachable", 2)
        assert hall.came == []


async def test_nobody_listens(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """A port without a server is unreachable, again and again."""
    make_feed("http://127.0.0.1:1").open(a_link(), 11645)
    await ear.until("disconnected U1 unreachable", 3)


async def test_a_token_that_no_header_can_carry(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """Such a token is refused without being sent, and harms nothing."""
    hall = Hall()
    async with serving(hall.app) as url:
        make_feed(url).open(a_link(token=SecretStr("a\nb")), 11645)
        await ear.until("disconnected U1 refused", 2)
        assert hall.came == []


async def test_junk_on_an_open_line(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """Packets that no Socket.IO server sends do not end the hearing of good ones."""
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

    async with serving(says("0" + OPEN, '40{"sid":"x"}', *junk, f"42{good}")) as url:
        make_feed(url).open(a_link(), 11645)
        await ear.until("matched U1 demo")


async def test_an_event_that_is_too_large(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """A message beyond the bound ends the connection, not the feed."""
    large = json.dumps(["m", "x" * 2**21])
    async with serving(says("0" + OPEN, '40{"sid":"x"}', f"42{large}")) as url:
        make_feed(url).open(a_link(), 11645)
        await ear.until("disconnected U1 closed", 2)
