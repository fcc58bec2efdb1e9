"""Commands wait for a person's lock until their deadline, and never keep it."""

from __future__ import annotations

import asyncio

import pytest

from slackbot.aio.deadline import Deadline
from slackbot.domain.errors import TimedOut
from slackbot.services.person_locks import PersonLocks
from tests.harness.fakes import ANA, BEN, FakeClock


async def test_a_command_waits_until_its_deadline():
    """A lock that stays held times out like the platform, and belongs to its holder afterwards."""
    clock = FakeClock()
    locks = PersonLocks(clock)

    async def command() -> None:
        with Deadline(clock, 25.0):
            async with locks.hold(ANA):
                pytest.fail("held by two")

    async with locks.of(ANA):
        waiting = asyncio.create_task(command())
        async with locks.hold(BEN):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        clock.advance(25.0)
        with pytest.raises(TimedOut):
            await waiting
        assert locks.of(ANA).locked()
    assert not locks.of(ANA).locked()


async def test_a_command_without_time_does_nothing():
    """A command whose time ended while it waited does not begin, and frees the lock."""
    clock = FakeClock()
    locks = PersonLocks(clock)
    with Deadline(clock, 25.0) as deadline:
        deadline.end()
        with pytest.raises(TimedOut):
            async with locks.hold(ANA):
                pytest.fail("no time is left")
    assert not locks.of(ANA).locked()
