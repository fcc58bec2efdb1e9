"""Deadlines apply to the work of a command, and to nothing that outlives it."""

from __future__ import annotations

import asyncio
import math

import pytest

from slackbot.aio.deadline import (
    Deadline,
    is_deadline_reached,
    request_seconds,
    seconds_left,
    timeout,
)
from slackbot.aio.tasks import BackgroundTasks
from tests.harness.fakes import FakeClock


async def test_the_time_runs_out():
    """A deadline counts down with the clock, and ends at 0."""
    clock = FakeClock()
    assert math.isinf(seconds_left())
    with Deadline(clock, 25.0) as deadline:
        clock.advance(10.0)
        assert seconds_left() == deadline.left() == 15.0
        assert not is_deadline_reached()
        clock.advance(20.0)
        assert seconds_left() == 0.0
        assert is_deadline_reached()
    assert math.isinf(seconds_left())


async def test_awaited_tasks_share_it_and_background_work_does_not():
    """Requests sent together have the same deadline; work that outlives the command has none."""
    background = BackgroundTasks()

    async def ask() -> float:
        return seconds_left()

    with Deadline(FakeClock(), 25.0):
        assert await asyncio.gather(ask(), ask()) == [25.0, 25.0]
        assert math.isinf(await background.start(ask(), "later"))
        with Deadline(FakeClock(), 60.0):
            assert await ask() == 60.0
        assert await ask() == 25.0


@pytest.mark.parametrize(
    ("left", "once", "seconds"),
    [
        (math.inf, True, 8.0),
        (60.0, False, 30.0),
        (60.0, True, 60.0),
        (12.0, False, 8.0),
        (5.0, False, 5.0),
        (0.0, True, 0.0),
    ],
)
def test_a_slow_peer_gets_what_there_is(left: float, once: bool, seconds: float):
    """A request may take longer than usual while there is time, and never longer than that."""
    if math.isinf(left):
        assert request_seconds(8.0, once=once) == seconds
        return
    with Deadline(FakeClock(), left):
        assert request_seconds(8.0, once=once) == seconds


async def test_a_timeout_by_the_clock():
    """The block is cancelled at the time of the clock; without a limit it is not."""
    clock, never = FakeClock(), asyncio.Event()

    async def wait(seconds: float) -> None:
        async with timeout(clock, seconds):
            await never.wait()

    limited, unlimited = asyncio.create_task(wait(5.0)), asyncio.create_task(wait(math.inf))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    clock.advance(4.0)
    await asyncio.sleep(0)
    assert not limited.done()
    clock.advance(1.0)
    with pytest.raises(TimeoutError):
        await limited
    assert not unlimited.done()
    unlimited.cancel()


async def test_a_timeout_that_is_not_needed_leaves_nothing():
    """The timer of a block that ended in time is gone."""
    clock = FakeClock()
    async with timeout(clock, 5.0):
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert clock.sleepers == {}
