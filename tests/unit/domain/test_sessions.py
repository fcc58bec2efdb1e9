"""The phase of sessions, their order, and the choice of one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.domain.errors import AmbiguousSession, NoSuchSession, NothingLive
from slackbot.domain.model import SessionScope
from slackbot.domain.sessions import choose, in_order, phase, session_number
from tests.harness.fakes import NOON, session

HOUR = timedelta(hours=1)
PAST = {"starts_at": NOON - 2 * HOUR, "ends_at": NOON}
LATER = {"starts_at": NOON + HOUR, "ends_at": NOON + 2 * HOUR}
COFFEE = session(7, "Coffee with founders")
FOUNDERS = session(8, "Founders")
EVENING = session(9, "Evening mixer", **LATER)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, SessionScope.LIVE),
        ({"starts_at": NOON}, SessionScope.LIVE),
        ({"starts_at": None, "ends_at": None}, SessionScope.LIVE),
        ({"starts_at": None}, SessionScope.LIVE),
        (PAST, SessionScope.PAST),
        (LATER, SessionScope.UPCOMING),
        ({"starts_at": NOON + HOUR, "ends_at": None}, SessionScope.UPCOMING),
    ],
)
def test_the_phase_goes_by_the_times(times: dict[str, object], expected: SessionScope):
    """A session is live from its start until its end; without times it counts as live."""
    assert phase(session(**times), NOON) is expected


def test_live_comes_first_then_upcoming_then_past():
    """Live and upcoming sessions by start, past ones latest first; ties by id."""
    shown = [
        session(1, **PAST | {"starts_at": NOON - 3 * HOUR}),
        session(2, **PAST),
        session(3, **LATER | {"starts_at": NOON + 2 * HOUR}),
        session(5, **LATER),
        session(4, **LATER),
        session(6),
        session(7, starts_at=None, ends_at=None),
    ]
    assert [s.id for s in in_order(shown, NOON)] == [7, 6, 4, 5, 3, 2, 1]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("8", FOUNDERS),
        (" 7 ", COFFEE),
        ("founders", FOUNDERS),
        ("  FOUNDERS ", FOUNDERS),
        ("coffee", COFFEE),
        ("founders coffee", COFFEE),
        ("mix", EVENING),
    ],
)
def test_a_session_is_meant_by_id_or_by_words(typed: str, expected: object):
    """Words in any order and case; a whole title wins over titles that contain it."""
    assert choose([COFFEE, FOUNDERS, EVENING], typed, NOON) == expected


def test_an_empty_query_means_the_only_live_session():
    """The only live session is meant, or the only live one that the person has joined."""
    assert choose([COFFEE, EVENING], "", NOON) == COFFEE
    joined = session(8, "Founders", registered=True)
    assert choose([COFFEE, joined, EVENING], "  ", NOON) == joined


def test_nothing_is_guessed():
    """Nothing live, nothing fitting and several fitting are three errors."""
    with pytest.raises(NothingLive):
        choose([EVENING], "", NOON)
    with pytest.raises(NoSuchSession) as missing:
        choose([COFFEE], " tea ", NOON)
    assert missing.value.query == "tea"
    with pytest.raises(AmbiguousSession) as several:
        choose([COFFEE, FOUNDERS, EVENING], "o", NOON)
    assert several.value.candidates == (COFFEE, FOUNDERS)
    both = [session(n, "Twins", registered=True) for n in (1, 2)]
    with pytest.raises(AmbiguousSession):
        choose(both, "twins", NOON)


@pytest.mark.parametrize(
    ("typed", "number"),
    [("7", 7), (" 11645 ", 11645), ("7 up", None), ("", None), ("٧", None), ("9" * 19, None)],
)
def test_only_plain_digits_are_an_id(typed: str, number: int | None):
    """Text that the platform could not take as an id is words of a title."""
    assert session_number(typed) == number
