"""Times as the platform writes them: without a zone, in several spellings."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from slackbot.accelevents import parsing as values

_SPELLINGS = (
    "%Y/%m/%d %H:%M",  # sessions
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",  # expires_in
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y %H:%M:%S",  # orders, access codes
    "%d/%m/%Y %H:%M",
)
_MILLISECONDS = range(10**11, 32 * 10**12)
"""Epoch milliseconds from 1973 to 2984; smaller numbers are not taken for a time."""
_YEARS = range(1970, 2984)


def moment(value: object, zone: ZoneInfo) -> datetime | None:
    """The moment in UTC, or None when the value is no time in a known spelling.

    A time without a zone is one of `zone`. An hour that occurs twice when clocks go back is the
    first; one that is left out when they go forward is counted on from before the change.
    """
    if isinstance(value, str):
        written = value.strip()[:40]
        if written.isascii() and written.isdecimal():
            return _from_epoch(values.number(written))
        return _written(written, zone)
    return _from_epoch(values.number(value))


@lru_cache(maxsize=2048)
def _written(written: str, zone: ZoneInfo) -> datetime | None:
    """Remembered, since everybody is sent the same few times again and again."""
    return _in_utc(_spelt(written), zone)


def _spelt(written: str) -> datetime | None:
    for spelling in _SPELLINGS:
        try:
            return datetime.strptime(written, spelling)  # noqa: DTZ007 the zone is put on later
        except ValueError:
            continue
    # A bare date is not a moment, and `fromisoformat` would take it for midnight.
    if ":" not in written:
        return None
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _in_utc(when: datetime | None, zone: ZoneInfo) -> datetime | None:
    if when is None or when.year not in _YEARS:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=zone)).astimezone(UTC)


def _from_epoch(milliseconds: int | None) -> datetime | None:
    if milliseconds is None or milliseconds not in _MILLISECONDS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
