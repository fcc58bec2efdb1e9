"""Parse single values of untrusted JSON. No function in this module raises an error."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

MAX_TEXT: Final = 300  # characters
MAX_NAME: Final = 80  # characters of a field's name
MAX_FIELDS: Final = 200  # per object; a session has about 60
MAX_URL: Final = 2000  # characters
MAX_INTEGER: Final = 2**63 - 1  # larger ids do not fit into a database column
MAX_HTML: Final = 4_000  # characters that are read of a text that may be HTML
_INVISIBLE_HTML: Final = re.compile(r"<(script|style|!--)[^<]*", re.IGNORECASE)
_LINE_END: Final = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"</?[a-z!][^<>]*>", re.IGNORECASE)
_TIME_FORMATS: Final = (
    "%Y/%m/%d %H:%M",  # sessions
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",  # expires_in
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y %H:%M:%S",  # orders, access codes
    "%d/%m/%Y %H:%M",
)
_EPOCH_MILLISECONDS: Final = range(10**11, 32 * 10**12)  # 1973 to 2984
_YEARS: Final = range(1970, 2984)


@lru_cache(maxsize=2048)  # all rows of a list have the same names
def _fold_name(name: str) -> str:
    """Fold `matTimeDate`, `MatTimeDate`, `mat_time_date` and `mat-time-date` into one name."""
    return "".join(char for char in name if char.isalnum()).lower()


def fold_names(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the row with folded names. If two names are equal, keep the first with a value.

    Fields beyond `MAX_FIELDS` are ignored.
    """
    fields: dict[str, Any] = {}
    for name, value in islice(row.items(), MAX_FIELDS):
        if isinstance(name, str) and fields.get(key := _fold_name(name[:MAX_NAME])) is None:
            fields[key] = value
    return fields


def text(value: object, max_length: int = MAX_TEXT) -> str | None:
    """Return the stripped text, or None if it has no visible characters.

    Lone surrogates and NUL are replaced or removed because neither Slack nor databases accept them.
    """
    if not isinstance(value, str):
        return None
    clean = value[: 4 * max_length].strip()
    if not clean.isprintable():  # NUL and lone surrogates are not
        clean = clean.replace("\x00", "").encode("utf-8", "replace").decode().strip()
        if not any(char.isprintable() and not char.isspace() for char in clean):
            return None
    if not clean:
        return None
    return clean[:max_length].rstrip()


def lines(value: object) -> list[str]:
    """Return the visible lines of a text that may be HTML, without its tags."""
    if not isinstance(value, str):
        return []
    visible = _INVISIBLE_HTML.sub(" ", value[:MAX_HTML])
    bare = html.unescape(_TAG.sub(" ", _LINE_END.sub("\n", visible)))
    found = (text(" ".join(line.split())) for line in bare.splitlines())
    return [line for line in found if line]


def first_line(value: object) -> str | None:
    """Return the first visible line of a text that may be HTML, or None."""
    return next(iter(lines(value)), None)


def flag(value: object) -> bool:
    """Return whether a value says yes: `true`, as a boolean or as text."""
    return value is True or (isinstance(value, str) and value.strip().casefold() == "true")


def integer(value: object) -> int | None:
    """Return an integer from 0 to 2⁶³-1 that is given as a number or as text, or None."""
    if isinstance(value, str):
        digits = value.strip()
        if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
            return None
        value = int(digits)
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_INTEGER else None


def identifier(value: object) -> int | None:
    """Return an id, which is a positive integer, or None."""
    return integer(value) or None


def https_url(value: object) -> str | None:
    """Return an `https` URL with a host, or None, because pictures are often bare file names."""
    url = text(value, MAX_URL + 1)
    if url is None or len(url) > MAX_URL or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        valid = parts.scheme == "https" and parts.hostname and parts.username is None
    except ValueError:
        return None
    return url if valid else None


def company(value: object) -> str | None:
    """Return a company name, or None for a single letter, which is the result of a portal bug."""
    name = text(value)
    return name if name and len(name) > 1 else None


def raw_time(value: object) -> str | None:
    """Return the time unchanged. It can only be compared with other raw times."""
    if isinstance(value, (int, float)) and (number := integer(value)) is not None:
        return str(number)
    return text(value, 64)


def timestamp(value: object, zone: ZoneInfo) -> datetime | None:
    """Return the time in UTC, or None if the format is unknown.

    A time without a zone is interpreted in `zone`. If the time occurs twice because clocks are set
    back, the first one is returned. If it is skipped because clocks are set forward, the offset
    before the change is used.
    """
    if isinstance(value, str):
        value = value.strip()[:40]
        if not (value.isascii() and value.isdecimal()):
            return _parse_time(value, zone)
    milliseconds = integer(value)
    if milliseconds is None or milliseconds not in _EPOCH_MILLISECONDS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@lru_cache(maxsize=2048)  # many responses contain the same times
def _parse_time(value: str, zone: ZoneInfo) -> datetime | None:
    time = _parse_datetime(value)
    if time is None or time.year not in _YEARS:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def _parse_datetime(value: str) -> datetime | None:
    for time_format in _TIME_FORMATS:
        with suppress(ValueError):
            return datetime.strptime(value, time_format)  # noqa: DTZ007 the zone is set later
    if ":" not in value:  # a date, which `fromisoformat` would parse as midnight
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(value)
    return None
