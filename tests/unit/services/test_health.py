"""Health of notices and feeds: red after a minute, green again once it is over."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.model import FeedHealth, MatchId, Source, TeamId
from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Posted
from slackbot.domain.stores import StoreUnavailable
from slackbot.services.health import CHECK_SECONDS, HealthMonitor, mostly_disconnected
from slackbot.services.notices import SENT
from slackbot.storage.store import SqlStore
from tests.harness.fakes import ANA, NOON, enter, match, until
from tests.harness.services import Harness, Outside

TEAM = ANA.team
MINUTE = 60.0
UP, DOWN = FeedHealth(True, NOON), FeedHealth(False, NOON, "refused")


class Stage:
    """A health monitor and its feeds."""

    def __init__(self, outside: Outside) -> None:
        self.store, self.clock = outside.store, outside.clock
        self.feeds: list[FeedHealth] = []
        self.health = HealthMonitor(store=self.store, clock=self.clock, feeds=lambda: self.feeds)

    async def after(self, seconds: float) -> dict[str, bool]:
        """Let time pass, check, and return the parts."""
        self.clock.advance(seconds)
        await self.health.check(TEAM)
        return self.health.parts()


@pytest.fixture
async def stage(outside: Outside) -> Stage:
    return Stage(outside)


def counted(name: str) -> float:
    return REGISTRY.get_sample_value(f"slackbot_{name}") or 0.0


def gauges() -> tuple[float, float]:
    return counted("notices_waiting"), counted("notices_oldest_seconds")


# --- notices -------------------------------------------------------------------------------------


async def test_a_match_pending_for_too_long_is_unhealthy(stage: Stage):
    """After a minute `notices` is red, and green as soon as the match is sent."""
    await stage.store.matches.add(match())
    assert (await stage.after(MINUTE))["notices"]
    assert gauges() == (1, MINUTE)
    assert not (await stage.after(1))["notices"]
    await stage.store.matches.record_outcome(ANA, match().id, SENT, Posted("D", "1"), NOON)
    assert (await stage.after(1))["notices"]
    assert gauges() == (0, 0)


async def test_the_oldest_counts(stage: Stage):
    """New matches do not hide an old one; many new ones alone are healthy."""
    young = [
        replace(match(ordinal=n, received_at=NOON + timedelta(seconds=MINUTE)), id=MatchId(f"m{n}"))
        for n in range(1, 9)
    ]
    for new in young:
        await stage.store.matches.add(new)
    assert (await stage.after(MINUTE + 1))["notices"]
    await stage.store.matches.add(match(ordinal=9))
    assert not (await stage.after(0))["notices"]
    assert gauges() == (9, MINUTE + 1)


async def test_matches_of_another_workspace_do_not_count(stage: Stage):
    """Each process reports on the workspace that it serves."""
    namesake = replace(ANA, team=TeamId("T2"))
    await enter(stage.store, namesake)
    await stage.store.matches.add(match(person=namesake))
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
    """A single feed that is down may be its person's broken token."""
    assert mostly_disconnected(feeds) is expected


async def test_feeds_that_stay_down_are_unhealthy(stage: Stage):
    """`feeds` is red after most were down for a whole minute; green when they are back."""
    stage.feeds = [DOWN, DOWN, UP]
    assert (await stage.after(0))["feeds"]
    assert (await stage.after(MINUTE))["feeds"]
    assert not (await stage.after(1))["feeds"]
    stage.feeds = [UP, DOWN, UP]
    assert (await stage.after(1))["feeds"]


async def test_a_restart_of_the_feed_server_is_healthy(stage: Stage):
    """All feeds down for less than a minute at a time, any number of times, is healthy."""
    for _ in range(3):
        stage.feeds = [DOWN, DOWN, DOWN]
        assert (await stage.after(MINUTE / 2))["feeds"]
        stage.feeds = [UP, UP, UP]
        assert (await stage.after(MINUTE / 2))["feeds"]


async def test_reports_that_wait_in_memory_are_unhealthy(stage: Stage):
    """`matches` is red for as long as a match that was reported could not be stored."""
    waiting: set[int] = set()
    stage.health.unstored = waiting
    assert (await stage.after(0))["matches"]
    waiting.add(1)
    assert not (await stage.after(1))["matches"]
    assert counted("matches_unstored") == 1
    waiting.clear()
    assert (await stage.after(1))["matches"]
    assert counted("matches_unstored") == 0


# --- checking ------------------------------------------------------------------------------------


class Unsteady:
    """The store, after some failures."""

    def __init__(self, store: SqlStore, *errors: Exception) -> None:
        self.store, self.errors, self.matches = store, list(errors), self

    async def backlog(self, team: TeamId) -> Backlog:
        if self.errors:
            raise self.errors.pop()
        return await self.store.matches.backlog(team)


async def test_a_failed_check_is_repeated(stage: Stage):
    """Neither an unavailable store nor a defect ends the checks."""
    store = Unsteady(stage.store, StoreUnavailable("away"), ValueError("a defect"))
    health = HealthMonitor(store=store, clock=stage.clock, feeds=list)
    await stage.store.matches.add(match())
    checking = asyncio.create_task(health.run(TEAM))
    for left in (1, 0, 0):
        await until(lambda: stage.clock.sleepers)
        assert len(store.errors) == left
        stage.clock.advance(CHECK_SECONDS)
    await until(lambda: stage.clock.sleepers)
    assert health.parts()["notices"]
    stage.clock.advance(MINUTE)
    assert not health.parts()["notices"]
    checking.cancel()
    await asyncio.gather(checking, return_exceptions=True)


# --- metrics of a match --------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "is_late"), [(Source.SOCKET, 0), (Source.LIST, 1)])
async def test_the_delay_of_a_match_is_measured(harness: Harness, source: Source, is_late: int):
    """From its report until Slack has it; one that the feed missed counts as late once sent."""
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
    """The delay of a message that was found is unknown, so it is not measured."""
    await harness.linked()
    await harness.store.matches.add(match())
    harness.messenger.keys[ANA, match().id] = Posted("D", "1")
    before, backlog = (
        counted("match_to_dm_seconds_count"),
        await harness.store.matches.backlog(ANA.team),
    )
    await harness.delivery.submit(ANA, match().id, fresh=False)
    await harness.pass_time(5)
    assert backlog.count == 1
    assert await harness.store.matches.backlog(ANA.team) == Backlog(0, None)
    assert counted("match_to_dm_seconds_count") == before
