"""Notices without a row: sent once by their key, and dropped after an hour."""

from __future__ import annotations

import asyncio

import pytest

from slackbot.domain.errors import MessageDelayed, MessageRefused, MessageUnsure, PersonUnreachable
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    Remark,
    SessionOver,
    kind_of,
    packed,
    unpacked,
)
from slackbot.domain.ports import Posted
from slackbot.services.notices import LANDING_SECONDS, REMARK_AGE
from tests.harness.fakes import ANA, BEN, connect, link
from tests.harness.services import Harness

OVER = SessionOver("Coffee")
SEND, FIND = "send SessionOver", "find"


async def remark(harness: Harness, *, fresh: bool = True) -> asyncio.Task[None]:
    """Begin to send Ana the end of the session, up to the first wait."""
    await connect(harness.store, link())
    work = harness.notices.remark(ANA, "key", OVER, look_first=not fresh, sleep=harness.clock.sleep)
    sending = harness.background.start(work, "remark")
    await harness.quiet()
    return sending


async def test_a_remark_is_sent_with_its_key(harness: Harness):
    """A fresh remark is sent without a search, and can be found by its key."""
    await remark(harness)
    assert harness.journal == [SEND]
    assert harness.sent() == [OVER]
    assert await harness.messenger.find(ANA, "key", None) == Posted("D-U1", "1.0")


async def test_a_remark_that_may_be_sent_is_searched_for_first(harness: Harness):
    """A remark begun by an earlier process is sent only if it cannot be found."""
    await remark(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    await remark(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [FIND, SEND, FIND]


async def test_a_remark_obeys_delays_and_unsure_answers(harness: Harness):
    """As for a match: it waits as Slack asks, searches when unsure, and is sent once."""
    harness.messenger.errors = [MessageDelayed("ratelimited", 5.0), MessageUnsure("no_answer")]
    await remark(harness)
    await harness.pass_time(4)
    assert harness.journal == [SEND]
    await harness.pass_time(10)
    assert harness.journal == [SEND, SEND, FIND, SEND]
    assert harness.sent() == [OVER]


async def test_a_remark_to_nobody_is_given_up_at_once(harness: Harness):
    """No message reaches the person, and the status says why."""
    harness.messenger.errors = [PersonUnreachable("user_disabled")]
    sending = await remark(harness)
    assert sending.done()
    assert harness.sent() == []


async def test_an_unreachable_persons_feed_stops(harness: Harness):
    """The status says why and the feed stops; the next accepted remark clears that."""
    await harness.available()
    harness.messenger.errors = [PersonUnreachable("user_disabled")]
    await remark(harness)
    assert await harness.store.links.get(ANA) == link(unreachable="user_disabled")
    assert harness.feed.health(ANA) is None
    await remark(harness)
    assert await harness.store.links.get(ANA) == link()


@pytest.mark.parametrize(
    "error",
    [MessageUnsure("no_answer"), MessageDelayed("ratelimited", 60), MessageRefused("odd_word")],
)
async def test_a_remark_is_tried_for_an_hour(harness: Harness, error: Exception):
    """A remark is tried for an hour, and then dropped."""
    harness.messenger.errors = [error] * 200
    sending = await remark(harness)
    await harness.pass_time(REMARK_AGE.total_seconds() - 60, step=30)
    assert not sending.done()
    await harness.pass_time(300, step=30)
    assert sending.done()
    assert harness.sent() == []
    assert harness.clock.sleepers == {}


@pytest.mark.parametrize("notice", [LinkRefused(), OVER, AvailabilityLost("Tea", "session_full")])
def test_a_remark_outlives_the_process_as_plain_values(notice: Remark):
    """Packed as JSON and read again it is the same, and every kind has its own name."""
    values = packed(notice)
    assert all(isinstance(part, str) for pair in values.items() for part in pair)
    assert unpacked(values) == notice
    assert values["kind"] == kind_of(notice)


def test_values_that_are_no_remark_are_refused():
    """A kind of a newer version is not mistaken for another."""
    with pytest.raises(KeyError):
        unpacked({"kind": "match_found"})
    with pytest.raises(TypeError):
        unpacked({"kind": "session_over", "headline": "x"})


async def test_the_key_keeps_people_apart(harness: Harness):
    """The same key of another person is another remark."""
    await remark(harness)
    assert await harness.messenger.find(BEN, "key", None) is None
