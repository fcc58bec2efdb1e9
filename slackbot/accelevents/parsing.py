"""Single values of foreign JSON, read without trusting their types. Nothing here raises."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

LONGEST_TEXT = 300
LONGEST_NAME = 80
LONGEST_ADDRESS = 2000
LARGEST_NUMBER = 2**63 - 1
"""Ids beyond this fit no database column."""


def folded(name: str) -> str:
    """One spelling for `matTimeDate`, `MatTimeDate`, `mat_time_date` and `mat-time-date`."""
    return _folded(name[:LONGEST_NAME])


@lru_cache(maxsize=2048)
def _folded(name: str) -> str:
    """Remembered, since every row of a list has the same names."""
    return "".join(char for char in name if char.isalnum()).lower()


def with_folded_names(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The row by folded names; of two spellings the first that has a value stays."""
    fields: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(name, str) and fields.get(key := folded(name)) is None:
            fields[key] = value
    return fields


def text(value: object, longest: int = LONGEST_TEXT) -> str | None:
    """A stripped text with something to see in it, else None.

    Half characters (lone surrogates) and NUL go, since neither Slack nor a database takes them.
    """
    if not isinstance(value, str):
        return None
    clean = value[: 4 * longest].replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if not any(char.isprintable() and not char.isspace() for char in clean):
        return None
    return clean[:longest].rstrip()


def number(value: object) -> int | None:
    """A whole number from 0 to 2⁶³−1, also as digits in a text, else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) and value.is_integer() else None
    if isinstance(value, str):
        digits = value.strip()
        value = (
            int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 20 else None
        )
    return value if isinstance(value, int) and 0 <= value <= LARGEST_NUMBER else None


def identity(value: object) -> int | None:
    """An id: a whole number above 0, else None."""
    return number(value) or None


def picture(value: object) -> str | None:
    """An `https` address with a host, else None: the platform often sends a bare image name."""
    address = text(value, LONGEST_ADDRESS + 1)
    if address is None or len(address) > LONGEST_ADDRESS or not address.isprintable():
        return None
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    safe = parts.scheme == "https" and host and parts.username is None and " " not in address
    return address if safe else None


def company(value: object) -> str | None:
    """A company's name; a portal's fault has left one-letter names, which tell nothing."""
    name = text(value)
    return name if name and len(name) > 1 else None
