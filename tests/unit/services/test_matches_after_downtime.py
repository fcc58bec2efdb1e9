"""After a long downtime the database may be an old backup: search before sending."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.services.matches import DOWNTIME, RECHECK_PERIOD
from slackbot.services.notices import LANDING_SECONDS, SENT
from tests.harness.fakes import ANA, EXPO, YAN, availability, link, report, row
from tests.harness.services import Harness

SEND, FIND = "send MatchFound", "find"


async def list_matches(harness: Harness, *minutes: int) -> None:
    """Give the platform's list rows of these minutes and reconcile with it."""
    harness.platform.listed = [row(minute=minute) for minute in minutes]
    await harness.matches.reconcile(link(), availability())
    await harness.pass_time(LANDING_SECONDS + 1)


@pytest.mark.parametrize(
    ("downtime", "journal"),
    [
        (None, [SEND]),
        (timedelta(0), [SEND]),
        (DOWNTIME - timedelta(seconds=1), [SEND]),
        (DOWNTIME, [FIND, SEND]),
        (timedelta(days=1), [FIND, SEND]),
    ],
)
async def test_after_a_downtime_listed_matches_are_searched_for(
    harness: Harness, downtime: timedelta | None, journal: list[str]
):
    """Only a downtime of two minutes or more can hide messages from this database."""
    await harness.linked()
    harness.matches.assume_stale_backup(downtime)
    await list_matches(harness, 1)
    assert harness.asked("find", "send") == journal


async def test_matches_sent_after_the_backup_are_not_sent_again(harness: Harness):
    """Matches that are in the list and in the direct messages are found there."""
    await harness.linked()
    await list_matches(harness, 1, 2)
    assert harness.asked("send") == [SEND, SEND]
    await harness.store.people.forget(ANA)
    await harness.store.links.save(link())
    harness.delivery.rows.clear()
    harness.journal.clear()
    harness.matches.assume_stale_backup(timedelta(hours=9))
    await list_matches(harness, 1, 2)
    assert harness.asked("find", "send") == [FIND, FIND]
    outcomes = {match.outcome for match in await harness.store.matches.list_for(ANA, EXPO)}
    assert outcomes == {SENT}


async def test_the_recheck_period_ends(harness: Harness):
    """After half an hour listed matches are sent without a search."""
    await harness.linked()
    harness.matches.assume_stale_backup(DOWNTIME)
    await harness.pass_time(RECHECK_PERIOD.total_seconds() - 60, step=30)
    await list_matches(harness, 1)
    await harness.pass_time(60, step=30)
    await list_matches(harness, 1, 2)
    assert harness.asked("find", "send") == [FIND, SEND, SEND]


async def test_reports_of_the_socket_are_always_new(harness: Harness):
    """The socket reports at the moment of the pairing, so nobody can have sent it."""
    await harness.available()
    harness.matches.assume_stale_backup(timedelta(days=1))
    await harness.matches.receive(ANA, EXPO, [report(YAN)])
    await harness.quiet()
    assert harness.asked("find", "send") == [SEND]
