"""Becoming available: in which order, how often, and what a refusal leaves behind."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from slackbot.domain.errors import (
    MeetingNotCreated,
    NotLinked,
    SessionFull,
    SessionNotLive,
    TimedOut,
    TokenRefused,
    Unreachable,
)
from slackbot.domain.model import Source, State
from slackbot.domain.notices import MatchFound
from tests.fakes import ANA, EXPO, NOON, TEA, link, row, session, sighting, until, wish
from tests.workbench import Bench

AVAILABLE = "status 7 CHECK_IN_AVAILABLE"


async def test_the_feed_is_open_before_the_status_is_set(bench: Bench):
    """Somebody may be waiting already: join, listen, look at the list, and only then say so."""
    await bench.linked()
    standing = await bench.availabilities.start(ANA, "coffee")
    assert bench.journal == ["sessions live", "join 7", "open 7", "matches 7", AVAILABLE]
    assert standing.availability == wish()
    assert standing.confirmed
    assert standing.listening
    assert await bench.availabilities.standing(ANA) == standing


async def test_the_status_waits_for_the_feed_to_connect(bench: Bench):
    """While the feed connects nothing is said; once it is up, at once."""
    await bench.linked()
    bench.feed.reachable = False
    starting = asyncio.create_task(bench.availabilities.start(ANA, ""))
    await bench.pass_time(4)
    assert bench.asked("status") == []
    bench.feed.up(ANA)
    await bench.pass_time(1)
    assert bench.asked("status") == [AVAILABLE]
    assert (await starting).listening


async def test_a_feed_that_stays_down_does_not_stop_anybody(bench: Bench):
    """After ten seconds the person is available all the same, and knows that nobody listens."""
    await bench.linked()
    bench.feed.reachable = False
    starting = asyncio.create_task(bench.availabilities.start(ANA, ""))
    await bench.pass_time(10)
    standing = await starting
    assert bench.asked("status") == [AVAILABLE]
    assert not standing.listening
    assert standing.confirmed


async def test_a_feed_that_connects_too_late_says_it_again(bench: Bench):
    """Connected while the status is under way, an event may be lost: look, and say it again."""
    await bench.linked()
    bench.feed.reachable = False
    bench.platform.gates["status"] = asyncio.Event()
    starting = asyncio.create_task(bench.availabilities.start(ANA, ""))
    await bench.pass_time(9)
    bench.clock.advance(1)
    await until(lambda: bench.asked("status"))
    bench.journal.clear()
    bench.feed.up(ANA)
    bench.platform.gates["status"].set()
    await starting
    await bench.quiet()
    assert bench.journal == ["matches 7", AVAILABLE, "matches 7"]


async def test_somebody_who_waited_already_is_told_of(bench: Bench):
    """The match that the status makes reaches the person, with the answer or right after it."""
    await bench.linked()
    bench.platform.gates["status"] = asyncio.Event()
    starting = asyncio.create_task(bench.availabilities.start(ANA, ""))
    await until(lambda: bench.asked("status"))
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await until(bench.told)
    bench.platform.gates["status"].set()
    standing = await starting
    await bench.quiet()
    assert standing.availability is not None
    assert standing.availability.state is State.IN_MEETING
    assert len(bench.told()) == 1


async def test_what_the_list_showed_before_is_never_told(bench: Bench):
    """Matches from before the wish are known, not missed: neither now nor later a word of them."""
    bench.platform.listed = [row(minute=1), row(minute=2)]
    await bench.available()
    await bench.pass_time(120, step=10)
    assert bench.told() == []
    known = await bench.store.matches(ANA, EXPO)
    assert [m.source for m in known] == [Source.BEFORE, Source.BEFORE]
    bench.platform.listed.append(row(minute=3))
    await bench.pass_time(70, step=1)
    assert len(bench.told()) == 1


async def test_a_list_that_cannot_be_read_stops_nobody(bench: Bench):
    """Without the list the person becomes available all the same."""
    await bench.linked()
    bench.platform.errors["matches"] = [Unreachable()]
    assert (await bench.availabilities.start(ANA, "")).confirmed


# --- pressing again ------------------------------------------------------------------------------


async def test_pressing_again_while_available_changes_nothing(bench: Bench):
    """A second press finds the same standing, without another join or status."""
    await bench.available()
    first = await bench.availabilities.standing(ANA)
    assert await bench.availabilities.start(ANA, "") == first
    assert bench.journal == ["sessions live"]


async def test_two_presses_at_once_are_one(bench: Bench):
    """Impatience does no harm: one status call, two equal answers."""
    await bench.linked()
    one, two = await asyncio.gather(*(bench.availabilities.start(ANA, "") for _ in range(2)))
    assert one == two
    assert bench.asked("status") == [AVAILABLE]


async def test_an_unconfirmed_status_is_asked_again(bench: Bench):
    """Without an answer it may have worked: the feed listens, and a press asks once more."""
    await bench.linked()
    bench.platform.errors["status"] = [TimedOut()]
    standing = await bench.availabilities.start(ANA, "")
    assert not standing.confirmed
    assert standing.listening
    await bench.quiet()
    assert (await bench.availabilities.start(ANA, "")).confirmed
    assert (await bench.availabilities.start(ANA, "")).confirmed
    assert bench.asked("status") == [AVAILABLE, AVAILABLE]


async def test_pressing_again_while_the_feed_is_down_starts_anew(bench: Bench):
    """Somebody who presses because nothing happens is joined, listened for and set again."""
    await bench.available()
    bench.feed.down(ANA)
    pressing = asyncio.create_task(bench.availabilities.start(ANA, ""))
    await bench.pass_time(10)
    await pressing
    assert bench.asked("join", "status") == ["join 7", AVAILABLE]


async def test_available_again_after_a_meeting(bench: Bench):
    """After a match the person can be available again; what was missed meanwhile is told."""
    await bench.available()
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.quiet()
    bench.platform.listed = [row(minute=1), row(minute=8)]
    starting = asyncio.create_task(bench.availabilities.start(ANA, ""))
    await bench.pass_time(3)
    standing = await starting
    assert standing.availability is not None
    assert standing.availability.state is State.AVAILABLE
    late = [
        notice for notice in bench.told() if isinstance(notice, MatchFound) if notice.match.late
    ]
    assert len(late) == 1


# --- another session -----------------------------------------------------------------------------


async def test_another_session_takes_the_place_of_the_first(bench: Bench):
    """One wish at a time: leave the first, tell its last match, then wait in the second."""
    await bench.available(session(), session(TEA, "Tea"))
    bench.platform.listed = [row()]
    starting = asyncio.create_task(bench.availabilities.start(ANA, "tea"))
    standing = await starting
    assert bench.asked("join", "status", "open", "close") == [
        "join 8",
        "status 7 LEFT",
        "close",
        "open 8",
        "status 8 CHECK_IN_AVAILABLE",
    ]
    assert standing.availability == wish(
        session_id=TEA, session_title="Tea", since=bench.clock.now()
    )
    assert [n.match.session_title for n in bench.told() if isinstance(n, MatchFound)] == ["Coffee"]


async def test_a_refused_session_does_not_cost_the_first(bench: Bench):
    """When the other session is full the person waits on in the first."""
    await bench.available(session(), session(TEA, "Tea"))
    bench.platform.errors["join"] = [SessionFull(status=406)]
    with pytest.raises(SessionFull):
        await bench.availabilities.start(ANA, "tea")
    await bench.quiet()
    assert bench.asked("status", "close") == []
    assert (await bench.availabilities.standing(ANA)).availability == wish()


# --- refusals ------------------------------------------------------------------------------------


async def test_a_refused_join_opens_nothing(bench: Bench):
    """A refusal is answered at once, by the session's name, and nobody listens for nothing."""
    await bench.linked()
    bench.platform.errors["join"] = [SessionFull(status=406)]
    with pytest.raises(SessionFull) as refused:
        await bench.availabilities.start(ANA, "")
    assert refused.value.session == session()
    assert bench.asked("open", "status") == []
    assert (await bench.availabilities.standing(ANA)).availability is None


