"""What every clock promises: the fake of the tests and the system's own."""

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


def let_pass(clock: Clock, seconds: float) -> None:
    """Time passes by itself, except for the fake."""
    if isinstance(clock, FakeClock):
        clock.advance(seconds)


async def test_the_time_is_utc_and_says_so(clock: Clock):
    """A time without a zone would be stored wrongly, so there is none."""
    assert clock.now().utcoffset() == timedelta(0)


async def test_a_sleeper_wakes_when_the_time_has_come(clock: Clock):
    """Not before it, and at a time that is at least so much later."""
    before = clock.now()
    sleeper = asyncio.create_task(clock.sleep(0.02))
    await asyncio.sleep(0)
    assert not sleeper.done()
    let_pass(clock, 0.02)
    await sleeper
    assert clock.now() - before >= timedelta(seconds=0.015)


async def test_no_time_is_no_wait(clock: Clock):
    """Sleeping for no seconds returns."""
    await clock.sleep(0)


async def test_a_sleeper_may_be_cancelled(clock: Clock):
    """A sleep that is given up ends at once, and time goes on."""
    sleeper = asyncio.create_task(clock.sleep(60))
    await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
    let_pass(clock, 60)
