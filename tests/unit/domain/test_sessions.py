"""The phase of sessions, their order, and the choice of one."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import timedelta
from types import FrameType
from zoneinfo import ZoneInfo

import pytest

from slackbot.domain.errors import AmbiguousSession, NoSuchSession, NothingLive
from slackbot.domain.model import SessionId, SessionScope
from slackbot.domain.sessions import (
    Day,
    SessionFilter,
    choose,
    in_order,
    linked_event,
    names_session,
    phase,
    session_number,
)
from slackbot.domain.text import POLITE, without_words
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


def test_words_are_joined_from_the_beginning_of_one():
    """A text that only ends one word and begins the next is not in the title."""
    private = session(5, "Private Asia")
    assert choose([private], "privateasia", NOON) == private
    with pytest.raises(NoSuchSession):
        choose([private], "tea", NOON)


@pytest.mark.parametrize(
    ("live", "upcoming", "typed", "expected"),
    [
        (["☕ Networking"], ["🍕 Networking"], "🍕 networking", 20),
        ([":de: Founders"], [":fr: Founders"], ":fr: founders", 20),
        (["1️⃣ Networking"], ["2️⃣ Networking"], "2️⃣ Networking", 20),
        (["🚀 Launch"], ["Launch"], "🚀 launch", 10),
        (["Is land"], ["Island"], "island", 20),
        (["Is land"], ["Island hopping"], "island", 20),
        (["Coffee"], ["Table 20"], "table 20", 20),
        (["Coffee"], ["Table 10"], "table 10", 20),
        (["Session 12"], ["Session 1"], "session 1", 20),
        (["Session 20"], ["Coffee"], "20", 20),
        (["Session 20"], ["Coffee"], "session 20", 10),
        (["Women's circle"], ["Men's circle"], "men's circle", 20),
        (["Women's circle"], ["The men's circle"], "men's circle", 20),
        (["Networking"], ["Networking"], "networking", 10),
        (["Networking day"], ["Networking"], "networking", 20),
        (["Networking day"], ["Networking night"], "networking", 10),
        (["Resume"], ["Résumé"], "résumé", 20),
        (["Day 20"], ["Day 2, afternoon"], "day2", 20),
        (["周末交流会"], ["东京"], "交流会", 10),
    ],
)
def test_a_better_session_wins_over_a_live_one(
    live: list[str], upcoming: list[str], typed: str, expected: int
):
    """A title or an id that is typed whole wins in either list, then words of a live one."""
    open_now = [session(10 + n, title) for n, title in enumerate(live)]
    later = [session(20 + n, title, **LATER) for n, title in enumerate(upcoming)]
    assert choose(open_now, typed, NOON, later).id == expected


@pytest.mark.parametrize(
    ("title", "typed"),
    [
        ("☕ Networking", "🍕 networking"),
        (":de: Founders", ":fr: founders"),
        ("Session 12", "session 1"),
        ("Day 20", "day2"),
        ("Women's circle", "men's circle"),
        ("Is land", "sland"),
    ],
)
def test_a_similar_title_is_another_session(title: str, typed: str):
    """Another emoji, a longer number and the end of a word are differences."""
    with pytest.raises(NoSuchSession):
        choose([session(10, title)], typed, NOON)
    assert not names_session(typed, SessionId(10), title)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        *[("now", 7), ("please", 7), ("right now please", 7), ("again", 7)],
        *[("coffee please", 7), ("Please, Coffee now!", 7), ("now what", 3), ("thanks", 4)],
    ],
)
def test_polite_words_mean_nothing(typed: str, expected: int):
    """Unless they are in a title."""
    later = [session(3, "What now?", **LATER), session(4, "Thanks", **LATER)]
    assert choose([COFFEE], typed, NOON, later).id == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("in First Network Session", 5),
        ("for the first network session please", 5),
        ("right now in First Network Session", 5),
        ("in 6", 6),
        ("for session #6", 6),
        ("in conversation", 6),
        ("in tea", 8),
        ("to founders", 9),
        ("for session 20", 20),
    ],
)
def test_words_may_lead_to_a_title(typed: str, expected: int):
    """As the bot says it itself: *You're available in …*. A title may begin with such a word."""
    titles = {5: "First Network Session", 6: "In conversation with Ada", 7: "Investors' tea",
              8: "Tea", 9: "Founders meet investors", 20: "Session 20"}  # fmt: skip
    sessions = [session(number, title) for number, title in titles.items()]
    assert choose(sessions, typed, NOON).id == expected
    assert names_session(without_words(typed, POLITE), SessionId(expected), titles[expected])


@pytest.mark.parametrize(
    "typed", ["today", "anywhere", "for anyone", "in any session", "the session"]
)
def test_words_may_name_no_session(typed: str):
    """Then the one that is live is meant, unless a title has them."""
    assert choose([COFFEE], typed, NOON, [EVENING]) == COFFEE
    named = session(9, f"Networking {typed}", **LATER)
    assert choose([COFFEE], typed, NOON, [named]) == named
    with pytest.raises(NoSuchSession):
        choose([COFFEE], f"{typed} with otters", NOON)


