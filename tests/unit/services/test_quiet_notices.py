"""Preferences decide which notices are sent and when; a match is always sent at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest

from slackbot.domain.model import Epoch
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    MatchFound,
    PartnerLeft,
    Recap,
    Remark,
    SessionOver,
    StillThere,
    is_urgent,
    notice_key,
)
from slackbot.domain.preferences import NoticeKind
from slackbot.services.notices import QUIET_CAP_SECONDS
from tests.harness.fakes import ANA, NOON, epoch_of, report
from tests.harness.services import Harness

STILL = StillThere("Coffee", "7", NOON.isoformat(), "")
RECAP = Recap("expo", "3", "2")


async def remark(harness: Harness, what: Remark, occasion: int = 0) -> None:
    key = notice_key(type(what).__name__, Epoch(epoch_of(ANA)), occasion)
    await harness.delivery.remark(ANA, key, what)
    await harness.quiet()


async def test_quiet_hours_hold_back_until_they_end(harness: Harness) -> None:
    """To the minute, and for longer than a notice is otherwise kept."""
    await harness.linked()
    await harness.preferences.change(ANA, quiet_from=11 * 60, quiet_to=15 * 60)
    await remark(harness, RECAP)
    await harness.pass_time(3 * 3600 - 1, step=QUIET_CAP_SECONDS)
    assert harness.sent() == []
    await harness.pass_time(QUIET_CAP_SECONDS, step=QUIET_CAP_SECONDS)
    assert harness.sent() == [RECAP]


async def test_quiet_hours_are_those_of_the_person(harness: Harness) -> None:
    """In the zone where they are now; if Slack does not say, in that of their last change."""
    await harness.linked()
    harness.zone = timezone(timedelta(hours=-5))
    await harness.preferences.change(ANA, quiet_from=11 * 60, quiet_to=15 * 60)
    await remark(harness, RECAP)
    assert len(harness.sent()) == 1
    harness.zone = UTC
    await remark(harness, RECAP, 1)
    assert len(harness.sent()) == 1


async def test_a_match_is_sent_in_quiet_hours(harness: Harness) -> None:
    """The person has said that they are available."""
    await harness.available()
    await harness.preferences.change(ANA, quiet_from=0, quiet_to=23 * 60 + 59)
    harness.feed.send(ANA, report())
    await harness.quiet()
    assert [type(notice) for notice in harness.sent()] == [MatchFound]


@pytest.mark.parametrize(
    "urgent",
    [
        AvailabilityLost("Coffee", "session_full"),
        PartnerLeft("Ben", "Coffee", "7", "0" * 16, "", "False"),
        SessionOver("Coffee"),
        STILL,
    ],
)
async def test_what_changes_an_availability_is_sent_in_quiet_hours(
    harness: Harness, urgent: Remark
) -> None:
    """The person takes part, and would wait in vain for a partner."""
    await harness.linked()
    await harness.preferences.change(ANA, quiet_from=0, quiet_to=23 * 60 + 59)
    await remark(harness, urgent)
    assert harness.sent() == [urgent]


@pytest.mark.parametrize("title", ["Coffee", ""])
def test_a_refused_login_is_urgent_while_available(title: str) -> None:
    """Others can connect again tomorrow."""
    assert is_urgent(LinkRefused("expo", title)) == bool(title)


@pytest.mark.parametrize("name", ["Mars/Olympus", "America", "../x"])
async def test_hours_in_a_zone_that_this_machine_lacks_are_those_of_utc(
    harness: Harness, name: str
) -> None:
    """Another machine wrote its name; the notice comes all the same."""
    await harness.linked()
    known = await harness.preferences.change(ANA, quiet_from=11 * 60, quiet_to=15 * 60)
    await harness.store.preferences.save(replace(known, zone=name))
    assert await harness.preferences.quiet_until(ANA) == NOON + timedelta(hours=3)


async def test_what_is_switched_off_is_not_sent(harness: Harness) -> None:
    """Neither then nor once it is switched on again."""
    await harness.linked()
    await harness.preferences.change(ANA, muted=frozenset({NoticeKind.STILL_THERE}))
    await remark(harness, STILL)
    await harness.preferences.change(ANA, muted=frozenset())
    await harness.pass_time(600)
    assert harness.sent() == []
    await remark(harness, STILL, 1)
    assert harness.sent() == [STILL]


async def test_who_has_left_is_not_written_to_after_quiet_hours(harness: Harness) -> None:
    """The notice dies with the person."""
    await harness.linked()
    await harness.preferences.change(ANA, quiet_from=11 * 60, quiet_to=15 * 60)
    await remark(harness, RECAP)
    await harness.accounts.disconnect(ANA)
    await harness.pass_time(4 * 3600, step=QUIET_CAP_SECONDS)
    assert harness.sent() == []
