"""The notice of a match: sent once, searched for first when in question, and tried for a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import (
    ContentRefused,
    EditRefused,
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.matching import next_match
from slackbot.domain.model import MatchId, Person, Source
from slackbot.domain.notices import MatchFound, Notice
from slackbot.domain.ports import Posted
from slackbot.services.notices import (
    DEFECTS,
    LANDING_SECONDS,
    MATCH_AGE,
    REFUSED_CAP_SECONDS,
    RETRY_CAP_SECONDS,
    RETRY_SECONDS,
    SENT,
    Notices,
)
from tests.harness.fakes import ANA, BEN, COFFEE, NOON, TEA, FakeMessenger, link, match, report
from tests.harness.services import Harness, Outside

SEND, FIND = "send MatchFound", "find"
STANDS = Posted("D-U1", "9.9")


async def deliver(harness: Harness, *, fresh: bool = True) -> asyncio.Task[None]:
    """Store the sample match and begin to send it to Ana, up to the first wait."""
    await harness.store.matches.add(match())
    return await begin(harness, ANA, match().id, fresh=fresh)


async def begin(
    harness: Harness, person: Person, match_id: MatchId, *, fresh: bool
) -> asyncio.Task[None]:
    work = harness.notices.deliver(
        person, match_id, look_first=not fresh, sleep=harness.clock.sleep
    )
    sending = harness.background.start(work, "deliver")
    await harness.quiet()
    return sending


async def outcome(harness: Harness, person: Person = ANA) -> str | None:
    kept = await harness.store.matches.get(person, match().id)
    return kept.outcome if kept is not None else None


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("slackbot_notices_total", {"outcome": outcome}) or 0.0


# --- once ----------------------------------------------------------------------------------------


async def test_a_fresh_match_is_sent_without_a_search(harness: Harness):
    """A fresh match is sent at once, and its row records the time and the message."""
    sending = await deliver(harness)
    assert sending.done()
    assert harness.journal == [SEND]
    assert harness.sent() == [MatchFound(match())]
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept == match(outcome="told", settled_at=NOON, channel="D-U1", ts="1.0")


async def test_a_match_that_may_be_sent_is_searched_for_first(harness: Harness):
    """A message on its way has time to arrive; if none is found, one is sent."""
    await deliver(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS - 1)
    assert harness.journal == []
    await harness.pass_time(1)
    assert harness.journal == [FIND, SEND]
    assert await outcome(harness) == SENT


async def test_a_match_that_was_sent_is_not_sent_again(harness: Harness):
    """A message that is found is recorded, although no row knew of it."""
    harness.messenger.keys[ANA, match().id] = STANDS
    await deliver(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [FIND]
    kept = await harness.store.matches.get(ANA, match().id)
    assert kept is not None
    assert (kept.outcome, kept.channel, kept.ts) == (SENT, STANDS.channel, STANDS.ts)


async def test_a_message_under_the_key_of_an_earlier_match_counts(harness: Harness):
    """Its row was lost, and the next match with the same partner was sent under its key too."""
    met = partial(next_match, link(), COFFEE, "Coffee", report(), source=Source.LIST, now=NOON)
    first = met(known=[])
    second = met(known=[first])
    for _ in range(2):
        await harness.messenger.send(ANA, MatchFound(first))
    for each in (first, second):
        await harness.store.matches.add(each)
    harness.journal.clear()
    await begin(harness, ANA, second.id, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [FIND]
    kept = await harness.store.matches.get(ANA, second.id)
    assert kept is not None
    assert (kept.outcome, kept.ts) == (SENT, "1.0")


async def test_an_older_message_under_its_key_is_another_matchs(harness: Harness):
    """Its row was lost, and the socket reports the next match with the same partner."""
    await harness.messenger.send(ANA, MatchFound(match(received_at=NOON - timedelta(minutes=10))))
    await deliver(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [SEND, FIND, SEND]
    assert await outcome(harness) == SENT


async def test_a_match_that_was_sent_twice_does_not_cost_the_next_one(harness: Harness):
    """The first message arrived after the search. The socket reports each match by itself."""
    met = partial(next_match, link(), COFFEE, "Coffee", report(), source=Source.SOCKET)
    first = met(known=[], now=NOON - timedelta(minutes=10))
    second = met(known=[first], now=NOON)
    for _ in range(2):
        await harness.messenger.send(ANA, MatchFound(first))
    await harness.store.matches.add(second)
    await begin(harness, ANA, second.id, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [SEND, SEND, FIND, SEND]


async def test_a_message_to_somebody_else_does_not_count(harness: Harness):
    """The key is searched for among the person's own messages only."""
    harness.messenger.keys[BEN, match().id] = STANDS
    await deliver(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [FIND, SEND]


@pytest.mark.parametrize("fresh", [True, False])
async def test_a_match_with_an_outcome_is_not_sent_again(harness: Harness, fresh: bool):
    """A match that was sent, or does not exist, is neither sent nor searched for."""
    await deliver(harness)
    harness.journal.clear()
    for person, key in ((ANA, match().id), (ANA, MatchId("nothing")), (BEN, match().id)):
        sending = await begin(harness, person, key, fresh=fresh)
        await harness.pass_time(LANDING_SECONDS)
        assert sending.done()
    assert harness.journal == []


# --- when Slack does not take it -----------------------------------------------------------------


async def test_a_delay_is_as_long_as_slack_says(harness: Harness):
    """A delayed message is sent again when Slack said, without a search."""
    harness.messenger.errors = [MessageDelayed("ratelimited", 7.0)]
    await deliver(harness)
    await harness.pass_time(6)
    assert harness.journal == [SEND]
    assert await harness.store.matches.list_pending(ANA.team) == [(ANA, match().id)]
    await harness.pass_time(1)
    assert harness.journal == [SEND, SEND]


@pytest.mark.parametrize("taken", [True, False])
async def test_without_an_answer_it_is_searched_for_before_the_second_try(
    harness: Harness, taken: bool
):
    """Accepted or not, the message exists once in the end."""
    harness.messenger.errors = [MessageUnsure("no_answer")]
    await deliver(harness)
    if taken:
        harness.messenger.keys[ANA, match().id] = STANDS
    await harness.pass_time(LANDING_SECONDS - 1)
    assert harness.journal == [SEND]
    await harness.pass_time(1)
    assert harness.journal == ([SEND, FIND] if taken else [SEND, FIND, SEND])
    assert await outcome(harness) == SENT


@pytest.mark.parametrize(
    "error", [MessageDelayed("ratelimited", 5.0), MessageUnsure("no_answer"), ZeroDivisionError()]
)
async def test_a_failed_search_is_repeated(harness: Harness, error: Exception):
    """While the direct messages cannot be read, nothing is sent."""
    harness.messenger.errors = [MessageUnsure("no_answer"), *[error] * 9]
    await deliver(harness)
    while len(harness.journal) < 10:
        await harness.pass_time(1)
    assert harness.journal == [SEND, *[FIND] * 9]
    await harness.pass_time(RETRY_CAP_SECONDS)
    assert harness.journal == [SEND, *[FIND] * 10, SEND]
    assert len(harness.sent()) == 1


async def test_every_unanswered_try_is_followed_by_a_search(harness: Harness):
    """Each try without an answer is followed by a search, not only the first."""
    lost = MessageUnsure("no_answer")
    harness.messenger.errors = [lost, None, lost, None, lost]
    await deliver(harness)
    await harness.pass_time(RETRY_CAP_SECONDS)
    assert harness.journal == [SEND, FIND, SEND, FIND, SEND, FIND, SEND]
    assert len(harness.sent()) == 1


# --- when it is final ----------------------------------------------------------------------------


@pytest.mark.parametrize("error", [MessageRefused, ContentRefused, EditRefused])
async def test_a_refusal_is_not_final(harness: Harness, error: type[MessageRefused]):
    """The message is tried again with growing pauses, sent once, and nobody is unreachable."""
    await harness.available()
    harness.messenger.errors = [error("a_word_of_tomorrow")] * 5
    await deliver(harness)
    assert harness.journal[-1:] == [SEND]
    for tries, seconds in enumerate((2, 4, 8, 16, 32), start=1):
        await harness.pass_time(seconds - 1)
        assert harness.asked("send") == [SEND] * tries
        assert await outcome(harness) is None
        await harness.pass_time(1)
    assert await outcome(harness) == SENT
    assert len(harness.sent()) == 1
    assert await harness.store.links.get(ANA) == link()
    assert harness.asked("close", "status") == []


async def test_a_refusal_that_stays_is_tried_for_a_day(harness: Harness):
    """Every few minutes, and then the match expires: it is counted as expired, not as refused."""
    before = counted("expired"), counted("refused")
    harness.messenger.errors = [MessageRefused("team_added_to_org")] * 2000
    sending = await deliver(harness)
    await harness.pass_time(MATCH_AGE.total_seconds(), step=REFUSED_CAP_SECONDS)
    assert not sending.done()
    await harness.pass_time(2 * REFUSED_CAP_SECONDS, step=REFUSED_CAP_SECONDS)
    assert await outcome(harness) == "expired"
    assert (counted("expired"), counted("refused")) == (before[0] + 1, before[1])
    assert harness.sent() == []


async def test_an_unreachable_persons_feed_stops(harness: Harness):
    """Slack's word is recorded and shown in the status; feed and availability end."""
    await harness.available()
    await harness.store.matches.add(match(session_id=TEA))
    harness.messenger.errors = [PersonUnreachable("user_disabled")]
    await begin(harness, ANA, match().id, fresh=True)
    assert await outcome(harness) == "user_disabled"
    assert await harness.store.links.get(ANA) == link(unreachable="user_disabled")
    assert harness.asked("status", "close") == ["status 7 LEFT", "close"]
    assert await harness.store.availabilities.get(ANA) is None


async def test_an_accepted_message_makes_reachable_again(harness: Harness):
    """The next message that Slack accepts clears the mark."""
    await harness.linked()
    await harness.store.links.set_unreachable(ANA, "user_disabled")
    await deliver(harness)
    assert await harness.store.links.get(ANA) == link()


async def test_a_crash_while_stopping_is_repaired(harness: Harness):
    """The outcome is recorded last, so the next attempt does the rest."""
    await harness.available()
    crashes = [ZeroDivisionError()]

    async def stop_unreachable(person: Person) -> None:
        if crashes:
            raise crashes.pop()
        await harness.monitor.end_unreachable(person)

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


async def test_a_match_pending_for_a_day_expires(harness: Harness):
    """Yesterday's match stays in the history and is not sent."""
    harness.messenger.errors = [MessageDelayed("ratelimited", 7200.0)] * 30
    sending = await deliver(harness)
    await harness.pass_time(MATCH_AGE.total_seconds(), step=3600)
    assert not sending.done()
    await harness.pass_time(7200, step=3600)
    assert await outcome(harness) == "expired"
    harness.messenger.errors = []
    await harness.store.matches.add(match(ordinal=2, received_at=NOON - timedelta(hours=1)))
    await begin(harness, ANA, match(ordinal=2).id, fresh=True)
    assert harness.sent() == []


class Poisoned(FakeMessenger):
    """A messenger with a defect that breaks every message to Ana."""

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        if person == ANA:
            self.journal.append(SEND)
            raise ZeroDivisionError
        return await super().send(person, notice, key)


async def test_a_defect_affects_nobody_else(outside: Outside):
    """After twenty failures the notice is set aside and counted; others are sent meanwhile."""
    outside.messenger = Poisoned(outside.journal)
    harness = Harness(outside)
    set_aside = counted("defect")
    sending = await deliver(harness)
    await harness.store.matches.add(match(person=BEN))
    await begin(harness, BEN, match().id, fresh=True)
    assert len(harness.sent(BEN)) == 1
    await harness.pass_time(DEFECTS * RETRY_CAP_SECONDS, step=10)
    assert sending.done()
    assert harness.asked("send").count(SEND) == DEFECTS + 1
    assert (await outcome(harness), await outcome(harness, BEN)) == ("defect", SENT)
    assert counted("defect") == set_aside + 1
    await harness.aclose()


@pytest.mark.parametrize(
    "error", [MessageError("odd"), MessageUnsure("no_answer"), MessageDelayed("r", 60.0)]
)
async def test_trouble_at_slack_is_not_a_defect(harness: Harness, error: MessageError):
    """While Slack fails, a notice is retried for a day."""
    harness.messenger.errors = [error] * (3 * DEFECTS)
    await deliver(harness)
    await harness.pass_time(4 * DEFECTS * RETRY_CAP_SECONDS, step=30)
    assert await outcome(harness) == SENT
