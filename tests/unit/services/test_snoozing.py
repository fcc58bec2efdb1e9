"""A pause that ends by itself: the person is available again, once, and is notified."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from slackbot.domain.errors import MessageDelayed, ServerFailed, SessionNotLive, TokenRefused
from slackbot.domain.model import Person, Session, SessionId
from slackbot.domain.notices import AvailabilityLost, LinkRefused, SnoozeOver
from slackbot.services import snoozing
from tests.harness.fakes import ANA, COFFEE, EXPO, NOON, TEA, link, session
from tests.harness.services import Harness

TEAM = ANA.team
TEN = timedelta(minutes=10)


async def snoozed(harness: Harness, *sessions: Session) -> None:
    await harness.available(*sessions)
    await harness.availabilities.pause(ANA, until=NOON + TEN)
    await harness.quiet()
    harness.journal.clear()


async def tick(harness: Harness) -> None:
    await harness.snoozing.tick(TEAM)
    await harness.quiet()


async def test_nothing_happens_before_the_time(harness: Harness) -> None:
    """The person is not available meanwhile, and the status says until when."""
    await snoozed(harness)
    harness.clock.advance(599)
    await tick(harness)
    status = await harness.availabilities.status(ANA)
    assert status.availability is None
    assert status.snooze is not None
    assert status.snooze.until == NOON + TEN
    assert harness.asked("status") == []


async def test_it_ends_once(harness: Harness) -> None:
    """Whichever processes look for it at the same moment, and however often."""
    await snoozed(harness)
    harness.clock.advance(600)
    await asyncio.gather(*(harness.snoozing.tick(TEAM) for _ in range(5)))
    await tick(harness)
    assert harness.asked("status") == [f"status {COFFEE} CHECK_IN_AVAILABLE"]
    assert harness.sent() == [SnoozeOver("Coffee", str(COFFEE), NOON.isoformat())]
    assert (await harness.availabilities.status(ANA)).snooze is None


async def test_after_a_jump_of_the_clock_it_ends_once(harness: Harness) -> None:
    """Forward by a day and back again, in a session that goes on."""
    await snoozed(harness, session(ends_at=NOON + timedelta(days=3)))
    harness.clock.advance(24 * 3600)
    await tick(harness)
    harness.clock.time = NOON
    await tick(harness)
    harness.clock.advance(3600)
    await tick(harness)
    assert [type(notice) for notice in harness.sent()].count(SnoozeOver) == 1


async def test_a_crash_after_it_ended_loses_no_notice(harness: Harness) -> None:
    """The row stays until the notice is submitted; nobody is made available twice."""
    await snoozed(harness)
    harness.clock.advance(600)
    remark = harness.delivery.remark

    async def crash(*_: object) -> None:
        raise asyncio.CancelledError

    harness.delivery.remark = crash  # type: ignore[method-assign] # as a kill would end it
    await asyncio.gather(harness.snoozing.tick(TEAM), return_exceptions=True)
    harness.delivery.remark = remark  # type: ignore[method-assign]
    assert harness.sent() == []
    harness.clock.advance(80)
    await tick(harness)
    assert harness.sent() == [SnoozeOver("Coffee", str(COFFEE), NOON.isoformat())]
    assert harness.asked("join") == [f"join {COFFEE}"]


async def test_a_process_that_dies_holds_up_only_what_it_has_begun(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses that wait for their turn there are ended elsewhere at once."""
    await snoozed(harness)
    harness.clock.advance(600)
    monkeypatch.setattr(snoozing, "TRIES_AT_ONCE", 0)
    dying = asyncio.create_task(replace(harness.snoozing).tick(TEAM))
    await harness.let_run()
    dying.cancel()
    await tick(harness)
    assert harness.sent() == [SnoozeOver("Coffee", str(COFFEE), NOON.isoformat())]


async def test_who_comes_back_or_pauses_for_good_is_left_alone(harness: Harness) -> None:
    """The later command decides."""
    for come_back in (True, False):
        await snoozed(harness)
        if come_back:
            await harness.availabilities.start(ANA, str(COFFEE))
        else:
            await harness.availabilities.pause(ANA)
        await harness.quiet()
        harness.journal.clear()
        harness.clock.advance(600)
        await tick(harness)
        assert harness.sent() == []
        assert harness.asked("status", "join") == []
        harness.clock.time = NOON