@pytest.mark.parametrize("error", [SessionNotLive(status=406), MeetingNotCreated(status=406)])
async def test_a_refused_status_ends_the_wish(bench: Bench, error: SessionNotLive):
    """The platform said no, so the person is not available, and the feed is closed."""
    await bench.linked()
    bench.platform.errors["status"] = [error]
    with pytest.raises(type(error)) as refused:
        await bench.availabilities.start(ANA, "")
    assert refused.value.session == session()
    standing = await bench.availabilities.standing(ANA)
    assert (standing.availability, standing.feed, standing.listening) == (None, None, False)
    await bench.pass_time(60, step=10)
    assert bench.told() == []


@pytest.mark.parametrize("call", ["sessions", "join", "matches", "status"])
async def test_a_token_refused_on_the_way_is_the_answer(bench: Bench, call: str):
    """Wherever the token is refused, it is noted, nothing listens, and the answer says so."""
    await bench.linked()
    bench.platform.errors[call] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await bench.availabilities.start(ANA, "")
    assert bench.feed.health(ANA) is None
    assert await bench.store.availability(ANA) is None
    assert await bench.store.link(ANA) == link(refused_at=NOON)
    await bench.quiet()
    assert bench.told() == []


async def test_nobody_is_available_without_an_account(bench: Bench):
    """Without a link there is no standing and nothing to start."""
    for asking in (bench.availabilities.standing(ANA), bench.availabilities.start(ANA, "")):
        with pytest.raises(NotLinked):
            await asking
    assert bench.journal == []


async def test_a_wish_knows_when_its_session_ends(bench: Bench):
    """The end of the session, where known, is the end of the wish."""
    await bench.available(session(ends_at=NOON + timedelta(minutes=5)))
    kept = await bench.store.availability(ANA)
    assert kept == wish(session_ends_at=NOON + timedelta(minutes=5))
