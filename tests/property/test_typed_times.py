"""Durations, times of the day and settings that people type."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.preferences import NoticeKind
from slackbot.slack.commands.arguments import is_time, without_fillers
from slackbot.slack.commands.times import LONGEST, is_clock, read_minute, read_setting, read_until

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
    ],
)
def test_times_are_read(typed: str, minutes: int) -> None:
    """From noon UTC, in Berlin. All of them are recognised as times."""
    assert is_time(without_fillers(typed))
    assert read_until(typed, NOW, BERLIN) == NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "typed", ["lunch", "a while", "until the keynote", "until 25:00", "13 pm", "0", "tomorrow", ""]
)
def test_what_names_no_time_is_not_guessed(typed: str) -> None:
    """Nobody is paused until a time that they did not mean."""
    assert read_until(typed, NOW, BERLIN) is None


@given(MINUTES, MOMENTS, ZONES)
def test_a_time_of_the_day_is_the_next_one(minute: int, now: datetime, name: str) -> None:
    """Within a day and an hour, and a clock there shows it, unless it is skipped in spring."""
    zone, typed = ZoneInfo(name), f"until {minute // 60}:{minute % 60:02}"
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
