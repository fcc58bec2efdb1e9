"""Map HTTP responses to errors by error code, then by message, then by HTTP status.

The codes come from the developer guide and the reference pages. The status is checked last because
the documentation is inconsistent: the same error is a 404 on one page and a 406 on another, and the
format of the body is not documented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from slackbot.accelevents import parsing
from slackbot.domain import errors
from slackbot.domain.credentials import holds_secret
from slackbot.domain.errors import PlatformError

MAX_BODY_BYTES: Final = 65_536  # of an error response; the rest is ignored
MAX_VALUES: Final = 500  # of an error response
_CODE_FIELDS: Final = frozenset({"errorcode", "code", "errorcodes", "statuscode", "status"})
_ROWS: Final = ("data", "matches", "content", "rows", "items", "results", "accesstoken")
_MESSAGE_FIELDS: Final = frozenset({
    "message", "error", "errormessage", "errors", "detail", "details", "developermessage",
    "usermessage", "defaultmessage", "description", "errordescription", "msg", "reason",
})  # fmt: skip
# A title names the kind of an error, so it counts only if nothing else says more.
_TITLE_FIELD: Final = "title"
# Statuses of an answer that is an error, although the HTTP status is none.
_FAILED: Final = frozenset({"error", "fail", "failed", "failure"})


class Endpoint(StrEnum):
    """An endpoint of the API. The same code may have different meanings at two endpoints."""

    LOGIN = "login"
    SESSIONS = "sessions"
    REGISTERED = "registered"
    JOIN = "join"
    STATUS = "status"
    MATCHES = "matches"


_ERRORS_BY_CODE: Final[dict[int, type[PlatformError]]] = {
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
_LOGIN_ERRORS_BY_CODE: Final[dict[int, type[PlatformError]]] = {
    **_ERRORS_BY_CODE,
    4010101: errors.MagicLinkInvalid,
    # "Cant create url", although a login creates no meeting.
    40600013: errors.Rejected,
}
_ERRORS_BY_PHRASE: Final[dict[str, type[PlatformError]]] = {
    "only permits registering for": errors.TicketLimitReached,
    "session not found": errors.SessionNotFound,
    "max user registration capacity": errors.SessionFull,
    "does not permit access": errors.TicketNotPermitted,
    "does not grant access": errors.TicketNotPermitted,
    "time limit for accessing this session": errors.SessionNotLive,
    "cant create url": errors.MeetingNotCreated,
    "event not found": errors.EventNotFound,
    "not registered for": errors.NotRegistered,
}
_LOGIN_ERRORS_BY_PHRASE: Final[dict[str, type[PlatformError]]] = {
    "more than one user": errors.DuplicateAccount,
    "no user found": errors.AccountNotFound,
    "user not found": errors.AccountNotFound,
    "valid magic link": errors.MagicLinkInvalid,
    "link is expired": errors.MagicLinkUsed,
    "link expired": errors.MagicLinkUsed,
    "link has expired": errors.MagicLinkUsed,
    "already been used": errors.MagicLinkUsed,
    "already used": errors.MagicLinkUsed,
    "try again after 30 minutes": errors.AccountLocked,
    "account is locked": errors.AccountLocked,
    "event not found": errors.EventNotFound,
}
# What a program says and no person: the names of HTTP statuses, and parts of a stack trace or JSON.
_PHRASES: Final = frozenset(status.phrase.casefold() for status in HTTPStatus)
_TECHNICAL: Final = re.compile(r"[{}\[\]\\]|\w+(?:Exception|Error)\b|\bnull\b|\w\.\w+\.\w")
_TICKET_LIMIT: Final = re.compile(r"only permits registering for (\d{1,6}) session")
_ERRORS_BY_ENDPOINT: Final[dict[tuple[Endpoint, int], type[PlatformError]]] = {
    (Endpoint.LOGIN, 401): errors.MagicLinkInvalid,
    (Endpoint.JOIN, 404): errors.SessionNotFound,
    # The paths of these two contain only the event.
    (Endpoint.SESSIONS, 404): errors.EventNotFound,
    (Endpoint.REGISTERED, 404): errors.EventNotFound,
    # 407 usually means proxy authentication, but here it means that the session is not live.
    (Endpoint.JOIN, 407): errors.SessionNotLive,
    (Endpoint.STATUS, 407): errors.SessionNotLive,
}
_ERRORS_BY_STATUS: Final[dict[int, type[PlatformError]]] = {
    401: errors.TokenRefused,
    403: errors.Forbidden,
    429: errors.RateLimited,
}


def error_for(endpoint: Endpoint, status: int, body: bytes | bytearray) -> PlatformError:
    """Return the error for a response with this status and body."""
    if not 400 <= status < 600:
        return errors.Unreadable(status=status)
    at_login = endpoint is Endpoint.LOGIN
    by_code = _LOGIN_ERRORS_BY_CODE if at_login else _ERRORS_BY_CODE
    by_phrase = _LOGIN_ERRORS_BY_PHRASE if at_login else _ERRORS_BY_PHRASE
    parsed = parse_error_body(body)
    for code in parsed.codes:
        if code in by_code:
            return by_code[code](status=status, reason=parsed.reason)
    if status >= 500:
        return errors.ServerFailed(status=status)
    for phrase, error in by_phrase.items():
        if phrase in parsed.message:
            limit = _TICKET_LIMIT.search(parsed.message)
            permitted = int(limit[1]) if limit else None
            return error(status=status, permitted=permitted, reason=parsed.reason)
    by_status = _ERRORS_BY_STATUS.get(status, errors.Rejected)
    kind = _ERRORS_BY_ENDPOINT.get((endpoint, status), by_status)
    return kind(status=status, reason=parsed.reason)


def error_in_envelope(endpoint: Endpoint, answer: object) -> PlatformError | None:
    """Return the error in the envelope of a list without rows, or None."""
    fields = parsing.fold_names(answer) if isinstance(answer, dict) else {}
    said = {name: fields[name] for name in ("error", "errors") if fields.get(name)}
    if _says_failed(fields):
        names = _MESSAGE_FIELDS | _CODE_FIELDS | {_TITLE_FIELD}
        said = {"error": True, **{name: fields[name] for name in names if fields.get(name)}}
    if not said or any(fields.get(name) for name in _ROWS):
        return None
    return error_for(endpoint, HTTPStatus.BAD_REQUEST, json.dumps(said).encode())


def _says_failed(fields: Mapping[str, Any]) -> bool:
    """Return whether an answer says that it is an error, as in `{"success": false}`."""
    status = fields.get("status")
    if isinstance(status, str) and status.casefold() in _FAILED:
        return True
    is_code = type(status) is int and 400 <= status < 600
    return is_code or fields.get("success") is False or fields.get("ok") is False


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The error codes and the message in an error response."""

    codes: tuple[int, ...]
    message: str  # all messages joined, in lower case, without apostrophes
    reason: str | None = field(default=None, repr=False)  # the first message that is for people


