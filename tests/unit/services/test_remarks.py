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
from tests.fakes import ANA, BEN, link
from tests.workbench import Bench

OVER = SessionOver("Coffee")
TELL, FIND = "tell SessionOver", "find"


async def remark(bench: Bench, *, fresh: bool = True) -> asyncio.Task[None]:
    """Begin to tell Ana that the session is over; whatever needs no waiting is done."""
    work = bench.notices.remark(ANA, "key", OVER, look_first=not fresh, sleep=bench.clock.sleep)
    telling = bench.background.start(work, "remark")
    await bench.quiet()
    return telling


async def test_a_remark_is_told_with_its_key(bench: Bench):
    """So that it can be found again; a fresh one is not looked for."""
    await remark(bench)
    assert bench.journal == [TELL]
    assert bench.told() == [OVER]
    assert await bench.messenger.find(ANA, "key", None) == Posted("D-U1", "1.0")


async def test_a_remark_that_may_stand_there_is_looked_for_first(bench: Bench):
    """Begun in another life: where it stands it is not told again, where it does not it is."""
    await remark(bench, fresh=False)
    await bench.pass_time(LANDING_SECONDS)
    await remark(bench, fresh=False)
    await bench.pass_time(LANDING_SECONDS)
    assert bench.journal == [FIND, TELL, FIND]


async def test_a_remark_waits_as_slack_asks_and_is_looked_for_when_in_doubt(bench: Bench):
    """The same care as for a match: told once."""
    bench.messenger.errors = [MessageDelayed("ratelimited", 5.0), MessageUnsure("no_answer")]
    await remark(bench)
    await bench.pass_time(4)
    assert bench.journal == [TELL]
    await bench.pass_time(10)
    assert bench.journal == [TELL, TELL, FIND, TELL]
    assert bench.told() == [OVER]


@pytest.mark.parametrize("error", [MessageRefused, PersonUnreachable])
async def test_a_refused_remark_is_given_up_at_once(bench: Bench, error: type[MessageRefused]):
    """What it says stands in the status too."""
    bench.messenger.errors = [error("user_disabled")]
    telling = await remark(bench)
    assert telling.done()
    assert bench.told() == []


async def test_whom_no_remark_reaches_is_let_go(bench: Bench):
    """As with a match: the status says why, the feed ends; the next remark taken undoes it."""
    await bench.available()
    bench.messenger.errors = [PersonUnreachable("user_disabled")]
    await remark(bench)
    assert await bench.store.link(ANA) == link(unreachable="user_disabled")
    assert bench.feed.health(ANA) is None
    await remark(bench)
    assert await bench.store.link(ANA) == link()


@pytest.mark.parametrize("error", [MessageUnsure("no_answer"), MessageDelayed("ratelimited", 60)])
async def test_a_remark_is_news_for_an_hour(bench: Bench, error: Exception):
    """So long it is tried; a minute later it is told no more."""
    bench.messenger.errors = [error] * 200
    telling = await remark(bench)
    await bench.pass_time(REMARK_AGE.total_seconds() - 60, step=30)
    assert not telling.done()
    await bench.pass_time(180, step=30)
    assert telling.done()
    assert bench.told() == []
    assert bench.clock.sleepers == {}


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


async def test_the_key_keeps_people_apart(bench: Bench):
    """Another person's remark with the same key is another one."""
    await remark(bench)
    assert await bench.messenger.find(BEN, "key", None) is None
