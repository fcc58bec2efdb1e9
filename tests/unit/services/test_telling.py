"""Notices: told once, tried again as Slack asks, given up when it is final."""

from __future__ import annotations

import pytest

from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused, MessageUnsure
from slackbot.domain.model import MatchId
from slackbot.domain.notices import LinkRefused, MatchFound
from slackbot.services.notices import RETRY_CAP_SECONDS, TRIES_OF_A_REMARK
from tests.fakes import ANA, BEN, NOON, link, match
from tests.workbench import Bench


async def test_a_match_is_told_and_settled(bench: Bench):
    """The row remembers that it was told, where the message stands, and when that was."""
    await bench.store.add_match(match())
    assert await bench.notices.attempt(ANA, match().id, 1) is None
    assert bench.told() == [MatchFound(match())]
    kept = await bench.store.match(ANA, match().id)
    assert kept == match(outcome="told", settled_at=NOON, channel="D-U1", ts="1.0")


async def test_a_settled_match_is_not_told_again(bench: Bench):
    """Neither one that was told, nor one that is not there, reaches anybody."""
    await bench.store.add_match(match())
    for _ in range(3):
        assert await bench.notices.attempt(ANA, match().id, 1) is None
    assert await bench.notices.attempt(ANA, MatchId("nothing"), 1) is None
    assert await bench.notices.attempt(BEN, match().id, 1) is None
    assert len(bench.messenger.told) == 1


async def test_a_final_refusal_settles_it(bench: Bench):
    """The person is gone: noted with Slack's word for it, and not tried again."""
    await bench.store.add_match(match())
    bench.messenger.errors = [MessageRefused("user_disabled")]
    assert await bench.notices.attempt(ANA, match().id, 1) is None
    kept = await bench.store.match(ANA, match().id)
    assert kept == match(outcome="user_disabled", settled_at=NOON)
    assert await bench.notices.attempt(ANA, match().id, 2) is None
    assert bench.told() == []


@pytest.mark.parametrize(
    ("error", "tries", "seconds"),
    [
        (MessageDelayed("ratelimited", 7.0), 1, 7.0),
        (MessageDelayed("ratelimited", 7.0), 9, 7.0),
        (MessageUnsure("no_answer"), 1, 2.0),
        (MessageUnsure("no_answer"), 3, 8.0),
        (MessageUnsure("no_answer"), 50, RETRY_CAP_SECONDS),
    ],
)
async def test_it_is_tried_again_when_slack_says(
    bench: Bench, error: MessageError, tries: int, seconds: float
):
    """As long as Slack asks for, else ever longer up to a minute; the row stays unsettled."""
    await bench.store.add_match(match())
    bench.messenger.errors = [error]
    assert await bench.notices.attempt(ANA, match().id, tries) == seconds
    assert await bench.store.unsettled(ANA.team) == [(ANA, match().id)]


async def test_a_remark_is_told_as_soon_as_slack_takes_it(bench: Bench):
    """A notice without a row waits as Slack asks, and is told once."""
    bench.messenger.errors = [MessageDelayed("ratelimited", 5.0), MessageUnsure("no_answer")]
    bench.notices.tell(ANA, LinkRefused(link()))
    await bench.pass_time(4)
    assert len(bench.asked("tell")) == 1
    await bench.pass_time(10)
    assert bench.told() == [LinkRefused(link())]
    assert len(bench.asked("tell")) == 3


@pytest.mark.parametrize(
    ("errors", "tries"),
    [
        ([MessageRefused("user_disabled")], 1),
        ([MessageUnsure("no_answer")] * 9, TRIES_OF_A_REMARK),
    ],
)
async def test_a_remark_is_given_up(bench: Bench, errors: list[Exception], tries: int):
    """At once when refused, else after some tries: what it says stands in the status too."""
    bench.messenger.errors = errors
    bench.notices.tell(ANA, LinkRefused(link()))
    await bench.pass_time(600, step=10)
    assert len(bench.asked("tell")) == tries
    assert bench.told() == []
    assert bench.clock.sleepers == {}
