"""The time at which a token expires, as far as the token itself says so."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Final

_CLAIMS_LIMIT: Final = 8_192  # characters of the part with the claims
# Times from the year 5138 on: some services count milliseconds.
_MILLISECONDS: Final = 100_000_000_000


def read_expiry(token: str) -> datetime | None:
    """Return the time in the claim `exp` of a JWT, or None if the token has none.

    The signature is not checked, because the platform decides what it accepts. The time is only
    used to warn the person.
    """
    parts = token.split(".")
    if len(parts) != 3 or len(parts[1]) > _CLAIMS_LIMIT:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return _moment(claims["exp"])
    except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError):
        return None


def _moment(expires: object) -> datetime | None:
    """Return the time of a claim, which counts seconds.

    Some services count milliseconds, or write the number or the time itself as a string.

    Raises:
        ValueError, OverflowError, OSError: The claim is no time.
    """
    if isinstance(expires, str):
        try:
            return _moment(float(expires))
        except ValueError:
            read = datetime.fromisoformat(expires)
            return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        return None
    return datetime.fromtimestamp(expires / 1000 if expires >= _MILLISECONDS else expires, UTC)
