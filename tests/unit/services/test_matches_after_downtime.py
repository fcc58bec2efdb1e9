"""The database may lack its latest rows: search before sending."""

from __future__ import annotations

from copy import copy

import pytest

from slackbot.domain.workers import RECHECK_PERIOD
from slackbot.services.notices import LANDING_SECONDS, SENT
from tests.harness.fakes import ANA, EXPO, YAN, availability, connect, link, report, row
from tests.harness.services import Harness

SEND, FIND = "send MatchFound", "find"


async def list_matches(harness: Harness, *minutes: int) -> None:
    """Give the platform's list rows of these minutes and reconcile with it."""
    harness.platform.listed = [row(minute=minute) for minute in minutes]
    await harness.matches.reconcile(link(), availability())
    await harness.pass_time(LANDING_SECONDS + 1)


@pytest.mark.parametrize(("missing", "journal"), [(False, [SEND]), (True, [FIND, SEND])])
async def test_if_rows_may_be_missing_listed_matches_are_searched_for(
    harness: Harness, missing: bool, journal: list[str]
):
    """A match that looks new may have been sent by what the database does not know any more."""
    await harness.linked()
    if missing:
        harness.matches.assume_missing_rows()
    await list_matches(harness, 1)
    assert harness.asked("find", "send") == journal


class Moved:
    """The knowledge that the database failed over lately."""

    async def recent(self) -> bool:
        return True


async def test_after_a_failover_listed_matches_are_searched_for(harness: Harness):
    """Noticed while the bot runs, when the first of them has been stored on the new server."""
    await harness.linked()
    harness.matches.store = copy(harness.store)
    harness.matches.store.failovers = Moved()
    await list_matches(harness, 1)
    assert harness.asked("find", "send") == [FIND, SEND]


async def test_matches_sent_after_the_backup_are_not_sent_again(harness: Harness):
    """Matches that are in the list and in the direct messages are found there."""
    await harness.linked()
    await list_matches(harness, 1, 2)
    assert harness.asked("send") == [SEND, SEND]
    await harness.store.people.forget(ANA)
    await connect(harness.store, link())
    harness.delivery.rows.clear()
    harness.journal.clear()
    harness.matches.assume_missing_rows()
    await list_matches(harness, 1, 2)
    assert harness.asked("find", "send") == [FIND, FIND]
    outcomes = {match.outcome for match in await harness.store.matches.list_for(ANA, EXPO)}
    assert outcomes == {SENT}


async def test_the_recheck_period_ends(harness: Harness):
    """After half an hour listed matches are sent without a search."""
    await harness.linked()
    harness.matches.assume_missing_rows()
    await harness.pass_time(RECHECK_PERIOD.total_seconds() - 60, step=30)
    await list_matches(harness, 1)
    await harness.pass_time(60, step=30)
    await list_matches(harness, 1, 2)
    assert harness.asked("find", "send") == [FIND, SEND, SEND]


async def test_reports_of_the_socket_are_always_new(harness: Harness):
    """The socket reports at the moment of the pairing, so nobody can have sent it."""
    await harness.available()
    harness.matches.assume_missing_rows()
    await harness.matches.receive(link(), [report(YAN)])
    await harness.quiet()
    assert harness.asked("find", "send") == [SEND]
