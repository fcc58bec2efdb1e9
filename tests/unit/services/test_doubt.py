"""After a long silence the database may be an old copy: what the list shows is looked for first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.services.matches import DOWNTIME, RECHECK_PERIOD
from slackbot.services.notices import LANDING_SECONDS
from tests.harness.fakes import ANA, EXPO, YAN, link, report, row, wish
from tests.harness.services import Harness

TELL, FIND = "tell MatchFound", "find"


async def the_list_shows(harness: Harness, *minutes: int) -> None:
    """The platform's list has rows of these minutes; what is missing is told."""
    harness.platform.listed = [row(minute=minute) for minute in minutes]
    await harness.matches.reconcile(link(), wish())
    await harness.pass_time(LANDING_SECONDS + 1)


@pytest.mark.parametrize(
    ("silence", "asked"),
    [
        (None, [TELL]),
        (timedelta(0), [TELL]),
        (DOWNTIME - timedelta(seconds=1), [TELL]),
        (DOWNTIME, [FIND, TELL]),
        (timedelta(days=1), [FIND, TELL]),
    ],
)
async def test_after_a_silence_what_the_list_shows_is_looked_for(
    harness: Harness, silence: timedelta | None, asked: list[str]
):
    """After two minutes somebody may have told it whom this database forgot; else nobody has."""
    await harness.linked()
    harness.matches.assume_stale_backup(silence)
    await the_list_shows(harness, 1)
    assert harness.asked("find", "tell") == asked


async def test_what_was_told_before_the_copy_is_not_told_again(harness: Harness):
    """Restored from last night: today's matches stand in the list and in the direct messages."""
    await harness.linked()
    await the_list_shows(harness, 1, 2)
    assert harness.asked("tell") == [TELL, TELL]
    await harness.store.people.forget(ANA)
    await harness.store.links.save(link())
    harness.delivery.begun.clear()
    harness.journal.clear()
    harness.matches.assume_stale_backup(timedelta(hours=9))
    await the_list_shows(harness, 1, 2)
    assert harness.asked("find", "tell") == [FIND, FIND]
    outcomes = {match.outcome for match in await harness.store.matches.list_for(ANA, EXPO)}
    assert outcomes == {"told"}


async def test_the_doubt_ends(harness: Harness):
    """For half an hour; then what the list shows is new again."""
    await harness.linked()
    harness.matches.assume_stale_backup(DOWNTIME)
    await harness.pass_time(RECHECK_PERIOD.total_seconds() - 60, step=30)
    await the_list_shows(harness, 1)
    await harness.pass_time(60, step=30)
    await the_list_shows(harness, 1, 2)
    assert harness.asked("find", "tell") == [FIND, TELL, TELL]


async def test_what_the_socket_tells_is_never_doubted(harness: Harness):
    """It tells at the moment in which two people are paired, so nobody can have told it."""
    await harness.available()
    harness.matches.assume_stale_backup(timedelta(days=1))
    await harness.matches.receive(ANA, EXPO, [report(YAN)])
    await harness.quiet()
    assert harness.asked("find", "tell") == [TELL]
