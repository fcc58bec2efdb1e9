"""The ends of sessions are corrected when organisers change them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.domain.errors import PlatformError, ServerFailed, TokenRefused
from slackbot.domain.model import Session
from slackbot.domain.notices import SessionOver
from slackbot.services.session_ends import MISSING_LOOKS, TICK_SECONDS, SessionEnds
from tests.harness.fakes import ANA, BEN, NOON, session
from tests.harness.services import Harness

LATER = NOON + timedelta(hours=2)


@pytest.fixture
async def ends(harness: Harness) -> SessionEnds:
    """Ana, who is available in a session for another hour."""
    await harness.available()
    return SessionEnds(harness.store, harness.platform, harness.clock)


async def look(harness: Harness, ends: SessionEnds, *sessions: Session) -> None:
    """Look once at these sessions, after the time between two looks."""
    harness.platform.programme = list(sessions)
    harness.clock.advance(TICK_SECONDS)
    await ends.tick(ANA.team)


async def end_of(harness: Harness) -> object:
    kept = await harness.store.availabilities.get(ANA)
    return kept.session_ends_at if kept is not None else None


async def test_a_session_that_is_extended_goes_on(harness: Harness, ends: SessionEnds):
    """And one whose end is not listed keeps the end that is known."""
    await look(harness, ends, session(ends_at=LATER))
    assert await end_of(harness) == LATER
    await look(harness, ends, session(ends_at=None))
    assert await end_of(harness) == LATER


async def test_who_is_in_a_session_that_is_broken_off_is_told(harness: Harness, ends: SessionEnds):
    """Within two minutes, instead of waiting for partners until its planned end."""
    for _ in range(MISSING_LOOKS):
        await look(harness, ends)
    await harness.pass_time(90)
    assert harness.sent() == [SessionOver("Coffee")]
    assert await harness.store.availabilities.get(ANA) is None


async def test_one_list_that_lacks_a_session_ends_nothing(harness: Harness, ends: SessionEnds):
    """Nor do several that are not in a row."""
    planned = await end_of(harness)
    for _ in range(3):
        await look(harness, ends)
        await look(harness, ends, session())
    assert await end_of(harness) == planned


async def test_a_session_that_others_do_not_see_goes_on(harness: Harness, ends: SessionEnds):
    """Each person's own list decides, as only those who are invited see some sessions."""
    for _ in range(MISSING_LOOKS):
        await look(harness, ends)
    harness.platform.programme = [session()]
    await harness.pass_time(120)
    assert harness.sent() == []
    assert await harness.store.availabilities.get(ANA) is not None


@pytest.mark.parametrize("error", [ServerFailed(status=500), TokenRefused(status=401)])
async def test_a_list_that_cannot_be_read_changes_nothing(
    harness: Harness, ends: SessionEnds, error: PlatformError
):
    """Neither does it count as a look; with a login that works, another person's is used."""
    planned = await end_of(harness)
    await look(harness, ends)
    harness.platform.errors["sessions"] = [error]
    await look(harness, ends)
    assert await end_of(harness) == planned
    await harness.available(person=BEN)
    await look(harness, ends)
    assert await end_of(harness) == harness.clock.now()
