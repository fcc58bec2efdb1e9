"""The arguments of `sessions` and `pause`."""

from __future__ import annotations

import pytest

from slackbot.domain.errors import BadEventLink
from slackbot.domain.model import EventSlug
from slackbot.domain.sessions import Day, SessionFilter
from slackbot.services.sessions import View
from slackbot.slack.commands.arguments import (
    ListQuery,
    PauseArgument,
    event_to_disconnect,
    is_time,
    read_list_query,
    read_pause,
    session_to_pause,
    typed_event,
    without_fillers,
)

TODAY, TOMORROW = SessionFilter(Day.TODAY), SessionFilter(Day.TOMORROW)
ALL = SessionFilter()


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("", ListQuery(View.CURRENT, 1, ALL, "")),
        ("live", ListQuery(View.LIVE, 1, ALL, "live")),
        ("Past 2", ListQuery(View.PAST, 2, ALL, "Past")),
        ("2", ListQuery(View.CURRENT, 2, ALL, "")),
        ("mine page 3", ListQuery(View.MINE, 3, ALL, "mine")),
        ("Page 2", ListQuery(View.CURRENT, 2, ALL, "")),
        ("my", ListQuery(View.MINE, 1, ALL, "my")),
        ("today", ListQuery(View.CURRENT, 1, TODAY, "today")),
        ("*tomorrow*", ListQuery(View.CURRENT, 1, TOMORROW, "*tomorrow*")),
        (
            "today please 2",
            ListQuery(View.CURRENT, 1, SessionFilter(Day.TODAY, words="2"), "today please 2"),
        ),
        ("live today page 2", ListQuery(View.LIVE, 2, TODAY, "live today")),
        ("track AI", ListQuery(View.CURRENT, 1, SessionFilter(track="AI"), "track AI")),
        (
            "Track: AI & Data page 2",
            ListQuery(View.CURRENT, 2, SessionFilter(track="AI & Data"), "Track: AI & Data"),
        ),
        ("past track AI", ListQuery(View.PAST, 1, SessionFilter(track="AI"), "past track AI")),
        ("web 3", ListQuery(View.CURRENT, 1, SessionFilter(words="web 3"), "web 3")),
        ("11645", ListQuery(View.CURRENT, 1, SessionFilter(words="11645"), "11645")),
        ("sessions", ListQuery(View.CURRENT, 1, ALL, "sessions")),
        ("for today", ListQuery(View.CURRENT, 1, TODAY, "for today")),
        ("--today", ListQuery(View.CURRENT, 1, TODAY, "--today")),
        ("—tomorrow", ListQuery(View.CURRENT, 1, TOMORROW, "—tomorrow")),
        (
            "of the track AI",
            ListQuery(View.CURRENT, 1, SessionFilter(track="AI"), "of the track AI"),
        ),
        (
            "founders live",
            ListQuery(View.CURRENT, 1, SessionFilter(words="founders live"), "founders live"),
        ),
    ],
)
def test_a_list_is_asked_for_in_words(argument: str, expected: ListQuery) -> None:
    """A list and a day come first, then a track or words of a title, then a page."""
    assert read_list_query(argument) == expected


TIMES = (
    *("10", "10 minutes", "for 10 min", "30m", "1h", "an hour", "half an hour", "until 15:00"),
    *("15:00", "3 pm", "3:30pm", "until tomorrow", "till lunch", "for a while", "in 5 min"),
    *("for the day", "for lunch", "at 3 pm", "for today", "until the evening"),
    # seveneightn9ne/keybase-reminder-bot#30, #32 and #36
    *("3 days", "for 3 days", "2.5 hours", "for 2.5 hours", "until 5"),
    "1.5 hours",  # maubot/reminder#8
    "for 2 hours",  # neilgupta/Sherlock#40
    *("next hour", "the next two hours"),  # snipsco/snips-nlu#884
    # andreoliwa/dontforget#97
    *("until tomorrow 9am", "until tonight", "until next Thursday", "evening", "tomorrow evening"),
    # chatwoot/chatwoot#13587
    *("half hour", "one and a half hours", "1 hour and 30 minutes", "1h30m", "a few minutes"),
    *("a couple of hours", "in a week", "a week from now", "2 days later", "two weeks from now"),
    *("12:30 tomorrow", "this afternoon", "11:00 tonight"),  # dinki/view_assist_integration#60
    *("noon", "until midnight", "17h30", "rest of the day", "all day", "next Monday", "½ hour"),
)


