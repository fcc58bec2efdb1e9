"""The end of a session: one message, and no match of the last moment is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from slackbot.domain.errors import SessionNotLive, TokenRefused, Unreachable
from slackbot.domain.feed_polling import MAX_OVERTIME
from slackbot.domain.model import SessionId
from slackbot.domain.notices import LinkRefused, MatchFound, SessionOver
from tests.harness.fakes import ANA, EXPO, NOON, availability, report, row, session
from tests.harness.services import Harness

SOON = session(ends_at=NOON + timedelta(seconds=90))


async def test_the_end_of_the_session_is_reported_once(harness: Harness):
    """Leave the session, read the list once more, send one message, close the feed."""
    await harness.available(SOON)
    await harness.pass_time(300, step=10)
    assert harness.sent() == [SessionOver("Coffee")]
    assert harness.asked("status", "close") == ["status 7 LEFT", "close"]
    assert await harness.store.availabilities.get(ANA) is None
    assert harness.clock.sleepers == {}


async def test_a_match_of_the_last_moment_is_sent(harness: Harness):
    """A match found by the last read is sent before the end is reported."""
    await harness.available(SOON)
    harness.feed.down(ANA)
    harness.clock.advance(100)
    harness.platform.listed = [row()]
    await harness.pass_time(20, step=10)
    assert {type(notice) for notice in harness.sent()} == {MatchFound, SessionOver}


async def test_the_end_during_a_meeting_sends_nothing(harness: Harness):
    """Somebody in a meeting is not waiting: no message, and the call goes on."""
    await harness.available(SOON)
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(300, step=10)
    assert [type(notice) for notice in harness.sent()] == [MatchFound]
    assert harness.asked("status") == []
    assert await harness.store.availabilities.get(ANA) is None


async def test_the_platform_may_refuse_to_be_left(harness: Harness):
    """A refusal or an outage at the end keeps nobody available."""
    await harness.available(SOON)
    harness.platform.errors["status"] = [SessionNotLive(status=406)]
    harness.platform.errors["matches"] = [Unreachable(), Unreachable()]
    await harness.pass_time(120, step=10)
    assert harness.sent() == [SessionOver("Coffee")]


async def test_the_end_does_not_end_a_later_availability(harness: Harness):
    """Another process may have moved the person to another session, which is polled then."""
    await harness.available(SOON)
    await harness.pass_time(80, step=10)
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
    """If the platform gives no end, the availability stays until somebody ends it."""
    await harness.available(session(ends_at=None))
    await harness.pass_time(24 * 3600, step=3600)
    assert await harness.store.availabilities.get(ANA) == availability(session_ends_at=None)


async def test_an_availability_with_a_refused_token_ends_with_its_session(harness: Harness):
    """Never reconnected: polling ends when the session surely has, without another message."""
    await harness.available(SOON)
    harness.platform.errors["matches"] = [TokenRefused(status=401)]
    await harness.pass_time(MAX_OVERTIME.total_seconds() + 200, step=100)
    assert harness.sent() == [LinkRefused(EXPO, "Coffee")]
    assert await harness.store.availabilities.get(ANA) is None
    assert harness.clock.sleepers == {}
