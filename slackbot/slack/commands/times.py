"""Read durations and times of the day that people type, and settings in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final

from slackbot.domain.preferences import DAY_MINUTES, MAX_REMINDER_MINUTES, NoticeKind
from slackbot.domain.text import fold

# The shortest and the longest pause that ends by itself.
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(hours=24)

_NUMBERS: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10,
    "fifteen": 15, "twenty": 20, "thirty": 30, "couple of": 2, "a couple of": 2, "half": 0.5,
    "half a": 0.5, "half an": 0.5, "quarter of an": 0.25, "a quarter of an": 0.25,
}  # fmt: skip
_UNITS: Final = {
    r"secs?|seconds?": timedelta(seconds=1),
    r"m|mins?|minutes?": timedelta(minutes=1),
    r"h|hrs?|hours?": timedelta(hours=1),
    r"days?": timedelta(days=1),
    r"weeks?": timedelta(weeks=1),
}
_MINUTES: Final = r"(?:m|mins?|minutes?)"
_NUMBER: Final = rf"[0-9]{{1,3}}(?: [0-9])?|{'|'.join(sorted(_NUMBERS, key=len, reverse=True))}"
_PART: Final = re.compile(
    rf"(?P<number>{_NUMBER})(?P<half> and a half)? ?(?P<unit>{'|'.join(_UNITS)})(?![a-z])"
    r"(?P<half_unit> and a half)? ?(?:and )?"
)
_LENGTH: Final = re.compile(
    r"(?:for |in |after )?(?:the )?(?:(?P<one>next |another )(?=[mhsdw]))?(?:next |another )?"
    r"(?P<length>.+?)(?: from(?: now)?| later| long)?"
)
_HOURS_AND_MINUTES: Final = re.compile(r"([0-9]{1,2}) ?(?:h|hrs?|hours?) ?(?:and )?([0-9]{1,2})")
_HALF: Final = re.compile(r"(?<=[0-9])\s*\u00bd")
# A dash before a number is a minus, unless it joins two.
_NEGATIVE: Final = re.compile(r"(?<!\S)[-\u2212\u2013]+[0-9]")
_CLOCK: Final = re.compile(
    r"(?P<lead>(?:until|till|til|at|by|after)\b ?)?(?P<tomorrow>tomorrow (?:at )?)?"
    r"(?:(?P<named>noon|midday|midnight)|(?P<hour>[0-9]{1,2})(?: (?P<minute>[0-9]{2}))?"
    r" ?(?P<half>[ap] ?m)?(?: oclock)?)"
    r"(?: (?:in the |this )?(?P<part>morning|afternoon|evening)| (?P<night>tonight|at night))?"
    r"(?P<day> tomorrow| today)?"
)
_FOUR_DIGITS: Final = re.compile(r"\b([01][0-9]|2[0-3])([0-5][0-9])\b")
_END_OF_DAY: Final = re.compile(
    r"(?:for )?(?:the )?rest of (?:the )?day|(?:for )?(?:all day|today)|for the day"
    r"|(?:until|till|til) (?:the )?end of (?:the )?day"
)
_NAMED: Final = {"noon": 12 * 60, "midday": 12 * 60, "midnight": 0}
_HALF_DAY: Final = 12 * 60


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of the day, in minutes after midnight."""

    minute: int
    # True if it may be twelve hours later as well, as in `until 3`.
    either_half: bool = False
    tomorrow: bool = False


