"""Slack's date tokens, as one reader sees them (24-hour clock, their own zone)."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
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


def _pretty(day: date, today: date, otherwise: Callable[[date], str]) -> str:
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return near.get((day - today) // timedelta(days=1)) or otherwise(day)


def _ago(seconds: float) -> str:
    minutes = int(abs(seconds) // 60)
    amount = f"{minutes} minutes" if minutes < 60 else f"{minutes // 60} hours"
    return f"in {amount}" if seconds < 0 else f"{amount} ago"


def _shown(token: str, moment: datetime, now: datetime) -> str | None:
    if token in _DAYS:
        return _DAYS[token](moment.date())
    if token in _PRETTY:
        return _pretty(moment.date(), now.date(), _PRETTY[token])
    if token in {"time", "time_secs"}:
        return f"{moment:%H:%M:%S}" if token == "time_secs" else f"{moment:%H:%M}"
    return _ago((now - moment).total_seconds()) if token == "ago" else None


def draw_date(seconds: str, form: str, fallback: str, *, tz: str, now: float) -> str:
    """The token's text for a reader in `tz` at `now` (Unix seconds); fallback if unreadable."""
    try:
        moment = datetime.fromtimestamp(int(seconds), UTC).astimezone(ZoneInfo(tz))
    except (ValueError, OverflowError, OSError):
        return fallback
    today = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(tz))
    tokens = _TOKEN.findall(form)
    drawn = {token: _shown(token, moment, today) for token in tokens}
    if not tokens or any(text is None for text in drawn.values()):
        return fallback
    return _TOKEN.sub(lambda found: drawn[found[1]] or "", form)
