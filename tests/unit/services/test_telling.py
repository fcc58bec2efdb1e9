"""The notice of a match: told once, looked for where it may stand already, given up when final."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import (
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.model import MatchId, Person
from slackbot.domain.notices import MatchFound, Notice
from slackbot.domain.ports import Posted
from slackbot.services.notices import (
    DEFECTS,
    LANDING_SECONDS,
    MATCH_AGE,
    RETRY_CAP_SECONDS,
    RETRY_SECONDS,
    Notices,
)
from tests.harness.fakes import ANA, BEN, NOON, TEA, FakeMessenger, link, match
from tests.harness.services import Harness, Outside

TELL, FIND = "tell MatchFound", "find"
STANDS = Posted("D-U1", "9.9")


async def deliver(harness: Harness, *, fresh: bool = True) -> asyncio.Task[None]:
    """Begin to tell Ana of the sample match, which is stored; whatever needs no waiting is done."""
    await harness.store.matches.add(match())
    return await begin(harness, ANA, match().id, fresh=fresh)


async def begin(
    harness: Harness, person: Person, match_id: MatchId, *, fresh: bool
) -> asyncio.Task[None]:
    work = harness.notices.deliver(
        person, match_id, look_first=not fresh, sleep=harness.clock.sleep
    )
    telling = harness.background.start(work, "deliver")
    await harness.quiet()
    return telling


async def outcome(harness: Harness, person: Person = ANA) -> str | None:
    kept = await harness.store.matches.get(person, match().id)
    return kept.outcome if kept is not None else None


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("slackbot_notices_total", {"outcome": outcome}) or 0.0


# --- once ----------------------------------------------------------------------------------------


async def test_a_fresh_match_is_told_without_a_look(harness: Harness):
    """Nobody can have told it, so no time is lost; the row notes when it was, and where."""
    telling = await deliver(harness)
    assert telling.done()
    assert harness.journal == [TELL]
    assert harness.told() == [MatchFound(match())]
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept == match(outcome="told", settled_at=NOON, channel="D-U1", ts="1.0")


async def test_a_match_that_may_stand_there_is_looked_for_first(harness: Harness):
    """A message that is on its way is given its time; where there is none, one is sent."""
    await deliver(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS - 1)
    assert harness.journal == []
    await harness.pass_time(1)
    assert harness.journal == [FIND, TELL]
    assert await outcome(harness) == "told"


async def test_a_match_that_stands_there_is_not_sent_again(harness: Harness):
    """Told in a life that nobody remembers: noted with the place where it stands."""
    harness.messenger.keys[ANA, match().id] = STANDS
    await deliver(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [FIND]
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept is not None
    assert (kept.outcome, kept.channel, kept.ts) == ("told", STANDS.channel, STANDS.ts)


async def test_the_message_of_somebody_else_is_not_taken_for_it(harness: Harness):
    """The key is looked for among the person's own messages alone."""
    harness.messenger.keys[BEN, match().id] = STANDS
    await deliver(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [FIND, TELL]


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_settled_match_is_not_told_again(harness: Harness, fresh: bool):
    """Neither one that was told, nor one that is not there, reaches anybody or is looked for."""
    await deliver(harness)
    harness.journal.clear()
    for person, key in ((ANA, match().id), (ANA, MatchId("nothing")), (BEN, match().id)):
        telling = await begin(harness, person, key, fresh=fresh)
        await harness.pass_time(LANDING_SECONDS)
        assert telling.done()
    assert harness.journal == []


# --- when Slack does not take it -----------------------------------------------------------------


async def test_a_delay_is_as_long_as_slack_says(harness: Harness):
    """What was not taken needs no look: the next try is made when its time has come."""
    harness.messenger.errors = [MessageDelayed("ratelimited", 7.0)]
    await deliver(harness)
    await harness.pass_time(6)
    assert harness.journal == [TELL]
    assert await harness.store.matches.list_pending(ANA.team) == [(ANA, match().id)]
    await harness.pass_time(1)
    assert harness.journal == [TELL, TELL]


@pytest.mark.parametrize("taken", [True, False])
async def test_without_an_answer_it_is_looked_for_before_the_second_try(
    harness: Harness, taken: bool
):
    """Taken or not, it is there once in the end."""
    harness.messenger.errors = [MessageUnsure("no_answer")]
    await deliver(harness)
    if taken:
        harness.messenger.keys[ANA, match().id] = STANDS
    await harness.pass_time(LANDING_SECONDS - 1)
    assert harness.journal == [TELL]
    await harness.pass_time(1)
    assert harness.journal == ([TELL, FIND] if taken else [TELL, FIND, TELL])
    assert await outcome(harness) == "told"


@pytest.mark.parametrize(
    "error", [MessageDelayed("ratelimited", 5.0), MessageUnsure("no_answer"), ZeroDivisionError()]
)
async def test_a_look_that_fails_is_the_look_that_is_repeated(harness: Harness, error: Exception):
    """While the direct messages cannot be read, nothing is sent, however often that is tried."""
    harness.messenger.errors = [MessageUnsure("no_answer"), *[error] * 9]
    await deliver(harness)
    while len(harness.journal) < 10:
        await harness.pass_time(1)
    assert harness.journal == [TELL, *[FIND] * 9]
    await harness.pass_time(RETRY_CAP_SECONDS)
    assert harness.journal == [TELL, *[FIND] * 10, TELL]
    assert len(harness.told()) == 1


async def test_a_message_that_went_astray_twice_is_looked_for_twice(harness: Harness):
    """Every try without an answer is followed by a look, not only the first one."""
    lost = MessageUnsure("no_answer")
    harness.messenger.errors = [lost, None, lost, None, lost]
    await deliver(harness)
    await harness.pass_time(RETRY_CAP_SECONDS)
    assert harness.journal == [TELL, FIND, TELL, FIND, TELL, FIND, TELL]
    assert len(harness.told()) == 1


# --- when it is final ----------------------------------------------------------------------------


async def test_a_refusal_settles_it(harness: Harness):
    """Slack's word for it is noted, one counter counts all of them, and nothing else changes."""
    await harness.available()
    refused = counted("refused")
    harness.messenger.errors = [MessageRefused("invalid_blocks")]
    telling = await deliver(harness)
    assert telling.done()
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept == match(outcome="invalid_blocks", settled_at=NOON)
    assert counted("refused") == refused + 1
    assert await harness.store.links.get(ANA) == link()
    assert harness.asked("close", "status") == []


async def test_somebody_unreachable_is_let_go(harness: Harness):
    """The notice ends with Slack's word, which the status shows; feed, wish and session end."""
    await harness.available()
    await harness.store.matches.add(match(session_id=TEA))
    harness.messenger.errors = [PersonUnreachable("user_disabled")]
    await begin(harness, ANA, match().id, fresh=True)
    assert await outcome(harness) == "user_disabled"
    assert await harness.store.links.get(ANA) == link(unreachable="user_disabled")
    assert harness.asked("status", "close") == ["status 7 LEFT", "close"]
    assert await harness.store.availabilities.get(ANA) is None


async def test_who_is_told_again_is_reachable_again(harness: Harness):
    """The next message that is taken says so, without anybody's doing."""
    await harness.linked()
    await harness.store.links.set_unreachable(ANA, "user_disabled")
    await deliver(harness)
    assert await harness.store.links.get(ANA) == link()


async def test_a_crash_while_letting_go_is_made_good(harness: Harness):
    """Until all is done the notice is not settled, so the next one to find it does the rest."""
    await harness.available()
    crashes = [ZeroDivisionError()]

    async def stop_unreachable(person: Person) -> None:
        if crashes:
            raise crashes.pop()
        await harness.poller.end_unreachable(person)

    harness.notices = Notices(
        store=harness.store,
        messenger=harness.messenger,
        clock=harness.clock,
        on_unreachable=stop_unreachable,
    )
    harness.messenger.errors = [PersonUnreachable("user_disabled")] * 2
    await deliver(harness)
    assert await outcome(harness) is None
    await harness.pass_time(RETRY_SECONDS)
    assert await outcome(harness) == "user_disabled"
    assert harness.feed.health(ANA) is None


async def test_what_could_not_be_told_for_a_day_is_told_no_more(harness: Harness):
    """It stands in the history; the bot does not speak of yesterday's meeting."""
    harness.messenger.errors = [MessageDelayed("ratelimited", 7200.0)] * 30
    telling = await deliver(harness)
    await harness.pass_time(MATCH_AGE.total_seconds(), step=3600)
    assert not telling.done()
    await harness.pass_time(7200, step=3600)
    assert await outcome(harness) == "expired"
    harness.messenger.errors = []
    await harness.store.matches.add(match(ordinal=2, received_at=NOON - timedelta(hours=1)))
    await begin(harness, ANA, match(ordinal=2).id, fresh=True)
    assert harness.told() == []


class Poisoned(FakeMessenger):
    """A messenger that a defect of ours breaks whenever it is about Ana."""

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        if person == ANA:
            self.journal.append(TELL)
            raise ZeroDivisionError
        return await super().send(person, notice, key)


async def test_a_defect_of_ours_hinders_nobody_else(outside: Outside):
    """After twenty failures it is set aside and counted; others are told meanwhile."""
    outside.messenger = Poisoned(outside.journal)
    harness = Harness(outside)
    set_aside = counted("defect")
    telling = await deliver(harness)
    await harness.store.matches.add(match(person=BEN))
    await begin(harness, BEN, match().id, fresh=True)
    assert len(harness.told(BEN)) == 1
    await harness.pass_time(DEFECTS * RETRY_CAP_SECONDS, step=10)
    assert telling.done()
    assert harness.asked("tell").count(TELL) == DEFECTS + 1
    assert (await outcome(harness), await outcome(harness, BEN)) == ("defect", "told")
    assert counted("defect") == set_aside + 1
    await harness.aclose()


@pytest.mark.parametrize(
    "error", [MessageError("odd"), MessageUnsure("no_answer"), MessageDelayed("r", 60.0)]
)
async def test_slacks_trouble_is_no_defect_of_ours(harness: Harness, error: MessageError):
    """However often Slack fails, within the day it is tried again."""
    harness.messenger.errors = [error] * (3 * DEFECTS)
    await deliver(harness)
    await harness.pass_time(4 * DEFECTS * RETRY_CAP_SECONDS, step=30)
    assert await outcome(harness) == "told"
