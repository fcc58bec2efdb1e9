"""Slack's date tokens as a reader sees them: 24-hour clock, own time zone."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_TOKEN = re.compile(r"\{([a-z_]+)\}")
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def _long(day: date) -> str:
    return f"{day:%B} {day.day}{_ENDINGS.get(day.day, 'th')}, {day.year}"


def _short(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _named(day: date) -> str:
    return f"{day:%A}, {_long(day)}"


_DAYS: dict[str, Callable[[date], str]] = {
    "date_num": lambda day: f"{day:%Y-%m-%d}",
    "date_slash": lambda day: f"{day:%Y/%m/%d}",
    "date": _long,
    "date_short": _short,
    "date_long": _named,
    "date_long_full": _named,
}
_PRETTY: dict[str, Callable[[date], str]] = {
    "date_pretty": _long,
    "date_short_pretty": _short,
    "date_long_pretty": _named,
    "day_divider_pretty": _named,
}


def _draw(token: str, moment: datetime, now: datetime) -> str | None:
    """Return the text of one token, or None if it is unknown."""
    day = moment.date()
    if token in _DAYS:
        return _DAYS[token](day)
    if token in _PRETTY:
        near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
        return near.get((day - now.date()).days) or _PRETTY[token](day)
    if token in {"time", "time_secs"}:
        return f"{moment:%H:%M:%S}" if token == "time_secs" else f"{moment:%H:%M}"
    if token != "ago":
        return None
    seconds = (now - moment).total_seconds()
    minutes = int(abs(seconds) // 60)
    amount = f"{minutes} minutes" if minutes < 60 else f"{minutes // 60} hours"
    return f"in {amount}" if seconds < 0 else f"{amount} ago"


def draw_date(seconds: str, form: str, fallback: str, *, tz: str, now: float) -> str:
    """Return a date of Unix `seconds` in this format, or the fallback if it is invalid.

    `tz` is the reader's time zone and `now` their time in Unix seconds.
    """
    try:
        moment = datetime.fromtimestamp(int(seconds), UTC).astimezone(ZoneInfo(tz))
    except (ValueError, OverflowError, OSError):
        return fallback
    reader_now = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(tz))
    tokens = _TOKEN.findall(form)
    drawn = {token: _draw(token, moment, reader_now) for token in tokens}
    if not tokens or any(text is None for text in drawn.values()):
        return fallback
    return _TOKEN.sub(lambda found: drawn[found[1]] or "", form)
