"""What `/readyz` says of notices and feeds: red when a minute has passed, green again after."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.model import FeedHealth, MatchId, Source, TeamId
from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Posted, StoreUnavailable
from slackbot.services.health import CHECK_SECONDS, HealthMonitor, mostly_disconnected
from slackbot.storage.store import SqlStore
from tests.harness.fakes import ANA, NOON, match, until
from tests.harness.services import Harness, Outside

TEAM = ANA.team
MINUTE = 60.0
UP, DOWN = FeedHealth(True, NOON), FeedHealth(False, NOON, "refused")


class Stage:
    """A condition, and what it is told."""

    def __init__(self, outside: Outside) -> None:
        self.store, self.clock = outside.store, outside.clock
        self.feeds: list[FeedHealth] = []
        self.condition = HealthMonitor(store=self.store, clock=self.clock, feeds=lambda: self.feeds)

    async def after(self, seconds: float) -> dict[str, bool]:
        """What it says when so much time has passed and it has looked."""
        self.clock.advance(seconds)
        await self.condition.check(TEAM)
        return self.condition.parts()


@pytest.fixture
async def stage(outside: Outside) -> Stage:
    return Stage(outside)


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(f"slackbot_{name}") or 0.0


def gauges() -> tuple[float, float]:
    return counted("notices_waiting"), counted("notices_oldest_seconds")


# --- notices -------------------------------------------------------------------------------------


async def test_a_match_that_waits_too_long_is_seen(stage: Stage):
    """After a minute `notices` is red, and green as soon as what waited is told."""
    await stage.store.matches.add(match())
    assert (await stage.after(MINUTE))["notices"]
    assert gauges() == (1, MINUTE)
    assert not (await stage.after(1))["notices"]
    await stage.store.matches.record_outcome(ANA, match().id, "told", Posted("D", "1"), NOON)
    assert (await stage.after(1))["notices"]
    assert gauges() == (0, 0)


async def test_the_oldest_counts(stage: Stage):
    """New matches do not hide an old one; many young ones are no reason to be red."""
    young = [
        replace(match(ordinal=n, received_at=NOON + timedelta(seconds=MINUTE)), id=MatchId(f"m{n}"))
        for n in range(1, 9)
    ]
    for it in young:
        await stage.store.matches.add(it)
    assert (await stage.after(MINUTE + 1))["notices"]
    await stage.store.matches.add(match(ordinal=9))
    assert not (await stage.after(0))["notices"]
    assert gauges() == (9, MINUTE + 1)


async def test_matches_of_another_workspace_do_not_count(stage: Stage):
    """Each process speaks of the workspace it serves."""
    await stage.store.matches.add(match(person=replace(ANA, team=TeamId("T2"))))
    assert (await stage.after(2 * MINUTE))["notices"]


# --- feeds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("feeds", "expected"),
    [
        ([], False),
        ([DOWN], False),
        ([UP, DOWN], False),
        ([UP, UP, DOWN, DOWN], False),
        ([DOWN, DOWN], True),
        ([UP, UP, DOWN, DOWN, DOWN], True),
    ],
)
def test_most_feeds_must_be_down_and_more_than_one(feeds: list[FeedHealth], expected: bool):
    """One person's broken token, wherever it stands, makes nobody deaf but them."""
    assert mostly_disconnected(feeds) is expected


async def test_feeds_that_stay_deaf_are_seen(stage: Stage):
    """Red after a minute without a break in which most were up; green when they are back."""
    stage.feeds = [DOWN, DOWN, UP]
    assert (await stage.after(0))["feeds"]
    assert (await stage.after(MINUTE))["feeds"]
    assert not (await stage.after(1))["feeds"]
    stage.feeds = [UP, DOWN, UP]
    assert (await stage.after(1))["feeds"]


async def test_a_restart_of_the_feed_server_is_not_seen(stage: Stage):
    """All feeds gone for less than a minute, however often, is nothing to be woken for."""
    for _ in range(3):
        stage.feeds = [DOWN, DOWN, DOWN]
        assert (await stage.after(MINUTE / 2))["feeds"]
        stage.feeds = [UP, UP, UP]
        assert (await stage.after(MINUTE / 2))["feeds"]


# --- looking -------------------------------------------------------------------------------------


class Unsteady:
    """The store, after some failures."""

    def __init__(self, store: SqlStore, *errors: Exception) -> None:
        self.store, self.errors, self.matches = store, list(errors), self

    async def backlog(self, team: TeamId) -> Backlog:
        if self.errors:
            raise self.errors.pop()
        return await self.store.matches.backlog(team)


async def test_it_looks_again_whatever_happened(stage: Stage):
    """Neither a store that is away nor a defect of ours ends it."""
    store = Unsteady(stage.store, StoreUnavailable("away"), ValueError("a defect"))
    condition = HealthMonitor(store=store, clock=stage.clock, feeds=list)
    await stage.store.matches.add(match())
    looking = asyncio.create_task(condition.run(TEAM))
    for left in (1, 0, 0):
        await until(lambda: stage.clock.sleepers)
        assert len(store.errors) == left
        stage.clock.advance(CHECK_SECONDS)
    await until(lambda: stage.clock.sleepers)
    assert condition.parts()["notices"]
    stage.clock.advance(MINUTE)
    assert not condition.parts()["notices"]
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


# --- what is counted on the way ------------------------------------------------------------------


@pytest.mark.parametrize(("source", "is_late"), [(Source.SOCKET, 0), (Source.LIST, 1)])
async def test_the_way_of_a_match_is_measured(harness: Harness, source: Source, is_late: int):
    """From hearing of it until Slack has it; what the feed missed counts as late once told."""
    await harness.linked()
    names = ("match_to_dm_seconds_count", "match_to_dm_seconds_sum", "matches_late_total")
    before = [counted(name) for name in names]
    await harness.store.matches.add(match(source=source))
    harness.clock.advance(4)
    await harness.delivery.submit(ANA, match().id, fresh=True)
    await harness.quiet()
    after = [counted(name) for name in names]
    more = [now - then for now, then in zip(after, before, strict=True)]
    assert more == pytest.approx([1, 4, is_late])


async def test_a_message_that_was_found_is_not_measured(harness: Harness):
    """When Slack took it is not known: the time since would be that of our absence."""
    await harness.linked()
    await harness.store.matches.add(match())
    harness.messenger.keys[ANA, match().id] = Posted("D", "1")
    before, told = (
        counted("match_to_dm_seconds_count"),
        await harness.store.matches.backlog(ANA.team),
    )
    await harness.delivery.submit(ANA, match().id, fresh=False)
    await harness.pass_time(5)
    assert told.count == 1
    assert await harness.store.matches.backlog(ANA.team) == Backlog(0, None)
    assert counted("match_to_dm_seconds_count") == before