@pytest.mark.parametrize("session_id", [COFFEE, TEA])
async def test_who_is_just_coming_back_stays(harness: Harness, session_id: SessionId) -> None:
    """The pause falls due while their own command waits for the feed; nothing is said of it."""
    await snoozed(harness)
    harness.platform.programme = [session(), session(id=TEA, title="Tea")]
    harness.clock.advance(600)
    wait, ticks = harness.feed.wait_connected, list[asyncio.Task[None]]()

    async def wait_connected(person: Person, seconds: float) -> bool:
        if not ticks:
            ticks.append(asyncio.create_task(harness.snoozing.tick(TEAM)))
            await harness.let_run()
        return await wait(person, seconds)

    harness.feed.wait_connected = wait_connected  # type: ignore[method-assign] # as a slow one
    await harness.availabilities.start(ANA, str(session_id))
    await asyncio.gather(*ticks)
    await harness.quiet()
    current = await harness.store.availabilities.get(ANA)
    assert current is not None
    assert current.session_id == session_id
    assert harness.asked("status") == [f"status {session_id} CHECK_IN_AVAILABLE"]
    assert harness.sent() == []


async def test_what_is_not_so_any_more_is_not_said(harness: Harness) -> None:
    """Slack held the notice back, and the person has paused for good meanwhile."""
    await snoozed(harness)
    harness.messenger.errors.append(MessageDelayed("rate_limited", 60.0))
    harness.clock.advance(600)
    await harness.snoozing.tick(TEAM)
    await harness.let_run()
    assert await harness.store.availabilities.get(ANA) is not None
    await harness.availabilities.pause(ANA)
    await harness.pass_time(3600, step=60.0)
    assert harness.messenger.errors == []
    assert harness.sent() == []


async def test_later_the_session_is_over(harness: Harness) -> None:
    """A pause beyond its end is one for good; one that it ended early says so."""
    await harness.available(session(ends_at=NOON + timedelta(minutes=5)))
    status = await harness.availabilities.pause(ANA, until=NOON + TEN)
    assert status.snooze is not None
    assert await harness.store.snoozes.get(ANA) is None
    await snoozed(harness)
    harness.platform.errors["join"].append(SessionNotLive(status=407))
    harness.clock.advance(600)
    await tick(harness)
    assert harness.sent() == [AvailabilityLost("Coffee", "session_not_live")]
    assert await harness.store.snoozes.get(ANA) is None


async def test_a_platform_that_fails_is_asked_again(harness: Harness) -> None:
    """After a while, until it answers."""
    await snoozed(harness)
    harness.platform.errors["join"].append(ServerFailed(status=500))
    harness.clock.advance(600)
    await tick(harness)
    assert harness.sent() == []
    harness.clock.advance(300)
    await tick(harness)
    assert [type(notice) for notice in harness.sent()] == [SnoozeOver]


async def test_a_refused_login_waits_for_another_one(harness: Harness) -> None:
    """Somebody is asked once to connect again, and is available as soon as they do."""
    await snoozed(harness)
    harness.platform.errors["join"].append(TokenRefused(status=401))
    harness.clock.advance(600)
    await tick(harness)
    assert harness.sent() == [LinkRefused(EXPO, "Coffee")]
    for _ in range(3):
        harness.clock.advance(300)
        await tick(harness)
    assert len(harness.sent()) == 1
    await harness.store.links.save(replace(link(), credential_digest="e" * 64))
    await tick(harness)
    assert [type(notice) for notice in harness.sent()] == [LinkRefused, SnoozeOver]


async def test_another_event_ends_the_pause(harness: Harness) -> None:
    """Its sessions are others."""
    await snoozed(harness)
    await harness.store.links.save(link(event="summit"))
    assert await harness.store.snoozes.get(ANA) is None


async def test_a_pause_is_prolonged(harness: Harness) -> None:
    """The last time that was asked for counts, in the session of the first."""
    await snoozed(harness)
    await harness.availabilities.pause(ANA, until=NOON + 3 * TEN)
    harness.clock.advance(600)
    await tick(harness)
    assert harness.sent() == []
    harness.clock.advance(1200)
    await tick(harness)
    assert len(harness.sent()) == 1
    assert f"status {TEA} CHECK_IN_AVAILABLE" not in harness.journal


# --- openings ------------------------------------------------------------------------------------


async def test_people_are_available_when_a_session_opens(harness: Harness) -> None:
    """Once, with one message; until then they are paused from nothing."""
    await harness.linked(session(TEA, "Tea", starts_at=NOON + TEN, ends_at=NOON + 12 * TEN))
    assert await harness.availabilities.start_at_opening(ANA, str(TEA)) is not None
    await tick(harness)
    assert harness.asked("status") == []
    harness.clock.advance(600)
    await asyncio.gather(*(harness.snoozing.tick(TEAM) for _ in range(3)))
    await tick(harness)
    assert harness.asked("status") == [f"status {TEA} CHECK_IN_AVAILABLE"]
    assert harness.sent() == [SnoozeOver("Tea", str(TEA), NOON.isoformat(), str(True))]
