"""Promises of retention: what is too old goes, and what is used stays."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from slackbot.services.accounts import USE_RECORDED
from slackbot.services.retention import PERIOD, TICK_SECONDS, Retention
from tests.harness.fakes import ANA, BEN, EXPO, NOON, enter, link, match
from tests.harness.services import Harness

KEPT = timedelta(days=90)


def retention_of(harness: Harness) -> Retention:
    return Retention(
        rows=harness.store.retention,
        delivery=harness.delivery,
        clock=harness.clock,
        kept=KEPT,
        overwrite=harness.store.personal_data.overwrite_deleted,
    )


async def test_everything_goes_in_its_time(harness: Harness):
    """A match after the days that are kept, and the person once their login is unused as long."""
    retention, clock = retention_of(harness), harness.clock
    await harness.linked()
    await harness.store.matches.add(match())
    clock.advance(KEPT.total_seconds())
    await retention.tick(ANA.team)
    assert len(await harness.store.matches.list_for(ANA, EXPO)) == 1
    assert await harness.accounts.link(ANA)
    await harness.quiet()
    clock.advance(PERIOD.total_seconds())
    await retention.tick(ANA.team)
    assert await harness.store.matches.list_for(ANA, EXPO) == []
    assert await harness.store.links.get(ANA, fresh=True) is not None  # used an hour ago
    clock.advance((KEPT + USE_RECORDED).total_seconds() + 1)
    await retention.tick(ANA.team)
    assert await harness.store.links.get(ANA, fresh=True) is not None  # the clock may be wrong
    clock.advance(PERIOD.total_seconds())
    await retention.tick(ANA.team)
    assert await harness.store.links.get(ANA, fresh=True) is None
    assert await harness.store.people.known_epochs(ANA.team, [link().person_epoch]) == set()


async def test_a_use_is_recorded_once_a_day(harness: Harness):
    """A command records it, and more of them on the same day write nothing."""
    await harness.linked()
    used = []
    for seconds in (0, USE_RECORDED.total_seconds(), 1, USE_RECORDED.total_seconds()):
        harness.clock.advance(seconds)
        await harness.accounts.link(ANA)
        await harness.quiet()
        found = await harness.store.links.get(ANA, fresh=True)
        assert found is not None
        used.append(found.used_at)
    first, second = NOON + USE_RECORDED, NOON + 2 * USE_RECORDED + timedelta(seconds=1)
    assert used == [None, first, first, second]


async def test_a_login_stays_that_was_used_in_time(harness: Harness):
    """A second use on the same day is not recorded, but keeps it as long."""
    retention = replace(retention_of(harness), kept=2 * USE_RECORDED)
    await harness.linked()
    harness.clock.advance(USE_RECORDED.total_seconds() - 60)
    await harness.accounts.link(ANA)
    await harness.quiet()
    harness.clock.advance(USE_RECORDED.total_seconds() + 120)
    await retention.tick(ANA.team)
    assert await harness.store.links.get(ANA, fresh=True) is not None


async def test_notices_of_people_who_go_are_forgotten(harness: Harness):
    """The delivery engine keeps nothing of somebody who is deleted."""
    await enter(harness.store, BEN)
    harness.delivery.rows[f"{link(BEN).person_epoch}-a-notice"] = None
    harness.clock.advance(KEPT.total_seconds() + 1)
    await retention_of(harness).tick(BEN.team)
    assert harness.delivery.rows == {}


async def test_what_left_with_its_workspace_is_overwritten(harness: Harness):
    """After the app was removed there is no row to claim, and each attempt overwrites."""
    overwritten = []

    async def overwrite() -> None:
        overwritten.append(harness.clock.now())

    retention = replace(retention_of(harness), overwrite=overwrite)
    await harness.linked()
    await harness.accounts.forget_workspace(ANA.team)
    await retention.tick(ANA.team)
    assert overwritten == [harness.clock.now()]


async def test_it_goes_on_by_itself(harness: Harness):
    """A run each few minutes tries, and one an hour deletes."""
    await harness.linked()
    await harness.store.matches.add(match())
    harness.clock.advance(KEPT.total_seconds() + 1)
    await harness.accounts.link(ANA)
    await harness.quiet()
    running = asyncio.create_task(retention_of(harness).run(ANA.team))
    await harness.quiet()
    assert await harness.store.matches.list_for(ANA, EXPO) == []
    await harness.store.matches.add(match())
    for _ in range(int(PERIOD.total_seconds() / TICK_SECONDS)):
        assert len(await harness.store.matches.list_for(ANA, EXPO)) == 1
        harness.clock.advance(TICK_SECONDS)
        await harness.quiet()
    assert await harness.store.matches.list_for(ANA, EXPO) == []
    running.cancel()
