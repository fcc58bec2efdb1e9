"""What an answer other than 2xx means: by error code, then by text, then by HTTP status.

The codes are those of the developer guide and the reference pages. The same refusal may come as
404 on one page and as 406 on another, and the shape of the body is documented nowhere, so the
status decides last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from slackbot.accelevents import parsing as values
from slackbot.domain import errors
from slackbot.domain.errors import PlatformError

LONGEST_BODY = 65_536
"""Characters of a refusal's body that are looked at."""
MOST_VALUES = 500
_CODE_NAMES = frozenset({"errorcode", "code", "errorcodes", "statuscode", "status"})
_TEXT_NAMES = frozenset(
    {"message", "error", "errormessage", "errors", "detail", "developermessage"}
)


class Endpoint(StrEnum):
    """Which call was answered; the same code may mean another thing elsewhere."""

    LOGIN = "login"
    SESSIONS = "sessions"
    REGISTERED = "registered"
    JOIN = "join"
    STATUS = "status"
    MATCHES = "matches"


@dataclass(frozen=True, slots=True)
class Body:
    """What a refusal's body says."""

    codes: tuple[int, ...]
    text: str


def refusal(ask: Endpoint, status: int, body: bytes) -> PlatformError:
    """The error for an answer that is not 2xx, or whose 2xx cannot be what was asked for."""
    if not 400 <= status < 600:
        return errors.Unreadable(status=status)
    said = read_body(body)
    by_code = (_at_login if ask is Endpoint.LOGIN else _with_token).get
    for code in said.codes:
        if (kind := by_code(code)) is not None:
            return kind(status=status)
    if status < 500 and (found := _by_text(ask, said.text)) is not None:
        kind, permitted = found
        return kind(status=status, permitted=permitted)
    return _by_status(ask, status)(status=status)


# --- by code -------------------------------------------------------------------------------------

_with_token: Mapping[int, type[PlatformError]] = MappingProxyType(
    {
        4010101: errors.TokenRefused,
        4010102: errors.AccountLocked,
        4030201: errors.Forbidden,
        4040100: errors.AccountNotFound,
        4040200: errors.EventNotFound,
        404800: errors.SessionNotFound,
        4042005: errors.TicketNotPermitted,
        40600013: errors.MeetingNotCreated,
        4068006: errors.MagicLinkUsed,
        4068910: errors.NotRegistered,
        4072002: errors.SessionNotLive,
        4072003: errors.SessionNotLive,
    }
)
_at_login: Mapping[int, type[PlatformError]] = MappingProxyType(
    {
        **_with_token,
        4010101: errors.MagicLinkInvalid,
        # "Cant create url": there is no meeting in a login that could not be made.
        40600013: errors.Rejected,
    }
)


# --- by text -------------------------------------------------------------------------------------

_LIMIT = re.compile(r"only permits registering for (\d{1,6}) session")
_TEXTS = (
    ("only permits registering for", errors.TicketLimitReached),
    ("session not found", errors.SessionNotFound),
    ("max user registration capacity", errors.SessionFull),
    ("does not permit access", errors.TicketNotPermitted),
    ("does not grant access", errors.TicketNotPermitted),
    ("time limit for accessing this session", errors.SessionNotLive),
    ("cant create url", errors.MeetingNotCreated),
    ("event not found", errors.EventNotFound),
    ("not registered for", errors.NotRegistered),
)
_LOGIN_TEXTS = (
    ("more than one user", errors.DuplicateAccount),
    ("no user found", errors.AccountNotFound),
    ("user not found", errors.AccountNotFound),
    ("valid magic link", errors.MagicLinkInvalid),
    ("link is expired", errors.MagicLinkUsed),
    ("link expired", errors.MagicLinkUsed),
    ("link has expired", errors.MagicLinkUsed),
    ("already been used", errors.MagicLinkUsed),
    ("already used", errors.MagicLinkUsed),
    ("try again after 30 minutes", errors.AccountLocked),
    ("account is locked", errors.AccountLocked),
    ("event not found", errors.EventNotFound),
)


def _by_text(ask: Endpoint, text: str) -> tuple[type[PlatformError], int | None] | None:
    for words, kind in _LOGIN_TEXTS if ask is Endpoint.LOGIN else _TEXTS:
        if words in text:
            limit = _LIMIT.search(text) if kind is errors.TicketLimitReached else None
            return kind, int(limit[1]) if limit else None
    return None


# --- by status -----------------------------------------------------------------------------------

_PLAIN: Mapping[tuple[Endpoint, int], type[PlatformError]] = MappingProxyType(
    {
        (Endpoint.LOGIN, 401): errors.MagicLinkInvalid,
        (Endpoint.JOIN, 404): errors.SessionNotFound,
        # These two paths name nothing but the event.
        (Endpoint.SESSIONS, 404): errors.EventNotFound,
        (Endpoint.REGISTERED, 404): errors.EventNotFound,
        # 407 is proxy authentication elsewhere; here it says that the session is not live.
        (Endpoint.JOIN, 407): errors.SessionNotLive,
        (Endpoint.STATUS, 407): errors.SessionNotLive,
    }
)


def _by_status(ask: Endpoint, status: int) -> type[PlatformError]:
    if (kind := _PLAIN.get((ask, status))) is not None:
        return kind
    if status >= 500:
        return errors.ServerFailed
    everywhere: dict[int, type[PlatformError]] = {
        401: errors.TokenRefused,
        403: errors.Forbidden,
        429: errors.RateLimited,
    }
    return everywhere.get(status, errors.Rejected)


# --- the body ------------------------------------------------------------------------------------


def read_body(body: bytes) -> Body:
    """Codes and texts of a refusal's body, JSON or not; texts joined, in lower case."""
    written = body[:LONGEST_BODY].decode("utf-8", "replace")
    try:
        parsed = json.loads(written)
    except (ValueError, RecursionError):
        return Body((), _plain(written))
    named = list(_named(parsed))
    codes = [values.number(value) for name, value in named if name in _CODE_NAMES]
    texts = [value for name, value in named if isinstance(value, str) and name in _TEXT_NAMES]
    return Body(tuple(code for code in codes if code), _plain(" ".join(texts)))


def _named(parsed: object) -> Iterator[tuple[str, object]]:
    """Every single value with the name that it stands under; a bare one may be code or text."""
    left = [("message", parsed), ("code", parsed)]
    for _ in range(MOST_VALUES):
        if not left:
            return
        name, value = left.pop(0)
        if isinstance(value, dict):
            left += values.with_folded_names(value).items()
        elif isinstance(value, list):
            left += [(name, inner) for inner in value[:MOST_VALUES]]
        else:
            yield name, value


def _plain(written: str) -> str:
    """Without a difference in case, white space and apostrophes."""
    return " ".join(written.replace("'", "").replace("’", "").casefold().split())
