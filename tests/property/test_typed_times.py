"""Durations, times of the day and settings that people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.preferences import NoticeKind
from slackbot.slack.commands.arguments import is_time, read_pause, without_fillers
from slackbot.slack.commands.times import (
    LONGEST,
    is_clock,
    read_minute,
    read_setting,
    read_time,
    read_until,
)

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)  # 14:00 in Berlin
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 2 * 365 * 24 * 3600).map(lambda seconds: BEGIN + timedelta(0, seconds))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
MINUTES = st.integers(0, 24 * 60 - 1)


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("10 minutes", 10),
        ("for 10 min", 10),
        ("30m", 30),
        ("10", 10),
        ("an hour", 60),
        ("half an hour", 30),
        ("a quarter of an hour", 15),
        ("2 hours", 120),
        ("1.5 hours", 90),
        ("1h30", 90),
        ("1 hour and 15 minutes", 75),
        ("the next twenty minutes", 20),
        ("until 15:30", 90),
        ("15:30", 90),
        ("till 3 pm", 60),
        ("at 3:15pm", 75),
        ("until 16", 120),
        ("until 13:00", 23 * 60),  # tomorrow
        ("until 3", 60),  # in the afternoon, whichever way a clock shows it
        ("until 3:15", 75),
        ("until 03:15", 13 * 60 + 15),
        *(("until noon", 22 * 60), ("midnight", 10 * 60), ("until midnight tonight", 10 * 60)),
        *(("1530", 90), ("until 1530", 90), ("until 3 o'clock", 60), ("by 15:30", 90)),
        *(("an hour and a half", 90), ("one and a half hours", 90), ("1½ hours", 90)),
        *(("½ hour", 30), ("2 and a half hours", 150), ("2 hours and a half", 150)),
        *(("8 in the morning", 18 * 60), ("until 8 in the evening", 6 * 60)),
        *(("23:59 tonight", 599), ("until 9 tonight", 7 * 60), ("3 this afternoon", 60)),
        *(("until tomorrow 9am", 19 * 60), ("until 9 tomorrow", 19 * 60)),
        *(("rest of the day", 600), ("for today", 600), ("all day", 600)),
        *(("10 minutes from now", 10), ("10 minutes from", 10), ("10 minutes long", 10)),
        *(("next hour", 60), ("the next two hours", 120), ("90 seconds", 1.5), ("1 day", 1440)),
    ],
)
def test_times_are_read(typed: str, minutes: float) -> None:
    """From noon UTC, in Berlin. All of them are recognised as times."""
    assert is_time(without_fillers(typed))
    assert read_until(typed, NOW, BERLIN) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "typed",
    ["lunch", "a while", "until the keynote", "until 25:00", "13 pm", "15 am", "tomorrow", ""],
)
def test_what_names_no_time_is_not_guessed(typed: str) -> None:
    """Nobody is paused until a time that they did not mean."""
    assert read_until(typed, NOW, BERLIN) is None


@given(MINUTES, MOMENTS, ZONES)
def test_an_hour_is_the_next_one_of_either_half(minute: int, now: datetime, name: str) -> None:
    """Somebody who pauses in the afternoon until 3 does not mean the night."""
    zone, hour = ZoneInfo(name), minute // 60 % 12 + 1
    until = read_until(f"until {hour}", now, zone)
    assert until is not None
    assert now < until <= now + timedelta(hours=13)
    assert (until.astimezone(zone).hour - hour) % 12 in {0, 1}  # skipped in spring
    assert read_until(f"until {hour}pm", now, zone) >= until


@pytest.mark.parametrize(
    "typed",
    [
        *("30 seconds", "0 minutes", "0", "25 hours", "3 days", "for 3 days", "a week from now"),
        "until tomorrow 3pm",
    ],
)
def test_a_length_out_of_the_limits_is_understood(typed: str) -> None:
    """It is no pause, and the answer can name the limits."""
    assert is_time(without_fillers(typed))
    assert read_until(typed, NOW, BERLIN) is None
    assert read_time(typed, NOW, BERLIN) is not None


def test_a_time_before_now_is_not_read() -> None:
    """A minus is no dash."""
    for typed in ("-10 minutes", "for -10 minutes", "--10", "−10 min"):
        assert read_time(typed, NOW, BERLIN) is None, typed
        assert read_pause(typed).time


@given(MINUTES, MOMENTS, ZONES)
def test_a_time_of_the_day_is_the_next_one(minute: int, now: datetime, name: str) -> None:
    """Within a day and an hour, and a clock there shows it, unless it is skipped in spring."""
    zone, typed = ZoneInfo(name), f"until {minute // 60:02}:{minute % 60:02}"
    until = read_until(typed, now, zone)
    assert until is not None
    assert now < until <= now + LONGEST + timedelta(hours=1)
    local = until.astimezone(zone)
    skipped = (local.hour * 60 + local.minute - minute) % (24 * 60)
    assert skipped in {0, 30, 60, 24 * 60 - 60, 24 * 60 - 30}
    assert read_until(typed, now, None) is None, "without a zone, nothing is assumed"


@given(st.text(max_size=40), MOMENTS)
def test_any_text_is_read_or_not(typed: str, now: datetime) -> None:
    """Without an error, and never into the past."""
    is_clock(typed)
    read_setting(typed)
    until = read_until(typed, now, BERLIN)
    assert until is None or now < until <= now + LONGEST + timedelta(hours=1)


@given(MINUTES, MINUTES)
def test_quiet_hours_are_read(begin: int, end: int) -> None:
    """In each way in which two times are typed."""
    times = [f"{minute // 60}:{minute % 60:02}" for minute in (begin, end)]
    wanted = {"quiet_from": begin, "quiet_to": end}
    for typed in ("quiet {} to {}", "quiet hours {} - {}", "quiet {}–{}", "Quiet {} until {}"):
        assert read_setting(typed.format(*times)) == wanted
    assert read_setting(f"quiet from {times[0]}") == {"quiet_from": begin}
    assert read_minute(times[1]) == end


@pytest.mark.parametrize(
    ("typed", "changes"),
    [
        ("reminders 10", {"reminder_minutes": 10}),
        ("reminder 30 minutes before", {"reminder_minutes": 30}),
        ("reminders off", {"reminder_minutes": 0}),
        ("reminders 500", None),
        ("quiet off", {"quiet_from": None, "quiet_to": None}),
        ("quiet 10pm to 8am", {"quiet_from": 22 * 60, "quiet_to": 8 * 60}),
        ("recap off", {"off": NoticeKind.RECAP}),
        ("still there on", {"on": NoticeKind.STILL_THERE}),
        ("partner left off", {"off": NoticeKind.PARTNER_LEFT}),
        ("login expiring off", {"off": NoticeKind.LOGIN_EXPIRING}),
        ("everything off", None),
        ("volume 11", None),
    ],
)
def test_settings_are_read(typed: str, changes: object) -> None:
    """Words that are none change nothing."""
    assert read_setting(typed) == changes
