"""Delivery within the process: each stored match is told once, however long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from slackbot.domain.errors import MessageDelayed, MessageRefused, MessageUnsure
from tests.fakes import ANA, match, until
from tests.workbench import Bench, Outside, open_store


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """A bot with one match that is stored and not told."""
    async with open_store() as store:
        bench = Bench(Outside.around(store))
        await store.add_match(match())
        yield bench
        await bench.aclose()


async def test_a_match_is_told(bench: Bench):
    """Submitted once, told once."""
    await bench.delivery.submit(ANA, match().id)
    await bench.quiet()
    assert len(bench.told()) == 1


async def test_submitted_twenty_times_it_is_told_once(bench: Bench):
    """At once, while it is under way and after it was told: one message."""
    bench.messenger.errors = [MessageDelayed("ratelimited", 1.0)]
    await asyncio.gather(*(bench.delivery.submit(ANA, match().id) for _ in range(20)))
    await bench.quiet()
    await bench.delivery.submit(ANA, match().id)
    await bench.pass_time(1)
    await bench.delivery.submit(ANA, match().id)
    await bench.quiet()
    assert len(bench.told()) == 1
    assert len(bench.asked("tell")) == 2


async def test_it_is_tried_until_it_is_told(bench: Bench):
    """An outage of Slack is waited out, less and less often."""
    bench.messenger.errors = [MessageUnsure("no_answer")] * 10
    await bench.delivery.submit(ANA, match().id)
    await bench.pass_time(600, step=10)
    assert len(bench.told()) == 1


async def test_a_refusal_ends_it(bench: Bench):
    """What Slack will never take is not tried again."""
    bench.messenger.errors = [MessageRefused("user_disabled")]
    for _ in range(2):
        await bench.delivery.submit(ANA, match().id)
        await bench.quiet()
    assert len(bench.asked("tell")) == 1


async def test_what_is_left_at_shutdown_stays_unsettled(bench: Bench):
    """Stopped while waiting to try again: the row says so, and a later submission is taken."""
    bench.messenger.errors = [MessageDelayed("ratelimited", 60.0)]
    await bench.delivery.submit(ANA, match().id)
    await bench.quiet()
    await bench.background.drain(0)
    assert await bench.store.unsettled(ANA.team) == [(ANA, match().id)]
    await bench.delivery.submit(ANA, match().id)
    await bench.quiet()
    assert len(bench.told()) == 1


async def test_a_defect_does_not_block_the_match(bench: Bench):
    """An error that nobody foresaw is logged, and the match is tried again by itself."""
    bench.messenger.errors = [ZeroDivisionError()]
    with capture_logs() as logged:
        await bench.delivery.submit(ANA, match().id)
        await until(lambda: logged)
    assert [entry["event"] for entry in logged] == ["delivery_failed"]
    await bench.pass_time(60)
    assert len(bench.told()) == 1
