"""The end of a round: the match's message says so once, and no other message does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from slackbot.domain.errors import (
    EditRefused,
    MessageDelayed,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.matching import ASSUMED_ROUND
from slackbot.domain.model import Match, MatchId, Person, Source, TeamId
from slackbot.domain.notices import MatchFound
from slackbot.domain.ports import Posted
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.surfaces import CardKind, Home, StateCard
from slackbot.services.notices import EDIT_AGE, LANDING_SECONDS, REFUSED_CAP_SECONDS, SENT
from slackbot.services.scheduler import HOME_AGE, RESUME_SECONDS
from slackbot.storage.matches import MAX_ROUNDS_OVER
from tests.harness.fakes import ANA, BEN, COFFEE, NOON, availability, epoch_of, match
from tests.harness.services import Harness

SOON = NOON + timedelta(seconds=90)
EDIT = "edit 1.0 MatchOver"


@pytest.fixture
async def rounds(harness: Harness) -> AsyncIterator[asyncio.Task[None]]:
    """The scheduler at work."""
    keeping = asyncio.create_task(harness.scheduler.run(ANA.team))
    yield keeping
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


async def sent(harness: Harness, **changes: Any) -> Match:
    """A match that was sent just now."""
    made = match(**changes)
    await harness.store.matches.add(made)
    await harness.delivery.submit(made.person, made.id, fresh=True)
    await harness.quiet()
    harness.journal.clear()
    return made


async def over(harness: Harness) -> bool:
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept is not None
    return kept.over_at is not None


async def test_the_end_of_a_round_is_shown_once(harness: Harness, rounds: asyncio.Task[None]):
    """At its end the same message is edited, once, and the row notes when."""
    await sent(harness, ends_at=SOON)
    await harness.pass_time(89)
    assert harness.journal == []
    await harness.pass_time(2)
    assert harness.journal == [EDIT]
    await harness.pass_time(600, step=5)
    assert harness.journal == [EDIT]
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept is not None
    assert kept.over_at is not None
    assert SOON <= kept.over_at <= SOON + timedelta(seconds=2)


async def test_a_round_of_unknown_length_ends_all_the_same(
    harness: Harness, rounds: asyncio.Task[None]
):
    """Where the platform does not say when, it is taken to last as long as rounds usually do."""
    await sent(harness)
    await harness.pass_time(ASSUMED_ROUND.total_seconds() - 5, step=5)
    assert harness.journal == []
    await harness.pass_time(10, step=5)
    assert harness.journal == [EDIT]


async def test_an_answered_match_is_left_alone(harness: Harness, rounds: asyncio.Task[None]):
    """A message whose button was pressed shows the answer, which is not overwritten."""
    await sent(harness, ends_at=SOON)
    await harness.matches.answered(ANA, Posted("D-U1", "1.0"), "pause")
    await harness.pass_time(600, step=5)
    assert harness.journal == []
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept is not None
    assert (kept.answer, kept.over_at) == ("pause", None)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"source": Source.LIST}, SENT),
        ({"source": Source.BEFORE}, "before"),
        ({}, "user_disabled"),
        ({}, "expired"),
        ({}, None),
    ],
)
async def test_only_a_match_sent_in_time_has_an_end(
    harness: Harness, rounds: asyncio.Task[None], changes: dict[str, Any], outcome: str | None
):
    """One sent late was over when it was sent, and the others have no message."""
    await harness.store.matches.add(match(ends_at=SOON, **changes))
    if outcome is not None:
        await harness.store.matches.record_outcome(
            ANA, match().id, outcome, Posted("D-U1", "1.0"), NOON
        )
    await harness.pass_time(RESUME_SECONDS - 1)
    harness.clock.advance(600)
    await harness.let_run()
    assert not [line for line in harness.journal if line.startswith("edit")]


async def test_every_person_has_their_own_end(harness: Harness, rounds: asyncio.Task[None]):
    """Both sides of a meeting see that it is over, each in a message of their own."""
    for ordinal, person in enumerate((ANA, BEN), 1):
        await sent(harness, person=person, ordinal=ordinal, ends_at=SOON)
    await harness.pass_time(100)
    assert sorted(harness.journal) == ["edit 1.0 MatchOver", "edit 2.0 MatchOver"]


async def test_another_workspaces_rounds_are_not_ours(harness: Harness):
    """The search names the workspace."""
    await sent(harness, ends_at=SOON)
    harness.clock.advance(100)
    elsewhere = asyncio.create_task(harness.scheduler.run(TeamId("T2")))
    await harness.quiet()
    elsewhere.cancel()
    assert harness.journal == []


# --- the edit ------------------------------------------------------------------------------------


async def finish(harness: Harness) -> None:
    work = harness.notices.finish(ANA, match().id, sleep=harness.clock.sleep)
    harness.background.start(work, "finish")
    await harness.quiet()


async def test_an_edit_waits_as_slack_asks_and_is_not_looked_for(harness: Harness):
    """To edit twice is to edit once, so a try without an answer is simply made again."""
    await sent(harness)
    harness.messenger.errors = [MessageDelayed("ratelimited", 9.0), MessageUnsure("no_answer")]
    await finish(harness)
    await harness.pass_time(8)
    assert harness.journal == [EDIT]
    await harness.pass_time(1 + 2 * LANDING_SECONDS)
    assert harness.journal == [EDIT] * 3
    assert await over(harness)


@pytest.mark.parametrize("error", [EditRefused, PersonUnreachable])
async def test_an_edit_that_can_never_be_made_is_not_tried_again(
    harness: Harness, error: type[MessageRefused]
):
    """The message was deleted, say: noted as over, since it never will say so."""
    await sent(harness)
    harness.messenger.errors = [error("message_not_found")]
    await finish(harness)
    assert await over(harness)
    await finish(harness)
    assert harness.journal == [EDIT]


async def test_a_refused_edit_is_tried_again(harness: Harness):
    """An error that may pass, or is unknown, delays the edit."""
    await sent(harness)
    harness.messenger.errors = [MessageRefused("a_word_of_tomorrow")] * 2
    await finish(harness)
    await harness.pass_time(2 + 4)
    assert harness.journal == [EDIT] * 3
    assert await over(harness)


async def test_an_edit_is_given_up_after_an_hour(harness: Harness):
    """Nobody reads by then that the round is over."""
    await sent(harness)
    harness.messenger.errors = [MessageRefused("ekm_access_denied")] * 1000
    await finish(harness)
    await harness.pass_time(EDIT_AGE.total_seconds(), step=10)
    assert not await over(harness)
    await harness.pass_time(REFUSED_CAP_SECONDS, step=10)
    assert await over(harness)


async def test_an_answer_between_the_look_and_the_edit_is_heeded(harness: Harness):
    """The row is read again in the last moment."""
    await sent(harness)
    await harness.matches.answered(ANA, Posted("D-U1", "1.0"), "available")
    await finish(harness)
    assert harness.journal == []
    assert await over(harness)


async def test_a_match_that_is_not_there_has_no_end(harness: Harness):
    """Forgotten meanwhile: nothing is edited, and nothing goes wrong."""
    await sent(harness)
    await harness.store.people.forget(ANA)
    await finish(harness)
    assert harness.journal == []


# --- pending matches ----------------------------------------------------------------------


async def test_pending_matches_are_submitted_again_every_minute(
    harness: Harness, rounds: asyncio.Task[None]
):
    """One whose submission was lost is sent within a minute, after a search for its message."""
    await harness.store.matches.add(match())
    await harness.pass_time(RESUME_SECONDS)
    assert harness.sent() == []
    await harness.pass_time(LANDING_SECONDS + 1)
    assert [type(notice) for notice in harness.sent()] == [MatchFound]
    assert harness.asked("find", "send") == ["find", "send MatchFound"]


async def test_a_tick_that_fails_is_one_tick(harness: Harness, monkeypatch: pytest.MonkeyPatch):
    """The database away or a defect: a second later the next tick does the work."""
    failures = [StoreUnavailable(), ZeroDivisionError()]
    rounds_over = harness.store.matches.list_rounds_over

    async def flaky(
        team: TeamId, now: datetime, *after: MatchId | None
    ) -> list[tuple[Person, MatchId]]:
        if failures:
            raise failures.pop()
        return await rounds_over(team, now, *after)

    monkeypatch.setattr(harness.store.matches, "list_rounds_over", flaky)
    await sent(harness, ends_at=SOON)
    harness.clock.advance(100)
    with capture_logs() as lines:
        running = asyncio.create_task(harness.scheduler.run(ANA.team))
        await harness.pass_time(3)
    running.cancel()
    assert [line["log_level"] for line in lines] == ["error", "warning"]
    assert harness.journal == [EDIT]


class Finishing:
    """A delivery that notes ended rounds and ends none: Slack refuses every edit."""

    def __init__(self) -> None:
        self.finished: Counter[MatchId] = Counter()

    async def finish(self, person: Person, match_id: MatchId) -> None:
        self.finished[match_id] += 1


async def test_edits_that_fail_do_not_starve_later_rounds(harness: Harness):
    """More ended rounds than one search finds: each has its turn, and again a minute later."""
    many = 2 * MAX_ROUNDS_OVER + 50
    for number in range(many):
        made = match(ordinal=number + 1, ends_at=NOON, channel="D", ts=f"{number}.0")
        await harness.store.matches.add(replace(made, outcome=SENT, settled_at=NOON))
    harness.scheduler.delivery = delivery = Finishing()
    running = asyncio.create_task(harness.scheduler.run(ANA.team))
    await harness.pass_time(5)
    assert (len(delivery.finished), max(delivery.finished.values())) == (many, 1)
    await harness.pass_time(RESUME_SECONDS)
    assert set(delivery.finished.values()) == {2}
    running.cancel()


async def test_cards_whose_edit_was_lost_are_found_again(
    harness: Harness, rounds: asyncio.Task[None]
):
    """Within a minute; those that are true, and Homes that were opened lately, are left alone."""
    card = StateCard(
        person=ANA,
        person_epoch=epoch_of(ANA),
        posted=Posted("D", "1"),
        kind=CardKind.WAITING,
        since=NOON,
        session_id=COFFEE,
        session_title="Coffee",
    )
    for person, opened_at in ((ANA, NOON - 2 * HOME_AGE), (BEN, NOON)):
        await harness.linked(person=person)
        await harness.store.surfaces.open_home(Home(person=person, opened_at=opened_at))
    await harness.store.availabilities.save(availability())
    await harness.store.surfaces.add_card(card)
    await harness.store.availabilities.end(ANA)
    other = replace(card, person=BEN, person_epoch=epoch_of(BEN))
    await harness.store.availabilities.save(availability(BEN))
    await harness.store.surfaces.add_card(other)
    await harness.pass_time(RESUME_SECONDS)
    assert list(await harness.changes.take()) == [ANA]
    assert await harness.store.surfaces.get_home(ANA) is None
    assert await harness.store.surfaces.get_home(BEN) is not None
