"""The session ends: with it every wish, told once, and nothing of the last moment is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from slackbot.domain.errors import SessionNotLive, TokenRefused, Unreachable
from slackbot.domain.model import SessionId
from slackbot.domain.notices import LinkRefused, MatchFound, SessionOver
from tests.fakes import ANA, NOON, row, session, sighting, wish
from tests.workbench import Bench

SOON = session(ends_at=NOON + timedelta(seconds=90))


async def test_the_end_of_the_session_is_told_once(bench: Bench):
    """The person is not available any more: left, looked once more, told, feed closed."""
    await bench.available(SOON)
    await bench.pass_time(300, step=10)
    assert bench.told() == [SessionOver("Coffee")]
    assert bench.asked("status", "close") == ["status 7 LEFT", "close"]
    assert await bench.store.availability(ANA) is None
    assert bench.clock.sleepers == {}


async def test_a_match_of_the_sessions_last_moment_is_told(bench: Bench):
    """What the last look finds is told before the end is."""
    await bench.available(SOON)
    bench.feed.down(ANA)
    bench.clock.advance(100)
    bench.platform.listed = [row()]
    await bench.pass_time(20, step=10)
    assert {type(notice) for notice in bench.told()} == {MatchFound, SessionOver}


async def test_the_end_during_a_meeting_needs_no_word(bench: Bench):
    """Somebody in a meeting is not waiting, so nothing is told, and the call is left alone."""
    await bench.available(SOON)
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.pass_time(300, step=10)
    assert [type(notice) for notice in bench.told()] == [MatchFound]
    assert bench.asked("status") == []
    assert await bench.store.availability(ANA) is None


async def test_the_platform_may_refuse_to_be_left(bench: Bench):
    """Over is over: a refusal or an outage at the end keeps nobody available."""
    await bench.available(SOON)
    bench.platform.errors["status"] = [SessionNotLive(status=406)]
    bench.platform.errors["matches"] = [Unreachable(), Unreachable()]
    await bench.pass_time(120, step=10)
    assert bench.told() == [SessionOver("Coffee")]


async def test_the_end_does_not_take_a_wish_that_came_meanwhile(bench: Bench):
    """Another process may have let the person go on to another session; that is watched over."""
    await bench.available(SOON)
    await bench.pass_time(90, step=10)
    gate = bench.platform.gates["status"] = asyncio.Event()
    while bench.asked("status") != ["status 7 LEFT"]:
        bench.clock.advance(10)
        await bench.let_run()
    later = wish(session_id=SessionId(8), session_title="Tea", session_ends_at=None)
    await bench.store.save_availability(later)
    gate.set()
    del bench.platform.gates["status"]
    await bench.pass_time(120, step=10)
    assert bench.told() == []
    assert await bench.store.availability(ANA) == later
    assert bench.asked("matches")[-1] == "matches 8"


async def test_a_session_without_an_end_goes_on(bench: Bench):
    """Where the platform does not say when it ends, the wish stands until somebody ends it."""
    await bench.available(session(ends_at=None))
    await bench.pass_time(24 * 3600, step=3600)
    assert await bench.store.availability(ANA) == wish(session_ends_at=None)


async def test_a_wish_that_nobody_can_speak_for_ends_with_its_session(bench: Bench):
    """Refused and never reconnected: the watch ends when the session does, without a word."""
    await bench.available(SOON)
    bench.platform.errors["matches"] = [TokenRefused(status=401)]
    await bench.pass_time(120, step=10)
    assert bench.told() == [LinkRefused()]
    assert await bench.store.availability(ANA) is None
    assert bench.clock.sleepers == {}
