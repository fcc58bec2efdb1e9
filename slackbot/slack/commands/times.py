"""Read durations and times of the day that people type, and settings in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final

from slackbot.domain.preferences import MAX_REMINDER_MINUTES, NoticeKind
from slackbot.domain.text import fold

# The shortest and the longest pause that ends by itself.
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=24)

_BEFORE: Final = r"(?:for |in )?(?:the )?(?:next |another )?"
_MINUTES: Final = r"(?:m|mins?|minutes?)"
_HOURS: Final = r"(?:h|hrs?|hours?)"
_WORDS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10,
    "fifteen": 15, "twenty": 20, "thirty": 30, "couple of": 2, "a couple of": 2,
}  # fmt: skip
_NUMBER: Final = "|".join((r"[0-9]{1,3}", *sorted(_WORDS, key=len, reverse=True)))
_DURATIONS: Final = (
    re.compile(rf"{_BEFORE}(?P<minutes>{_NUMBER}) ?{_MINUTES}"),
    re.compile(rf"{_BEFORE}(?P<minutes>[0-9]{{1,3}})"),
    re.compile(rf"{_BEFORE}(?P<hours>{_NUMBER}) ?{_HOURS}"),
    re.compile(rf"{_BEFORE}(?P<hours>[0-9]{{1,2}})(?: (?P<tenths>[0-9]))? ?{_HOURS}"),
    re.compile(
        rf"{_BEFORE}(?P<hours>[0-9]{{1,2}}) ?{_HOURS} ?(?:and )?(?P<minutes>[0-9]{{1,2}}) ?"
        rf"{_MINUTES}?"
    ),
    re.compile(rf"{_BEFORE}(?:(?P<half>half)|(?P<quarter>a? ?quarter of)) an? hour"),
)
_UNTIL: Final = re.compile(
    r"(?:until|till|til|at)? ?(?P<hour>[0-9]{1,2})(?: (?P<minute>[0-9]{2}))? ?(?P<half>[ap] ?m)?"
)
_IS_CLOCK: Final = re.compile(r"(?:until|till|til|at)\b.*|[0-9]{1,2} [0-9]{2}\b.*|.*[0-9] ?[ap] ?m")


def read_until(argument: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return until when a pause is that is for a duration, or until a time of the day in `zone`.

    A time is the next one of its kind, within a day. Return None for anything else.
    """
    words = fold(argument).removesuffix(" today")
    if is_clock(argument):
        minute = read_minute(words)
        return None if minute is None or zone is None else _next(minute, now, zone)
    for pattern in _DURATIONS:
        if found := pattern.fullmatch(words):
            length = _duration(found.groupdict())
            return now + length if SHORTEST <= length <= LONGEST else None
    return None


def is_clock(argument: str) -> bool:
    """Return whether an argument names a time of the day, which depends on the time zone."""
    return bool(_IS_CLOCK.fullmatch(fold(argument)))


def read_minute(words: str) -> int | None:
    """Return the minute of the day that is named, such as `15:30`, `3 pm` or `until 15`."""
    found = _UNTIL.fullmatch(fold(words))
    if found is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found["half"].startswith("p") else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _duration(found: dict[str, str | None]) -> timedelta:
    if found.get("half") or found.get("quarter"):
        return timedelta(minutes=30 if found.get("half") else 15)
    hours, minutes = found.get("hours") or "0", found.get("minutes") or "0"
    length = timedelta(
        hours=_WORDS.get(hours) or int(hours), minutes=_WORDS.get(minutes) or int(minutes)
    )
    return length + timedelta(minutes=6 * int(found.get("tenths") or 0))


def _next(minute: int, now: datetime, zone: tzinfo) -> datetime:
    """Return when a clock in the zone shows this time next."""
    today = now.astimezone(zone).date()
    for days in (0, 1, 2):
        at = datetime.combine(today + timedelta(days), time(minute // 60, minute % 60), zone)
        for fold_of in (0, 1):  # a time that comes twice, when the clocks go back
            if (moment := at.replace(fold=fold_of).astimezone(UTC)) > now:
                return moment
    raise AssertionError("some day has this time")


_KINDS: Final = {
    "reminder": NoticeKind.REMINDER,
    "reminders": NoticeKind.REMINDER,
    "recap": NoticeKind.RECAP,
    "recaps": NoticeKind.RECAP,
    "summary": NoticeKind.RECAP,
    "still there": NoticeKind.STILL_THERE,
    "paused": NoticeKind.STILL_THERE,
    "partner": NoticeKind.PARTNER_LEFT,
    "partner left": NoticeKind.PARTNER_LEFT,
    "login": NoticeKind.LOGIN_EXPIRING,
    "login expiring": NoticeKind.LOGIN_EXPIRING,
}
_SWITCH: Final = re.compile(r"(?P<kind>[a-z ]+) (?P<switch>on|off)")
_REMIND: Final = re.compile(
    rf"(?:reminders?|remind me) (?:(?P<minutes>[0-9]{{1,3}})(?: ?{_MINUTES})?(?: before)?"
    r"|(?P<off>off|none|never))"
)
_QUIET: Final = re.compile(
    r"quiet(?: hours)? (?:(?P<off>off|none)|(?P<end>from|to|until) (?P<at>.+)"
    r"|(?P<begin>[0-9 apm]+?) (?:to|until|til|till) (?P<until>[0-9 apm]+))"
)
_DASH: Final = re.compile(r"(?<=[0-9mM])\s*[-–—]\s*(?=[0-9])")


def read_setting(argument: str) -> dict[str, Any] | None:
    """Return the fields of the preferences that an argument of `settings` changes.

    A kind that is switched has the key `on` or `off`. Return None for anything else.
    """
    words = fold(_DASH.sub(" to ", argument))
    if found := _REMIND.fullmatch(words):
        minutes = 0 if found["off"] else int(found["minutes"])
        return {"reminder_minutes": minutes} if minutes <= MAX_REMINDER_MINUTES else None
    if found := _QUIET.fullmatch(words):
        if found["off"]:
            return {"quiet_from": None, "quiet_to": None}
        if found["end"]:
            minute = read_minute(found["at"])
            field = "quiet_from" if found["end"] == "from" else "quiet_to"
            return None if minute is None else {field: minute}
        begin, end = read_minute(found["begin"]), read_minute(found["until"])
        return None if begin is None or end is None else {"quiet_from": begin, "quiet_to": end}
    found = _SWITCH.fullmatch(words)
    if found is not None and found["kind"] in _KINDS:
        return {found["switch"]: _KINDS[found["kind"]]}
    return None
