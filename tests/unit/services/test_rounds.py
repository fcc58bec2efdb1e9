"""The end of a round: the match's message says so once, and nobody else's does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from slackbot.domain.errors import MessageDelayed, MessageRefused, MessageUnsure
from slackbot.domain.model import Match, Source, TeamId
from slackbot.domain.notices import MatchFound
from slackbot.domain.ports import Posted, StoreUnavailable
from slackbot.domain.rules import ROUND_UNKNOWN
from slackbot.services.notices import LANDING_SECONDS
from slackbot.services.rounds import RESUME_SECONDS, Rounds
from tests.fakes import ANA, BEN, NOON, match
from tests.workbench import Bench

SOON = NOON + timedelta(seconds=90)
EDIT = "edit 1.0 MatchOver"


@pytest.fixture
async def rounds(bench: Bench) -> AsyncIterator[asyncio.Task[None]]:
    """The bot looking every second."""
    keeping = asyncio.create_task(bench.rounds.keep(ANA.team))
    yield keeping
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def told(bench: Bench, **changes: Any) -> Match:
    """A match that was told just now."""
    made = match(**changes)
    await bench.store.add_match(made)
    await bench.delivery.submit(made.person, made.id, fresh=True)
    await bench.quiet()
    bench.journal.clear()
    return made


async def over(bench: Bench) -> bool:
    kept = await bench.store.match(ANA, match().id)
    assert kept is not None
    return kept.over_at is not None


async def test_a_round_that_is_over_is_said_to_be_once(bench: Bench, rounds: asyncio.Task[None]):
    """At its end the same message is edited, once, and the row notes when."""
    await told(bench, ends_at=SOON)
    await bench.pass_time(89)
    assert bench.journal == []
    await bench.pass_time(2)
    assert bench.journal == [EDIT]
    await bench.pass_time(600, step=5)
    assert bench.journal == [EDIT]
    kept = await bench.store.match(ANA, match().id)
    assert kept is not None
    assert kept.over_at is not None
    assert SOON <= kept.over_at <= SOON + timedelta(seconds=2)


async def test_a_round_of_unknown_length_ends_all_the_same(
    bench: Bench, rounds: asyncio.Task[None]
):
    """Where the platform does not say when, it is taken to last as long as rounds usually do."""
    await told(bench)
    await bench.pass_time(ROUND_UNKNOWN.total_seconds() - 5, step=5)
    assert bench.journal == []
    await bench.pass_time(10, step=5)
    assert bench.journal == [EDIT]


async def test_an_answered_match_is_left_alone(bench: Bench, rounds: asyncio.Task[None]):
    """Whoever pressed one of its buttons has an answer standing there, which is not undone."""
    await told(bench, ends_at=SOON)
    await bench.matches.answered(ANA, Posted("D-U1", "1.0"), "pause")
    await bench.pass_time(600, step=5)
    assert bench.journal == []
    kept = await bench.store.match(ANA, match().id)
    assert kept is not None
    assert (kept.answer, kept.over_at) == ("pause", None)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"source": Source.LIST}, "told"),
        ({"source": Source.BEFORE}, "before"),
        ({}, "user_disabled"),
        ({}, "expired"),
        ({}, None),
    ],
)
async def test_only_what_was_told_in_time_has_an_end(
    bench: Bench, rounds: asyncio.Task[None], changes: dict[str, Any], outcome: str | None
):
    """One told late was over when it was told, and others have no message."""
    await bench.store.add_match(match(ends_at=SOON, **changes))
    if outcome is not None:
        await bench.store.settle(ANA, match().id, outcome, Posted("D-U1", "1.0"), NOON)
    await bench.pass_time(RESUME_SECONDS - 1)
    bench.clock.advance(600)
    await bench.let_run()
    assert not [line for line in bench.journal if line.startswith("edit")]


async def test_every_person_has_their_own_end(bench: Bench, rounds: asyncio.Task[None]):
    """Both sides of a meeting are told that it is over, each in a message of their own."""
    for ordinal, person in enumerate((ANA, BEN), 1):
        await told(bench, person=person, ordinal=ordinal, ends_at=SOON)
    await bench.pass_time(100)
    assert sorted(bench.journal) == ["edit 1.0 MatchOver", "edit 2.0 MatchOver"]


async def test_another_workspaces_rounds_are_not_ours(bench: Bench):
    """The look names the workspace."""
    await told(bench, ends_at=SOON)
    bench.clock.advance(100)
    elsewhere = asyncio.create_task(bench.rounds.keep(TeamId("T2")))
    await bench.quiet()
    elsewhere.cancel()
    assert bench.journal == []


# --- the edit ------------------------------------------------------------------------------------


async def finish(bench: Bench) -> None:
    work = bench.notices.finish(ANA, match().id, sleep=bench.clock.sleep)
    bench.background.start(work, "finish")
    await bench.quiet()


async def test_an_edit_waits_as_slack_asks_and_is_not_looked_for(bench: Bench):
    """To edit twice is to edit once, so a try without an answer is simply made again."""
    await told(bench)
    bench.messenger.errors = [MessageDelayed("ratelimited", 9.0), MessageUnsure("no_answer")]
    await finish(bench)
    await bench.pass_time(8)
    assert bench.journal == [EDIT]
    await bench.pass_time(1 + 2 * LANDING_SECONDS)
    assert bench.journal == [EDIT] * 3
    assert await over(bench)


async def test_an_edit_that_is_refused_is_not_tried_again(bench: Bench):
    """The message was deleted, say: noted as over, since it never will say so."""
    await told(bench)
    bench.messenger.errors = [MessageRefused("message_not_found")]
    await finish(bench)
    assert await over(bench)
    await finish(bench)
    assert bench.journal == [EDIT]


async def test_an_answer_between_the_look_and_the_edit_is_heeded(bench: Bench):
    """The row is read again in the last moment."""
    await told(bench)
    await bench.matches.answered(ANA, Posted("D-U1", "1.0"), "available")
    await finish(bench)
    assert bench.journal == []
    assert await over(bench)


async def test_a_match_that_is_not_there_has_no_end(bench: Bench):
    """Forgotten meanwhile: nothing is edited, and nothing goes wrong."""
    await told(bench)
    await bench.store.forget(ANA)
    await finish(bench)
    assert bench.journal == []


# --- what nobody is telling ----------------------------------------------------------------------


async def test_unsettled_matches_are_submitted_again_every_minute(
    bench: Bench, rounds: asyncio.Task[None]
):
    """One whose submission was lost is told a minute later at most, and looked for before."""
    await bench.store.add_match(match())
    await bench.pass_time(RESUME_SECONDS)
    assert bench.told() == []
    await bench.pass_time(LANDING_SECONDS + 1)
    assert [type(notice) for notice in bench.told()] == [MatchFound]
    assert bench.asked("find", "tell") == ["find", "tell MatchFound"]


class Flaky(Rounds):
    """Its first looks fail, each in its own way."""

    failures: list[Exception]

    async def _look(self, team: TeamId) -> None:
        if self.failures:
            raise self.failures.pop()
        await super()._look(team)


async def test_a_look_that_fails_is_one_look(bench: Bench):
    """The database away or a defect of ours: a second later it looks again."""
    flaky = Flaky(
        store=bench.store, matches=bench.matches, delivery=bench.delivery, clock=bench.clock
    )
    flaky.failures = [StoreUnavailable(), ZeroDivisionError()]
    await told(bench, ends_at=SOON)
    bench.clock.advance(100)
    with capture_logs() as lines:
        keeping = asyncio.create_task(flaky.keep(ANA.team))
        await bench.pass_time(3)
    keeping.cancel()
    assert [line["event"] for line in lines] == ["rounds_failed", "rounds_wait"]
    assert bench.journal == [EDIT]
