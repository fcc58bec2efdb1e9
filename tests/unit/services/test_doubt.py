"""After a long silence the database may be an old copy: what the list shows is looked for first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.services.matches import DOUBT, SILENCE
from slackbot.services.notices import LANDING_SECONDS
from tests.fakes import ANA, EXPO, YAN, link, row, sighting, wish
from tests.workbench import Bench

TELL, FIND = "tell MatchFound", "find"


async def the_list_shows(bench: Bench, *minutes: int) -> None:
    """The platform's list has rows of these minutes; what is missing is told."""
    bench.platform.listed = [row(minute=minute) for minute in minutes]
    await bench.matches.reconcile(link(), wish())
    await bench.pass_time(LANDING_SECONDS + 1)


@pytest.mark.parametrize(
    ("silence", "asked"),
    [
        (None, [TELL]),
        (timedelta(0), [TELL]),
        (SILENCE - timedelta(seconds=1), [TELL]),
        (SILENCE, [FIND, TELL]),
        (timedelta(days=1), [FIND, TELL]),
    ],
)
async def test_after_a_silence_what_the_list_shows_is_looked_for(
    bench: Bench, silence: timedelta | None, asked: list[str]
):
    """After two minutes somebody may have told it whom this database forgot; else nobody has."""
    await bench.linked()
    bench.matches.doubt(silence)
    await the_list_shows(bench, 1)
    assert bench.asked("find", "tell") == asked


async def test_what_was_told_before_the_copy_is_not_told_again(bench: Bench):
    """Restored from last night: today's matches stand in the list and in the direct messages."""
    await bench.linked()
    await the_list_shows(bench, 1, 2)
    assert bench.asked("tell") == [TELL, TELL]
    await bench.store.forget(ANA)
    await bench.store.save_link(link())
    bench.delivery.begun.clear()
    bench.journal.clear()
    bench.matches.doubt(timedelta(hours=9))
    await the_list_shows(bench, 1, 2)
    assert bench.asked("find", "tell") == [FIND, FIND]
    outcomes = {match.outcome for match in await bench.store.matches(ANA, EXPO)}
    assert outcomes == {"told"}


async def test_the_doubt_ends(bench: Bench):
    """For half an hour; then what the list shows is new again."""
    await bench.linked()
    bench.matches.doubt(SILENCE)
    await bench.pass_time(DOUBT.total_seconds() - 60, step=30)
    await the_list_shows(bench, 1)
    await bench.pass_time(60, step=30)
    await the_list_shows(bench, 1, 2)
    assert bench.asked("find", "tell") == [FIND, TELL, TELL]


async def test_what_the_socket_tells_is_never_doubted(bench: Bench):
    """It tells at the moment in which two people are paired, so nobody can have told it."""
    await bench.available()
    bench.matches.doubt(timedelta(days=1))
    await bench.matches.receive(ANA, EXPO, [sighting(YAN)])
    await bench.quiet()
    assert bench.asked("find", "tell") == [TELL]
