"""The feeds against a real Socket.IO server on this machine."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed
from slackbot.domain.model import AuthScheme, EventSlug, Person, TeamId, UserId
from slackbot.sandbox.serving import serving

from .feed_harness import (
    ANA,
    MATCH,
    TIMEOUT,
    FeedFactory,
    LinkFactory,
    Recorder,
    SocketServer,
    counting_connections,
    stays_silent,
)

# --- a working server ----------------------------------------------------------------------------


async def test_a_match_arrives(recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory):
    """An open feed connects, and reports a match for its person."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url)
        assert feed.health(ANA) is None
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        health = feed.health(ANA)
        assert health is not None
        assert health.connected
        await server.emit("networkingMatch", MATCH)
        await recorder.until("matched U1 demo")
        assert recorder.events == ["connected U1", "matched U1 demo"]
        assert recorder.reports[0].partner.name == "Priya Raman"
        assert recorder.reports[0].call is not None


async def test_other_events_are_not_reported(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """Chat, broken payloads and Socket.IO's own names as events neither report nor end the feed."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        for args in ([], ["hello"], [{"message": "hi"}], [{"Meeting": {}, "userIdOfMatch": 1}]):
            await server.emit("anything", *args)
        await server.emit("", [[[[]]]])
        await server.emit("message", MATCH, b"\x00\xff")
        await recorder.until("matched U1 demo")
        assert recorder.events == ["connected U1", "matched U1 demo"]


async def test_named_events_only(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """With configured event names, other events are ignored."""
    server = SocketServer(namespace="/live", path="ws/io")
    async with serving(server.app) as url:
        feed = make_feed(url, namespace="/live", socket_path="/ws/io", events=("a", "b"))
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        await server.emit("c", MATCH)
        await server.emit("b", MATCH)
        await server.emit("a", MATCH)
        await recorder.until("matched U1 demo", 2)
        assert len(recorder.reports) == 2


@pytest.mark.parametrize(
    ("places", "scheme", "auth", "header", "in_query"),
    [
        (("auth", "header"), AuthScheme.BARE, {"token": "t+/1&v"}, "t+/1&v", False),
        (("header",), AuthScheme.BEARER, None, "Bearer t+/1&v", False),
        (("query",), AuthScheme.BARE, None, None, True),
        (
            ("auth", "query", "header"),
            AuthScheme.BEARER,
            {"token": "t+/1&v"},
            "Bearer t+/1&v",
            True,
        ),
    ],
)
async def test_where_the_token_travels(
    make_feed: FeedFactory,
    make_link: LinkFactory,
    places: tuple[str, ...],
    scheme: AuthScheme,
    auth: object,
    header: str | None,
    in_query: bool,
):
    """The token is in every configured place and in no other; the transport is WebSocket."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(f"{url}?v=2", socket_auth=places)
        feed.open(make_link(token=SecretStr("t+/1&v"), auth_scheme=scheme), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        sent_auth, sent_header, query = server.handshakes[0]
        assert (sent_auth or None, sent_header) == (auth, header)
        query_fields = parse_qs(query)
        assert query_fields.get("token") == (["t+/1&v"] if in_query else None)
        assert query_fields["v"] == ["2"]
        assert query_fields["transport"] == ["websocket"]
        assert len(server.handshakes) == 1


async def test_a_hello_is_sent(make_feed: FeedFactory, make_link: LinkFactory):
    """The hello names event and session; it is sent after every connect and on a change."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url, hello='join {"event": "{event}", "session": {session_id}}')
        feed.open(make_link(event=EventSlug('a"b')), 11645)
        await server.until(lambda: len(server.received) == 1)
        feed.open(make_link(event=EventSlug('a"b')), 11645)
        feed.open(make_link(event=EventSlug('a"b')), 11646)
        await server.until(lambda: len(server.received) == 2)
        await server.server.disconnect(server.connected[0])
        await server.until(lambda: len(server.received) == 3)
        assert server.received == [
            ("join", {"event": 'a"b', "session": 11645}),
            ("join", {"event": 'a"b', "session": 11646}),
            ("join", {"event": 'a"b', "session": 11646}),
        ]
        assert len(server.handshakes) == 2


async def test_a_hello_without_data(make_feed: FeedFactory, make_link: LinkFactory):
    """A hello without data is sent without arguments."""
    server = SocketServer()
    async with serving(server.app) as url:
        make_feed(url, hello="ready").open(make_link(), 11645)
        await server.until(lambda: server.received == [("ready", None)])


async def test_opening_again_is_harmless(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """The same link and session twenty times are one connection."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url)
        for _ in range(20):
            feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        feed.open(make_link(), 11645)
        await server.emit("m", MATCH)
        await recorder.until("matched U1 demo")
        assert len(server.handshakes) == 1


@pytest.mark.parametrize(
    "change", [{"token": SecretStr("new")}, {"event": EventSlug("other")}], ids=str
)
async def test_another_link_replaces_the_feed(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory, change: dict[str, Any]
):
    """A new token or event opens a new connection and closes the old one."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        link = replace(make_link(), **change)
        feed.open(link, 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        await server.until(lambda: len(server.handshakes) == 2 and len(server.connected) == 1)
        assert server.handshakes[1][0] == {"token": link.token.get_secret_value()}
        await server.emit("m", MATCH)
        await recorder.until(f"matched U1 {link.event}")


async def test_people_do_not_mix(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A match is reported for the person whose connection received it, and for nobody else."""
    server = SocketServer()
    people = [Person(TeamId("T1"), UserId(f"U{n}")) for n in range(1, 21)]
    async with serving(server.app) as url:
        feed = make_feed(url, max_handshakes=3)
        for person in people:
            feed.open(make_link(person=person, token=SecretStr(person.user)), 11645)
        for person in people:
            assert await feed.wait_connected(person, TIMEOUT)
        tokens = [auth["token"] for auth, _, _ in server.handshakes]  # type: ignore[index]
        await server.server.emit("m", MATCH, to=server.connected[tokens.index("U7")])
        await recorder.until("matched U7 demo")
        assert sum(event.startswith("matched") for event in recorder.events) == 1


async def test_cookies_are_not_shared(make_feed: FeedFactory, make_link: LinkFactory):
    """A cookie set for one attendee's handshake is not sent with another's."""
    server, cookies = SocketServer(), []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        cookies.append(dict(scope["headers"]).get(b"cookie"))

        async def with_cookie(message: Any) -> None:
            if message["type"] == "websocket.accept":
                message["headers"] = [(b"set-cookie", b"sid=ana; Path=/")]
            await send(message)

        await server.app(scope, receive, with_cookie)

    async with serving(app) as url:
        feed = make_feed(url)
        for n in (1, 2):
            person = Person(TeamId("T1"), UserId(f"U{n}"))
            feed.open(make_link(person=person), 11645)
            assert await feed.wait_connected(person, TIMEOUT)
    assert cookies[:2] == [None, None]


# --- closing --------------------------------------------------------------------------------------


async def test_closing(recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory):
    """Closing disconnects, ends waits, reports no loss, and may be repeated."""
    server = SocketServer()
    async with serving(server.app) as url:
        feed = make_feed(url)
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)
        await feed.close(ANA)
        await feed.close(ANA)
        await server.until(lambda: not server.connected)
        assert feed.health(ANA) is None
        assert not await feed.wait_connected(ANA, TIMEOUT)
        assert recorder.events == ["connected U1"]
        feed.open(make_link(), 11645)
        assert await feed.wait_connected(ANA, TIMEOUT)


async def test_closing_during_a_handshake(make_feed: FeedFactory, make_link: LinkFactory):
    """Closing ends a hanging handshake and the wait for it at once."""
    async with counting_connections(stays_silent) as (url, wait_open):
        feed = make_feed(url, attempt_seconds=60)
        feed.open(make_link(), 11645)
        waiting = asyncio.create_task(feed.wait_connected(ANA, 60))
        await wait_open(1)
        await feed.close(ANA)
        async with asyncio.timeout(TIMEOUT):
            assert not await waiting
        await wait_open(0)


async def test_failed_handshakes_leave_no_connection_open(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """A failed attempt against a silent peer leaves no connection open."""
    async with counting_connections(stays_silent) as (url, wait_open):
        feed = make_feed(url, attempt_seconds=0.05)
        feed.open(make_link(), 11645)
        await recorder.until("disconnected U1 timeout", 4)
        await feed.close(ANA)
        await wait_open(0)


async def test_shutdown(clock: Any, make_link: LinkFactory):
    """A shutdown disconnects everybody and leaves no task behind."""
    server, recorder = SocketServer(), Recorder()
    async with serving(server.app) as url:
        before = asyncio.all_tasks()
        feed = SocketFeed(FeedOptions(socket_url=url), clock, recorder)
        for n in range(10):
            person = Person(TeamId("T1"), UserId(f"U{n}"))
            feed.open(make_link(person=person), 11645)
        for n in range(10):
            assert await feed.wait_connected(Person(TeamId("T1"), UserId(f"U{n}")), TIMEOUT)
        feed.open(make_link(token=SecretStr("x")), 11645)
        await feed.aclose()
        await server.until(lambda: not server.connected)
        left = {task for task in asyncio.all_tasks() - before if "feed" in repr(task)}
        assert not left


async def test_a_shutdown_does_not_wait_for_everybody(clock: Any, make_link: LinkFactory):
    """When there is no time for a word to each peer, all connections are closed all the same."""
    server, recorder = SocketServer(), Recorder()
    people = [Person(TeamId("T1"), UserId(f"U{n}")) for n in range(30)]
    async with serving(server.app) as url:
        before = asyncio.all_tasks()
        feed = SocketFeed(FeedOptions(socket_url=url), clock, recorder)
        for person in people:
            feed.open(make_link(person=person), 11645)
        for person in people:
            assert await feed.wait_connected(person, TIMEOUT)
        await feed.aclose(seconds=0)
        await server.until(lambda: not server.connected)
        assert not {task for task in asyncio.all_tasks() - before if "feed" in repr(task)}
        assert recorder.events == [f"connected {person.user}" for person in people]
