"""Notices that have no row: told once by their key, and no news any more after an hour."""

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
from tests.harness.fakes import ANA, BEN, link
from tests.harness.services import Harness

OVER = SessionOver("Coffee")
TELL, FIND = "tell SessionOver", "find"


async def remark(harness: Harness, *, fresh: bool = True) -> asyncio.Task[None]:
    """Begin to tell Ana that the session is over; whatever needs no waiting is done."""
    work = harness.notices.remark(ANA, "key", OVER, look_first=not fresh, sleep=harness.clock.sleep)
    telling = harness.background.start(work, "remark")
    await harness.quiet()
    return telling


async def test_a_remark_is_told_with_its_key(harness: Harness):
    """So that it can be found again; a fresh one is not looked for."""
    await remark(harness)
    assert harness.journal == [TELL]
    assert harness.told() == [OVER]
    assert await harness.messenger.find(ANA, "key", None) == Posted("D-U1", "1.0")


async def test_a_remark_that_may_stand_there_is_looked_for_first(harness: Harness):
    """Begun in another life: where it stands it is not told again, where it does not it is."""
    await remark(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    await remark(harness, fresh=False)
    await harness.pass_time(LANDING_SECONDS)
    assert harness.journal == [FIND, TELL, FIND]


async def test_a_remark_waits_as_slack_asks_and_is_looked_for_when_in_doubt(harness: Harness):
    """The same care as for a match: told once."""
    harness.messenger.errors = [MessageDelayed("ratelimited", 5.0), MessageUnsure("no_answer")]
    await remark(harness)
    await harness.pass_time(4)
    assert harness.journal == [TELL]
    await harness.pass_time(10)
    assert harness.journal == [TELL, TELL, FIND, TELL]
    assert harness.told() == [OVER]


@pytest.mark.parametrize("error", [MessageRefused, PersonUnreachable])
async def test_a_refused_remark_is_given_up_at_once(harness: Harness, error: type[MessageRefused]):
    """What it says stands in the status too."""
    harness.messenger.errors = [error("user_disabled")]
    telling = await remark(harness)
    assert telling.done()
    assert harness.told() == []


async def test_whom_no_remark_reaches_is_let_go(harness: Harness):
    """As with a match: the status says why, the feed ends; the next remark taken undoes it."""
    await harness.available()
    harness.messenger.errors = [PersonUnreachable("user_disabled")]
    await remark(harness)
    assert await harness.store.links.get(ANA) == link(unreachable="user_disabled")
    assert harness.feed.health(ANA) is None
    await remark(harness)
    assert await harness.store.links.get(ANA) == link()


@pytest.mark.parametrize("error", [MessageUnsure("no_answer"), MessageDelayed("ratelimited", 60)])
async def test_a_remark_is_news_for_an_hour(harness: Harness, error: Exception):
    """So long it is tried; a minute later it is told no more."""
    harness.messenger.errors = [error] * 200
    telling = await remark(harness)
    await harness.pass_time(REMARK_AGE.total_seconds() - 60, step=30)
    assert not telling.done()
    await harness.pass_time(180, step=30)
    assert telling.done()
    assert harness.told() == []
    assert harness.clock.sleepers == {}


@pytest.mark.parametrize("told", [LinkRefused(), OVER, AvailabilityLost("Tea", "session_full")])
def test_a_remark_outlives_the_process_as_plain_values(told: Remark):
    """Packed as JSON's words and read again it is the same, and every kind has its own name."""
    values = packed(told)
    assert all(isinstance(part, str) for pair in values.items() for part in pair)
    assert unpacked(values) == told
    assert values["kind"] == kind_of(told)


def test_values_that_are_no_remark_are_refused():
    """A newer version's kind is not taken for another."""
    with pytest.raises(KeyError):
        unpacked({"kind": "match_found"})
    with pytest.raises(TypeError):
        unpacked({"kind": "session_over", "headline": "x"})


async def test_the_key_keeps_people_apart(harness: Harness):
    """Another person's remark with the same key is another one."""
    await remark(harness)
    assert await harness.messenger.find(BEN, "key", None) is None