@pytest.mark.parametrize("argument", TIMES)
def test_a_time_is_recognised(argument: str) -> None:
    """Durations and points in time; a pause has no use for either."""
    assert is_time(argument)


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "11645",
        "founders",
        "Session 7",
        "3rd floor",
        "Fortune",
        "for good",
        "for everyone",
        "until further notice",
        *("Day 2", "Monday Mixer", "Lunch & Learn", "Evening Mixer", "24h hackathon", "5G"),
        *("Hour of Code", "Minute to win it", "Half-time", "Founders 2026", "the 3 pm session"),
    ],
)
def test_a_session_is_no_time(argument: str) -> None:
    """Ids and titles are none."""
    assert not is_time(argument)


@pytest.mark.parametrize(
    ("argument", "time", "session"),
    [
        ("first network for 10 minutes", "for 10 minutes", "first network"),
        ("10 minutes first network", "10 minutes", "first network"),
        ("first network session until 23:59", "until 23:59", "first network"),
        ("until 23:59 first network", "until 23:59", "first network"),
        ("first network 3pm", "3pm", "first network"),
        ("10 minutes from now", "10 minutes from", ""),
        ("matching for 10 minutes please", "for 10 minutes", ""),
        ("looking for half an hour", "for half an hour", ""),
        ("24h hackathon for 2 hours", "for 2 hours", "24h hackathon"),
        *[("first network", "", "first network"), ("session 7", "", "7"), ("11645", "", "11645")],
        *[("until further notice", "", "until further notice"), ("3D printing", "", "3D printing")],
        *[
            ("Workshop 10", "", "Workshop 10"),
            ("everything", "", ""),
            ("Hour of Code", "", "Hour of Code"),
        ],
        # Nobody can tell, so that it is asked.
        *[(each, each, "") for each in ("first network until lunch", "until Thursday 3 pm")],
        *[(each, each, "") for each in ("10 minutes or 20 minutes", "until 3 pm on Thursday")],
        *[(each, each, "") for each in ("first network for a few minutes", "until the keynote")],
    ],
)
def test_a_pause_has_a_time_and_a_session(argument: str, time: str, session: str) -> None:
    """In either order. What mentions a time is never taken for a pause without an end."""
    assert read_pause(argument) == PauseArgument(time, session)


def test_polite_words_mean_nothing() -> None:
    """They are left out wherever they stand."""
    assert without_fillers("please Pause me NOW, thanks!") == "Pause"


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        *[("looking", ""), ("session", ""), ("everything", ""), ("the session", ""), ("it", "")],
        *[("my availability", ""), ("for now", ""), ("for everyone", ""), ("right now!", "")],
        *[("matching me", ""), ("sending me messages", ""), ("me alone", "")],
        *[("session 7", "7"), ("the *Founders* session", "*Founders*")],
        ("another one", "another one"),
    ],
)
def test_a_pause_without_a_title_is_of_any_session(argument: str, expected: str) -> None:
    """Words for what is paused anyway name no session."""
    assert session_to_pause(argument) == expected


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        *[("", ""), ("my account", ""), ("everywhere please", ""), ("from demo", "demo")],
        *[("https://www.accelevents.com/e/demo", "demo"), ("two words", "two words")],
    ],
)
def test_an_event_to_disconnect_is_read_from_its_link(argument: str, expected: str) -> None:
    """What is no event is returned as it is."""
    assert event_to_disconnect(argument) == expected


@pytest.mark.parametrize(
    ("argument", "known", "expected"),
    [
        *[("me", "demo", "demo"), ("again please", None, None), ("other", None, "other")],
        *[("to other-2026", "demo", "other-2026"), ("Demo", "demo", "demo"), ("e/ada", "x", "ada")],
        *[("ada", "demo", BadEventLink), ("two words", None, BadEventLink)],
    ],
)
def test_an_event_is_read_after_connect(
    argument: str, known: str | None, expected: str | type[BadEventLink] | None
) -> None:
    """While one is known, a plain word is none."""
    event = EventSlug(known) if known else None
    if isinstance(expected, type):
        with pytest.raises(expected):
            typed_event(argument, event)
    else:
        assert typed_event(argument, event) == expected