def test_a_query_is_read_once():
    """It is not read again for each of hundreds of sessions."""
    sessions = [session(n, f"Round {n} for founders", tracks=("Main",)) for n in range(500)]
    query, reads = "networking ❤️ " + "Straße " * 25, Counter[str]()

    def count(frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            reads[frame.f_code.co_qualname] += 1

    filters = SessionFilter(words=query), SessionFilter(track=query)
    sys.setprofile(count)
    try:
        with pytest.raises(NoSuchSession):
            choose(sessions, query, NOON)
        assert not any(only.keeps(each, NOON, None) for only in filters for each in sessions)
    finally:
        sys.setprofile(None)
    assert reads["SessionFilter.keeps"] == len(filters) * len(sessions)
    assert reads["SessionQuery.read"] <= 3


def test_nothing_is_guessed():
    """Nothing live, nothing fitting and several fitting are three errors."""
    with pytest.raises(NothingLive):
        choose([EVENING], "", NOON)
    with pytest.raises(NoSuchSession) as missing:
        choose([COFFEE], " tea ", NOON)
    assert missing.value.query == "tea"
    with pytest.raises(AmbiguousSession) as several:
        choose([COFFEE, FOUNDERS, EVENING], "f", NOON)
    assert several.value.candidates == (COFFEE, FOUNDERS)
    both = [session(n, "Twins", registered=True) for n in (1, 2)]
    with pytest.raises(AmbiguousSession):
        choose(both, "twins", NOON)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7", 7),
        (" 11645 ", 11645),
        ("１１６４５", 11645),
        ("#11645", 11645),
        ("11645.", 11645),
        ("7 up", None),
        ("", None),
        ("٧", 7),
        ("9" * 19, None),
    ],
)
def test_only_digits_are_an_id(typed: str, number: int | None):
    """Digits of any script, with what people write before an id; other text is words."""
    assert session_number(typed) == number


HUB = "https://www.accelevents.com/e/demo/portal/schedule"


def test_a_link_names_a_session_and_its_event():
    """The id is the last part of a session's link; other links have none."""
    assert (session_number(f"{HUB}/11645"), linked_event(f"{HUB}/11645")) == (11645, "demo")
    assert (session_number(f"{HUB}/11645/?x=1"), linked_event("11645")) == (11645, "")
    assert session_number(HUB) is None


@pytest.mark.parametrize(
    "link",
    [
        f"{HUB}/11645",
        f"<{HUB}/11645|Coffee>",
        f"See {HUB}/11645, please",
        f"{HUB}?sessionId=11645",
        f"{HUB}?tab=2&id=11645",
        "https://www.accelevents.com/#/e/demo/schedule/11645?x=2",
        "https://www.google.com/url?q=https://www.accelevents.com/e/demo/portal/schedule/11645",
    ],
)
def test_any_link_to_a_session_names_it(link: str):
    """The id is in the path, in the fragment or in a parameter, also behind a redirect."""
    assert session_number(link) == 11645


@pytest.mark.parametrize(
    ("query", "expected"),
    [("7", True), ("8", False), ("coffee", True), ("*Founders*", True), ("tea", False)],
)
def test_a_session_is_named_by_id_or_words(query: str, expected: bool):
    """Words that are not in its title are about another session."""
    assert names_session(query, COFFEE.id, COFFEE.title) is expected


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        (SessionFilter(), True),
        (SessionFilter(Day.TODAY), False),
        (SessionFilter(Day.TOMORROW), True),
        (SessionFilter(track="ai"), True),
        (SessionFilter(track="data ai"), True),
        (SessionFilter(track="product"), False),
        (SessionFilter(words="mixer hall"), True),
        (SessionFilter(words="9"), True),
        (SessionFilter(words="breakfast"), False),
        (SessionFilter(Day.TOMORROW, track="AI", words="mixer"), True),
        (SessionFilter(Day.TOMORROW, track="AI", words="tea"), False),
    ],
)
def test_a_filter_keeps_what_meets_all_its_conditions(only: SessionFilter, expected: bool):
    """A day, a track, and words of title, track or place, or an id."""
    times = {"starts_at": NOON + 20 * HOUR, "ends_at": NOON + 21 * HOUR}
    mixer = session(9, "Evening mixer", tracks=("AI & Data",), location="Main hall", **times)
    assert only.keeps(mixer, NOON, ZoneInfo("UTC")) is expected


def test_a_day_is_the_readers():
    """The same session is today in one zone and tomorrow in another; a long one is on both."""
    late = session(9, starts_at=NOON + 10 * HOUR, ends_at=NOON + 11 * HOUR)
    assert SessionFilter(Day.TODAY).keeps(late, NOON, ZoneInfo("America/New_York"))
    assert SessionFilter(Day.TOMORROW).keeps(late, NOON, ZoneInfo("Asia/Tokyo"))
    assert not SessionFilter(Day.TODAY).keeps(late, NOON, ZoneInfo("Asia/Tokyo"))
    long = session(9, starts_at=NOON - HOUR, ends_at=NOON + 20 * HOUR)
    assert all(SessionFilter(day).keeps(long, NOON, ZoneInfo("UTC")) for day in Day)
    assert SessionFilter(Day.TODAY).keeps(session(9, starts_at=None, ends_at=None), NOON, None)
