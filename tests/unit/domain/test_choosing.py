"""Which session is meant, and in which order sessions stand."""

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
    """Both ends count as the platform has them; without times the platform decides: live."""
    assert phase(session(**times), NOON) is expected


def test_live_comes_first_and_the_latest_of_the_past():
    """Live by start, then upcoming by start, then past with the latest first; ties by id."""
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
    """Words in any order and case; a title typed whole wins over those that contain it."""
    assert choose([COFFEE, FOUNDERS, EVENING], typed, NOON) == expected


def test_saying_nothing_means_the_only_live_session():
    """Without words the one live session is meant, or the only live one joined already."""
    assert choose([COFFEE, EVENING], "", NOON) == COFFEE
    joined = session(8, "Founders", registered=True)
    assert choose([COFFEE, joined, EVENING], "  ", NOON) == joined


def test_nothing_is_guessed():
    """Nothing live, nothing fitting and several fitting are three errors; a choice is offered."""
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
    """What the platform could not take as an id is words."""
    assert session_number(typed) == number