def read_until(argument: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return until when a pause is that is for a duration, or until a time of the day in `zone`.

    A time is the next one of its kind. Return None for anything else, and for a pause that would be
    too short or too long.
    """
    until = read_time(argument, now, zone)
    if until is None:
        return None
    if (clock := read_clock(argument)) is not None and is_clock(argument):
        return until if not clock.tomorrow or until - now <= LONGEST else None
    return until if SHORTEST <= until - now <= LONGEST else None


def read_time(argument: str, now: datetime, zone: tzinfo | None) -> datetime | None:
    """Return the time that an argument names, however far away, or None if it names none."""
    if _NEGATIVE.search(argument):
        return None
    if is_clock(argument):
        clock = read_clock(argument)
        return None if clock is None or zone is None else _next(clock, now, zone)
    length = read_length(argument)
    return None if length is None else now + length


def is_readable_time(argument: str) -> bool:
    """Return whether an argument is a duration or a time of the day."""
    is_time_of_day = is_clock(argument) and read_clock(argument) is not None
    return is_time_of_day or read_length(argument) is not None


def read_length(argument: str) -> timedelta | None:
    """Return a duration such as `10 minutes`, `an hour and a half` or `10`, or None."""
    found = _LENGTH.fullmatch(_spoken(argument))
    if found is None:
        return None
    words = f"one {found['length']}" if found["one"] else found["length"]
    if words.isdecimal():
        return timedelta(minutes=int(words)) if len(words) <= 3 else None
    if short := _HOURS_AND_MINUTES.fullmatch(words):
        return timedelta(hours=int(short[1]), minutes=int(short[2]))
    length, end = timedelta(), 0
    while end < len(words):
        if (part := _PART.match(words, end)) is None:
            return None
        number = _NUMBERS.get(part["number"]) or float(part["number"].replace(" ", "."))
        number += 0.5 * (bool(part["half"]) + bool(part["half_unit"]))
        unit = next(each for units, each in _UNITS.items() if re.fullmatch(units, part["unit"]))
        length, end = length + number * unit, part.end()
    return length


def is_clock(argument: str) -> bool:
    """Return whether an argument names a time of the day, which depends on the time zone."""
    words = _spoken(argument)
    is_number = words.isdecimal() and _FOUR_DIGITS.fullmatch(words) is None
    if is_number or read_length(argument) is not None:
        return False
    is_until = words.startswith(("until", "till", "til ", "at "))
    return is_until or bool(_CLOCK.fullmatch(_with_minutes(words)) or _END_OF_DAY.fullmatch(words))


def read_minute(words: str) -> int | None:
    """Return the minute of the day that is named, such as `15:30`, `3 pm` or `until 15`."""
    clock = read_clock(words)
    return None if clock is None or clock.tomorrow else clock.minute


def read_clock(argument: str) -> ClockTime | None:
    """Return the time of the day that is named, or None."""
    words = _spoken(argument)
    if _END_OF_DAY.fullmatch(words):
        return ClockTime(0)
    found = _CLOCK.fullmatch(_with_minutes(words))
    if found is None:
        return None
    tomorrow = bool(found["tomorrow"] or (found["day"] or "").strip() == "tomorrow")
    if found["named"]:
        return ClockTime(_NAMED[found["named"]], tomorrow=tomorrow)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    half = (found["half"] or _half_of(hour, found["part"], found["night"]))[:1]
    is_twelve = 1 <= hour <= 12 if found["half"] else hour <= 12
    if hour > 23 or minute > 59 or (not is_twelve and (found["half"] or half == "a")):
        return None  # `13 pm`, `15 in the morning`
    # Two digits and minutes are a clock of 24 hours, as those that are picked.
    is_short = found["hour"][0] != "0" and (found["minute"] is None or len(found["hour"]) == 1)
    either = is_short and is_twelve and not half and not tomorrow
    if half and is_twelve:
        hour = hour % 12 + (12 if half == "p" else 0)
    return ClockTime(hour * 60 + minute, either, tomorrow)


def _half_of(hour: int, part: str | None, night: str | None) -> str:
    """Return the half of the day that words after a time mean, or an empty text."""
    if night:
        return "p" if hour >= 6 and hour != 12 else "a"
    return "" if part is None else "a" if part == "morning" else "p"


def _spoken(argument: str) -> str:
    """Return the words of an argument, in which a half is no fraction."""
    return fold(_HALF.sub(" and a half", argument).replace("\u00bd", " half "))


def _with_minutes(words: str) -> str:
    return _FOUR_DIGITS.sub(r"\1 \2", words)


def _next(clock: ClockTime, now: datetime, zone: tzinfo) -> datetime:
    """Return when a clock in the zone shows this time next, or tomorrow."""
    minutes = [clock.minute]
    if clock.either_half:
        minutes.append((clock.minute + _HALF_DAY) % DAY_MINUTES)
    return min(_next_minute(minute, now, zone, int(clock.tomorrow)) for minute in minutes)


def _next_minute(minute: int, now: datetime, zone: tzinfo, first_day: int) -> datetime:
    today = now.astimezone(zone).date()
    for days in range(first_day, first_day + 3):
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
