"""The feed against a real Socket.IO server on this machine."""

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from feed_harness import ANA, MATCH, SOON, Ear, Hall, MakeLink, OpenFeed, counting, stays_silent
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from slackbot.accelevents.feeds import FeedOptions, SocketFeed
from slackbot.domain.model import AuthScheme, EventSlug, Person, TeamId, UserId
from slackbot.sandbox.serving import serving

# --- a good server -------------------------------------------------------------------------------


async def test_a_match_arrives(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """From opening to the sighting: connected, the event read, the right person told."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(url)
        assert feed.health(ANA) is None
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
        health = feed.health(ANA)
        assert health is not None
        assert health.connected
        await hall.emit("networkingMatch", MATCH)
        await ear.until("matched U1 demo")
        assert ear.words == ["connected U1", "matched U1 demo"]
        assert ear.seen[0].partner.name == "Priya Raman"
        assert ear.seen[0].call is not None


async def test_other_events_are_not_reported(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """Chat, broken payloads and Socket.IO's own names as events neither report nor end the feed."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(url)
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
        for args in ([], ["hello"], [{"message": "hi"}], [{"Meeting": {}, "userIdOfMatch": 1}]):
            await hall.emit("anything", *args)
        await hall.emit("", [[[[]]]])
        await hall.emit("message", MATCH, b"\x00\xff")
        await ear.until("matched U1 demo")
        assert ear.words == ["connected U1", "matched U1 demo"]


async def test_named_events_only(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """With names configured, a match under another name is not looked at."""
    hall = Hall(namespace="/live", path="ws/io")
    async with serving(hall.app) as url:
        feed = make_feed(url, namespace="/live", socket_path="/ws/io", events=("a", "b"))
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
        await hall.emit("c", MATCH)
        await hall.emit("b", MATCH)
        await hall.emit("a", MATCH)
        await ear.until("matched U1 demo", 2)
        assert len(ear.seen) == 2


@pytest.mark.parametrize(
    ("ways", "scheme", "auth", "header", "in_query"),
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
    make_feed: OpenFeed,
    a_link: MakeLink,
    ways: tuple[str, ...],
    scheme: AuthScheme,
    auth: object,
    header: str | None,
    in_query: bool,
):
    """The token is in every configured place and in no other; the transport is WebSocket."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(f"{url}?v=2", socket_auth=ways)
        feed.open(a_link(token=SecretStr("t+/1&v"), auth_scheme=scheme), 11645)
        assert await feed.wait_connected(ANA, SOON)
        said_auth, said_header, query = hall.came[0]
        assert (said_auth or None, said_header) == (auth, header)
        asked = parse_qs(query)
        assert asked.get("token") == (["t+/1&v"] if in_query else None)
        assert asked["v"] == ["2"]
        assert asked["transport"] == ["websocket"]
        assert len(hall.came) == 1


async def test_a_hello_is_sent(make_feed: OpenFeed, a_link: MakeLink):
    """The hello names event and session, comes after every connecting, and on a change."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(url, hello='join {"event": "{event}", "session": {session_id}}')
        feed.open(a_link(event=EventSlug('a"b')), 11645)
        await hall.until(lambda: len(hall.said) == 1)
        feed.open(a_link(event=EventSlug('a"b')), 11645)
        feed.open(a_link(event=EventSlug('a"b')), 11646)
        await hall.until(lambda: len(hall.said) == 2)
        await hall.server.disconnect(hall.inside[0])
        await hall.until(lambda: len(hall.said) == 3)
        assert hall.said == [
            ("join", {"event": 'a"b', "session": 11645}),
            ("join", {"event": 'a"b', "session": 11646}),
            ("join", {"event": 'a"b', "session": 11646}),
        ]
        assert len(hall.came) == 2


async def test_a_hello_without_data(make_feed: OpenFeed, a_link: MakeLink):
    """A bare name is sent without arguments."""
    hall = Hall()
    async with serving(hall.app) as url:
        make_feed(url, hello="ready").open(a_link(), 11645)
        await hall.until(lambda: hall.said == [("ready", None)])


async def test_opening_again_is_harmless(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """The same link and session twenty times are one connection."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(url)
        for _ in range(20):
            feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
        feed.open(a_link(), 11645)
        await hall.emit("m", MATCH)
        await ear.until("matched U1 demo")
        assert len(hall.came) == 1


@pytest.mark.parametrize(
    "change", [{"token": SecretStr("new")}, {"event": EventSlug("other")}], ids=str
)
async def test_another_link_replaces_the_feed(
    ear: Ear, make_feed: OpenFeed, a_link: MakeLink, change: dict[str, Any]
):
    """A new token or event connects anew with it, and the old connection is given up."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(url)
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
        link = replace(a_link(), **change)
        feed.open(link, 11645)
        assert await feed.wait_connected(ANA, SOON)
        await hall.until(lambda: len(hall.came) == 2 and len(hall.inside) == 1)
        assert hall.came[1][0] == {"token": link.token.get_secret_value()}
        await hall.emit("m", MATCH)
        await ear.until(f"matched U1 {link.event}")


async def test_people_do_not_mix(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """Each person's event is reported for that person, in their workspace."""
    hall = Hall()
    people = [Person(TeamId("T1"), UserId(f"U{n}")) for n in range(1, 21)]
    async with serving(hall.app) as url:
        feed = make_feed(url, handshakes=3)
        for person in people:
            feed.open(a_link(person=person, token=SecretStr(person.user)), 11645)
        for person in people:
            assert await feed.wait_connected(person, SOON)
        tokens = [auth["token"] for auth, _, _ in hall.came]  # type: ignore[index]
        await hall.server.emit("m", MATCH, to=hall.inside[tokens.index("U7")])
        await ear.until("matched U7 demo")
        assert sum(word.startswith("matched") for word in ear.words) == 1


async def test_cookies_are_not_shared(make_feed: OpenFeed, a_link: MakeLink):
    """A cookie set for one attendee's handshake is not sent with another's."""
    hall, cookies = Hall(), []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        cookies.append(dict(scope["headers"]).get(b"cookie"))

        async def with_cookie(message: Any) -> None:
            if message["type"] == "websocket.accept":
                message["headers"] = [(b"set-cookie", b"sid=ana; Path=/")]
            await send(message)

        await hall.app(scope, receive, with_cookie)

    async with serving(app) as url:
        feed = make_feed(url)
        for n in (1, 2):
            person = Person(TeamId("T1"), UserId(f"U{n}"))
            feed.open(a_link(person=person), 11645)
            assert await feed.wait_connected(person, SOON)
    assert cookies[:2] == [None, None]


# --- the listener, and the end -------------------------------------------------------------------


class Deaf(Ear):
    """Fails at everything, after noting it."""

    async def _note(self, word: str) -> None:
        await super()._note(word)
        raise RuntimeError(word)


async def test_a_listener_that_fails(clock: Any, a_link: MakeLink):
    """Faults of the listener do not reach the feed."""
    hall, mostly_disconnected = Hall(), Deaf()
    async with serving(hall.app) as url:
        options = FeedOptions(socket_url=url, backoff_seconds=0.01)
        feed = SocketFeed(options, clock)
        feed.listen(mostly_disconnected)
        feed.open(a_link(), 11645)
        await mostly_disconnected.until("connected U1")
        await hall.emit("m", MATCH)
        await mostly_disconnected.until("matched U1 demo")
        await hall.server.disconnect(hall.inside[0])
        await mostly_disconnected.until("connected U1", 2)
        await feed.aclose()


class Stuck(Ear):
    """Never comes back from being told."""

    async def connected(self, person: Person) -> None:
        await super().connected(person)
        await asyncio.Event().wait()


async def test_a_listener_that_never_returns(clock: Any, a_link: MakeLink):
    """The end of everything does not wait for a listener without end."""
    hall, stuck = Hall(), Stuck()
    async with serving(hall.app) as url:
        feed = SocketFeed(FeedOptions(socket_url=url), clock)
        feed.listen(stuck)
        feed.open(a_link(), 11645)
        await stuck.until("connected U1")
        async with asyncio.timeout(SOON):
            await feed.aclose()
        await hall.until(lambda: not hall.inside)


async def test_closing(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """Closing disconnects, wakes who waits, reports no loss, and may be repeated."""
    hall = Hall()
    async with serving(hall.app) as url:
        feed = make_feed(url)
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)
        await feed.close(ANA)
        await feed.close(ANA)
        await hall.until(lambda: not hall.inside)
        assert feed.health(ANA) is None
        assert not await feed.wait_connected(ANA, SOON)
        assert ear.words == ["connected U1"]
        feed.open(a_link(), 11645)
        assert await feed.wait_connected(ANA, SOON)


async def test_closing_in_the_middle_of_an_attempt(make_feed: OpenFeed, a_link: MakeLink):
    """Closing ends a hanging handshake and the waiting for it at once."""
    async with counting(stays_silent) as (url, open_lines):
        feed = make_feed(url, attempt_seconds=60)
        feed.open(a_link(), 11645)
        waiting = asyncio.create_task(feed.wait_connected(ANA, 60))
        await open_lines(1)
        await feed.close(ANA)
        async with asyncio.timeout(SOON):
            assert not await waiting
        await open_lines(0)


async def test_failed_attempts_leave_no_line_open(ear: Ear, make_feed: OpenFeed, a_link: MakeLink):
    """A peer that stays silent is hung up on after each attempt."""
    async with counting(stays_silent) as (url, open_lines):
        feed = make_feed(url, attempt_seconds=0.05)
        feed.open(a_link(), 11645)
        await ear.until("disconnected U1 timeout", 4)
        await feed.close(ANA)
        await open_lines(0)


async def test_the_end_of_everything(clock: Any, a_link: MakeLink):
    """At shutdown everybody is disconnected and no task is left behind."""
    hall, ear = Hall(), Ear()
    async with serving(hall.app) as url:
        before = asyncio.all_tasks()
        feed = SocketFeed(FeedOptions(socket_url=url), clock)
        feed.listen(ear)
        for n in range(10):
            person = Person(TeamId("T1"), UserId(f"U{n}"))
            feed.open(a_link(person=person), 11645)
        for n in range(10):
            assert await feed.wait_connected(Person(TeamId("T1"), UserId(f"U{n}")), SOON)
        feed.open(a_link(token=SecretStr("x")), 11645)
        await feed.aclose()
        await hall.until(lambda: not hall.inside)
        left = {task for task in asyncio.all_tasks() - before if "feed" in repr(task)}
        assert not left
