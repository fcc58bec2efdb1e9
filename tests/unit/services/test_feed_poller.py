"""The session ends: with it every wish, told once, and nothing of the last moment is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from slackbot.domain.errors import SessionNotLive, TokenRefused, Unreachable
from slackbot.domain.model import SessionId
from slackbot.domain.notices import LinkRefused, MatchFound, SessionOver
from tests.harness.fakes import ANA, NOON, availability, report, row, session
from tests.harness.services import Harness

SOON = session(ends_at=NOON + timedelta(seconds=90))


async def test_the_end_of_the_session_is_told_once(harness: Harness):
    """The person is not available any more: left, looked once more, told, feed closed."""
    await harness.available(SOON)
    await harness.pass_time(300, step=10)
    assert harness.sent() == [SessionOver("Coffee")]
    assert harness.asked("status", "close") == ["status 7 LEFT", "close"]
    assert await harness.store.availabilities.get(ANA) is None
    assert harness.clock.sleepers == {}


async def test_a_match_of_the_sessions_last_moment_is_told(harness: Harness):
    """What the last look finds is told before the end is."""
    await harness.available(SOON)
    harness.feed.down(ANA)
    harness.clock.advance(100)
    harness.platform.listed = [row()]
    await harness.pass_time(20, step=10)
    assert {type(notice) for notice in harness.sent()} == {MatchFound, SessionOver}


async def test_the_end_during_a_meeting_needs_no_word(harness: Harness):
    """Somebody in a meeting is not waiting, so nothing is told, and the call is left alone."""
    await harness.available(SOON)
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(300, step=10)
    assert [type(notice) for notice in harness.sent()] == [MatchFound]
    assert harness.asked("status") == []
    assert await harness.store.availabilities.get(ANA) is None


async def test_the_platform_may_refuse_to_be_left(harness: Harness):
    """Over is over: a refusal or an outage at the end keeps nobody available."""
    await harness.available(SOON)
    harness.platform.errors["status"] = [SessionNotLive(status=406)]
    harness.platform.errors["matches"] = [Unreachable(), Unreachable()]
    await harness.pass_time(120, step=10)
    assert harness.sent() == [SessionOver("Coffee")]


async def test_the_end_does_not_take_a_wish_that_came_meanwhile(harness: Harness):
    """Another process may have let the person go on to another session; that is watched over."""
    await harness.available(SOON)
    await harness.pass_time(90, step=10)
    gate = harness.platform.gates["status"] = asyncio.Event()
    while harness.asked("status") != ["status 7 LEFT"]:
        harness.clock.advance(10)
        await harness.let_run()
    later = availability(session_id=SessionId(8), session_title="Tea", session_ends_at=None)
    await harness.store.availabilities.save(later)
    gate.set()
    del harness.platform.gates["status"]
    await harness.pass_time(120, step=10)
    assert harness.sent() == []
    assert await harness.store.availabilities.get(ANA) == later
    assert harness.asked("matches")[-1] == "matches 8"


async def test_a_session_without_an_end_goes_on(harness: Harness):
    """Where the platform does not say when it ends, the wish stands until somebody ends it."""
    await harness.available(session(ends_at=None))
    await harness.pass_time(24 * 3600, step=3600)
    assert await harness.store.availabilities.get(ANA) == availability(session_ends_at=None)


async def test_a_wish_that_nobody_can_speak_for_ends_with_its_session(harness: Harness):
    """Refused and never reconnected: the watch ends when the session does, without a word."""
    await harness.available(SOON)
    harness.platform.errors["matches"] = [TokenRefused(status=401)]
    await harness.pass_time(120, step=10)
    assert harness.sent() == [LinkRefused()]
    assert await harness.store.availabilities.get(ANA) is None
    assert harness.clock.sleepers == {}
