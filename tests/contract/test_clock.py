"""The contract of every clock: the fake and the system's."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from slackbot.bootstrap.adapters import SystemClock
from slackbot.domain.ports import Clock
from tests.harness.fakes import FakeClock


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    return request.param()


def advance(clock: Clock, seconds: float) -> None:
    """Advance the fake clock; the system's runs by itself."""
    if isinstance(clock, FakeClock):
        clock.advance(seconds)


async def test_the_time_is_aware_and_in_utc(clock: Clock):
    """The time has a zone, which is UTC; a naive time would be stored wrongly."""
    assert clock.now().utcoffset() == timedelta(0)


async def test_a_sleep_ends_after_its_seconds(clock: Clock):
    """A sleep ends once its seconds have passed, and not before."""
    before = clock.now()
    task = asyncio.create_task(clock.sleep(0.02))
    await asyncio.sleep(0)
    assert not task.done()
    advance(clock, 0.02)
    await task
    assert clock.now() - before >= timedelta(seconds=0.015)


async def test_a_sleep_of_zero_seconds_returns(clock: Clock):
    """A sleep of 0 seconds ends at once."""
    await clock.sleep(0)


async def test_a_sleep_can_be_cancelled(clock: Clock):
    """A cancelled sleep ends at once, and the clock runs on."""
    task = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    advance(clock, 60)