def parse_error_body(body: bytes | bytearray) -> ErrorBody:
    """Return the codes and messages of an error response, which may or may not be JSON."""
    content = body[:MAX_BODY_BYTES].decode("utf-8", "replace")
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        return ErrorBody((), _normalized(content))
    codes, messages, titles = [], [], []
    pending = [("message", parsed), ("code", parsed)]  # a bare value may be either
    for _ in range(MAX_VALUES):
        if not pending:
            break
        name, value = pending.pop(0)
        if isinstance(value, dict):
            pending += parsing.fold_names(value).items()
        elif isinstance(value, list):
            pending += [(name, item) for item in value[:MAX_VALUES]]
        elif name in _CODE_FIELDS:
            codes.append(parsing.identifier(value))
        elif name in _MESSAGE_FIELDS and isinstance(value, str):
            messages.append(value)
        elif name == _TITLE_FIELD and isinstance(value, str):
            titles.append(value)
    messages += titles
    reason = next(filter(None, map(_reason, messages)), None)
    return ErrorBody(tuple(filter(None, codes)), _normalized(" ".join(messages)), reason)


def _reason(message: str) -> str | None:
    """Return the message as one line if it is a sentence for people and holds no secret."""
    line = " ".join(parsing.lines(message))
    is_sentence = " " in line and line.casefold().rstrip(".") not in _PHRASES
    if not is_sentence or _TECHNICAL.search(line) or holds_secret(line):
        return None
    return line


def _normalized(message: str) -> str:
    return " ".join(message.replace("'", "").replace("’", "").casefold().split())
