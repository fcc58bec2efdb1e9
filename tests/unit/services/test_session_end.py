"""The platform decides whether a session is over: our reading of its end may be hours off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.domain.errors import EventNotFound, ServerFailed, Unreachable
from slackbot.domain.feed_polling import MAX_OVERTIME
from slackbot.domain.notices import MatchFound, SessionOver
from slackbot.services.feed_monitor import TICK_SECONDS
from tests.harness.fakes import ANA, BEN, NOON, availability, link, report, session
from tests.harness.services import Harness

HOUR = 3600.0
MISREAD = NOON - timedelta(hours=7)


async def misread(harness: Harness) -> None:
    """Make a person available whose session's end was read seven hours too early."""
    await harness.available(session(ends_at=None))
    await harness.store.availabilities.save(availability(session_ends_at=MISREAD))


async def test_a_live_session_goes_on_after_its_end_by_our_clock(harness: Harness):
    """Nobody hears that it is over, and matches keep coming."""
    await misread(harness)
    await harness.pass_time(HOUR, step=10)
    assert harness.sent() == []
    assert harness.asked("status") == []
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    assert [type(notice) for notice in harness.sent()] == [MatchFound]


async def test_it_ends_when_the_platform_no_longer_lists_it(harness: Harness):
    """Within a poll of the end, with one message."""
    await misread(harness)
    await harness.pass_time(HOUR, step=10)
    harness.platform.programme = []
    await harness.pass_time(120, step=10)
    assert harness.sent() == [SessionOver("Coffee")]
    assert await harness.store.availabilities.get(ANA) is None


async def test_everybody_asks_together(harness: Harness):
    """What the platform answered to one counts for all in the session, for half a minute."""
    await misread(harness)
    await harness.store.links.save(link(BEN))
    await harness.store.availabilities.save(availability(BEN, session_ends_at=MISREAD))
    harness.monitor.start(BEN)
    await harness.pass_time(HOUR, step=10)
    assert len(harness.asked("sessions")) <= 61
    assert len(harness.asked("matches")) >= 118


async def test_a_platform_that_cannot_be_asked_ends_nothing_soon(harness: Harness):
    """The person stays available, up to the furthest that a zone can be wrong."""
    await misread(harness)
    harness.platform.errors["sessions"] = [Unreachable(), ServerFailed(status=500)] * 500
    left = MAX_OVERTIME - timedelta(hours=7)
    await harness.pass_time(left.total_seconds() - 120, step=30)
    assert harness.sent() == []
    assert await harness.store.availabilities.get(ANA) is not None
    await harness.pass_time(300, step=30)
    assert harness.sent() == [SessionOver("Coffee")]


async def test_an_event_that_is_gone_has_no_live_sessions(harness: Harness):
    """The platform does not know the event any more: that is an answer."""
    await misread(harness)
    harness.platform.errors["sessions"] = [EventNotFound(status=404)]
    await harness.pass_time(70, step=10)
    assert harness.sent() == [SessionOver("Coffee")]


@pytest.mark.parametrize("ends_at", [MISREAD, NOON + timedelta(hours=1)])
async def test_only_an_end_that_is_to_come_is_shown(harness: Harness, ends_at: object):
    """A session that goes on is not said to be open until some hours ago."""
    await harness.available()
    await harness.store.availabilities.save(availability(session_ends_at=ends_at))
    status = await harness.availabilities.status(ANA)
    assert status.availability is not None
    shown = ends_at if ends_at != MISREAD else None
    assert status.availability.session_ends_at == shown


async def test_nobody_stays_available_after_the_end(harness: Harness) -> None:
    """The end is looked at within seconds, not with the next poll of a connected feed."""
    await harness.available(session(ends_at=NOON + timedelta(seconds=130)))
    await harness.pass_time(130 + TICK_SECONDS)
    assert await harness.store.availabilities.get(ANA) is None
