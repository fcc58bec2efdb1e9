"""Which handshakes are tried, in which order, and what is remembered."""

import asyncio
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs

import aiohttp
import pytest
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from slackbot.accelevents.connection import new_session
from slackbot.accelevents.dialer import Dialer
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.handshake import ConnectError, Failure, Handshake, handshakes
from slackbot.domain.model import AuthScheme, EventSlug
from slackbot.sandbox.serving import serving

from .feed_harness import open_engineio, wait_disconnected

DEMO = EventSlug("demo")
UNREADABLE = '44{"token":"t"},"Invalid namespace"'
CONNECTED = '40{"sid":"s"}'


class Peer:
    """A server that records its handshakes, and whose answer to CONNECT is a function of them."""

    def __init__(self, answer: Callable[[str, str, str], str | int | None]) -> None:
        self._answer = answer
        self.seen: list[tuple[str, ...]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode())
        header = dict(scope["headers"]).get(b"authorization", b"").decode()
        version, token = query["EIO"][0], query.get("token", [""])[0]
        answer = self._answer(version, header, token)
        places = [name for name, value in (("header", header), ("query", token)) if value]
        if isinstance(answer, int):
            self.seen.append((version, *places))
            await receive()
            start = {"type": "websocket.http.response.start", "status": answer, "headers": []}
            await send(start)
            await send({"type": "websocket.http.response.body", "body": b"no"})
            return
        await open_engineio(receive, send)
        connect = "" if version == "3" else (await receive()).get("text", "")
        places += ["auth"] if "{" in connect else []
        self.seen.append((version, *places))
        if answer == UNREADABLE and "auth" not in places:
            answer = CONNECTED
        if answer is not None:
            await send({"type": "websocket.send", "text": answer})
        await wait_disconnected(receive)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session(FeedOptions().proxies) as session:
        yield session


async def dial(
    http: aiohttp.ClientSession, peer: Peer, times: int = 1, seconds: float = 5, **options: object
) -> list[Handshake | Failure]:
    """Open and close connections one after the other, and return what became of each."""
    found: list[Handshake | Failure] = []
    async with serving(peer) as url:
        settings = FeedOptions(socket_url=url, **options)  # type: ignore[arg-type]
        dialer = Dialer(http, settings)

        def credentials(way: Handshake):
            return settings.credentials(SecretStr("t"), AuthScheme.BARE, way.places)

        for _ in range(times):
            try:
                opened = await dialer.open(DEMO, credentials, lambda _name, _args: None, seconds)
            except ConnectError as error:
                found.append(error.failure)
            else:
                await opened[0].close()
                found.append(opened[1])
    return found


def test_the_order():
    """The configured handshake comes first; the others have no payload and add no query."""
    assert handshakes(("auth", "header")) == [
        Handshake(("auth", "header")),
        Handshake(("header",)),
        Handshake(("header",), 3),
    ]
    assert handshakes(("auth",))[1:] == [Handshake(("header",)), Handshake(("header",), 3)]
    assert handshakes(("query",)) == [Handshake(("query",)), Handshake(("query",), 3)]


async def test_a_refused_token_is_not_sent_in_other_ways(http: aiohttp.ClientSession):
    """A refusal ends the attempt: there is one handshake, and no token in an address."""
    peer = Peer(lambda *_: 401)
    assert await dial(http, peer) == [Failure.UPGRADE_REFUSED]
    assert peer.seen == [("4", "header")]
    peer = Peer(lambda *_: '44{"message":"no"}')
    assert await dial(http, peer) == [Failure.REFUSED]
    assert peer.seen == [("4", "header", "auth")]


async def test_an_unreadable_answer_leaves_the_payload_out(http: aiohttp.ClientSession):
    """The token then travels by header, from the first handshake on the next time."""
    peer = Peer(lambda *_: UNREADABLE)
    assert await dial(http, peer, 2) == [Handshake(("header",))] * 2
    assert peer.seen == [("4", "header", "auth"), ("4", "header"), ("4", "header")]


async def test_the_query_comes_last(http: aiohttp.ClientSession):
    """Where a packet was unreadable and the header is refused, the token travels by query."""

    def answer(version: str, header: str, token: str) -> str:
        if token:
            return CONNECTED
        return '44"Unauthorized"' if peer.seen else UNREADABLE

    peer = Peer(answer)
    query = Handshake(("query",))
    assert await dial(http, peer, 2, namespace="/") == [query, query]
    assert peer.seen[0] == ("4", "header", "auth")
    assert peer.seen[-2:] == [("4", "query")] * 2


async def test_engine_io_3_alone(http: aiohttp.ClientSession):
    """A server that answers version 4 with 400 is asked in version 3, and the next time at once."""
    peer = Peer(lambda version, *_: "40" if version == "3" else 400)
    assert await dial(http, peer, 2) == [Handshake(("header",), 3)] * 2
    assert peer.seen[-2:] == [("3", "header")] * 2
    assert len(peer.seen) == 4


async def test_silence_costs_an_attempt(http: aiohttp.ClientSession):
    """To a server that never answers CONNECT, each attempt begins with another handshake."""
    peer = Peer(lambda version, *_: "40" if version == "3" else None)
    found = await dial(http, peer, 4, seconds=0.5)
    assert found[:2] == [Failure.UNANSWERED] * 2
    assert found[2:] == [Handshake(("header",), 3)] * 2
    assert peer.seen == [("4", "header", "auth"), ("4", "header"), ("3", "header"), ("3", "header")]


async def test_the_failure_that_came_furthest_is_told(http: aiohttp.ClientSession):
    """Of several failures in one attempt, the last stage says most."""
    peer = Peer(lambda version, *_: 404 if version == "3" or len(peer.seen) else UNREADABLE)
    assert await dial(http, peer) == [Failure.UNREADABLE]
    assert len(peer.seen) == 4


async def test_other_events_have_their_own_memory(http: aiohttp.ClientSession):
    """What works for one event is not assumed of another, whose server may differ."""
    peer = Peer(lambda *_: UNREADABLE)
    async with serving(peer) as url:
        settings = FeedOptions(socket_url=url)
        dialer = Dialer(http, settings)
        for event in (DEMO, EventSlug("other")):
            connection, _ = await dialer.open(
                event,
                lambda way: settings.credentials(SecretStr("t"), AuthScheme.BARE, way.places),
                lambda _name, _args: None,
                5,
            )
            await connection.close()
    assert [places[-1] for places in peer.seen] == ["auth", "header"] * 2


async def test_a_time_out_closes_the_connection(http: aiohttp.ClientSession):
    """After a time-out nothing of the attempt is left."""
    before = asyncio.all_tasks()
    assert await dial(http, Peer(lambda *_: None), seconds=0.2) == [Failure.UNANSWERED]
    assert not {task for task in asyncio.all_tasks() - before if "feed" in task.get_name()}
