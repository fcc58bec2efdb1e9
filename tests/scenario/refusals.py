"""The table of `test_refusals`: Accelevents' answers, and the sentence and button of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slackbot.slack import texts

LIST = {"method": "GET", "path": "/rest/events/*/session/v2"}
MINE = {"method": "GET", "path": "/rest/events/*/user-session/registered"}
JOIN = {"method": "PUT", "path": "/rest/events/*/session/"}
STATUS = {"method": "PUT", "path": "/rest/events/*/user-session/*/status"}
MATCHES = {"method": "GET", "path": "/rest/events/*/user-session/*/matches"}
LOGIN = {"method": "POST", "path": "/rest/u/loginUserByUserKey/"}

TITLE = {"title": "First Network Session"}
LIMIT = (
    "Your registration type only permits registering for 3 sessions. If you would like to "
    "register for this session please un-register from a different session first."
)


@dataclass(frozen=True)
class Row:
    """A command, the answer to one of its requests, and the sentence and button shown.

    `answer` holds fields of the sandbox's `NextStatus`, or of `Broken` when it has a `how`.
    """

    typed: str
    at: Mapping[str, str]
    answer: Mapping[str, Any]
    code: str
    button: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The test's id."""
        call = self.at["path"].rstrip("/").rpartition("/")[2]
        fields = [self.answer.get(key) for key in ("how", "status", "code", "message")]
        parts = [self.typed.partition(" ")[0], call, *fields, self.code]
        return "-".join(str(word)[:24].replace(" ", "_") for word in parts if word)


def status(number: int, code: int | None = None, message: str = "", **more: Any) -> dict[str, Any]:
    """Return an answer with a documented code, or only a status and an empty body."""
    if code is None and not message:
        return {"status": number, "body": "", **more}
    return {"status": number, "code": code, "message": message, **more}


THREE_TRIES = {"times": 3, "retry_after": 0}
AGAIN, OTHER, HUB, CONNECT = (
    texts.BUTTON_TRY_AGAIN,
    texts.BUTTON_OTHER_SESSIONS,
    texts.BUTTON_HUB,
    texts.BUTTON_CONNECT_AGAIN,
)


def everywhere(typed: str, at: Mapping[str, str]) -> list[Row]:
    """Return the rows for any request with a token."""
    return [
        Row(typed, at, status(401, 4010101, "Not authorized"), "token_refused", CONNECT),
        Row(typed, at, status(401), "token_refused", CONNECT),
        Row(typed, at, status(401, 4010102, "locked"), "account_locked", AGAIN),
        Row(typed, at, status(403), "forbidden", HUB),
        Row(typed, at, status(403, 4030201, "Forbidden"), "forbidden", HUB),
        Row(typed, at, status(404, 4040100, "No user found"), "account_not_found", CONNECT),
        Row(typed, at, status(404, 4040200, "Event not found"), "event_not_found", CONNECT),
        Row(typed, at, status(406, 4068910, "not registered"), "not_registered", HUB),
        Row(typed, at, status(400, 400, "malformed"), "rejected", HUB),
        Row(typed, at, status(409), "rejected", HUB),
    ]


def silences(typed: str, at: Mapping[str, str], *, read: bool) -> list[Row]:
    """Return the rows without a proper answer; a read is tried three times."""
    tries = THREE_TRIES if read else {}
    return [
        Row(typed, at, status(429, **tries), "rate_limited", AGAIN),
        Row(typed, at, status(500, **tries), "server_failed", AGAIN),
        Row(typed, at, status(503, 503, "back soon", **tries), "server_failed", AGAIN),
        Row(typed, at, status(302, headers={"location": "/login"}), "unreadable", AGAIN),
        Row(typed, at, {"how": "html"}, "unreadable", AGAIN),
        Row(typed, at, {"how": "cut", "times": 3 if read else 1}, "unreachable", AGAIN),
    ]


def of_a_session(typed: str, at: Mapping[str, str]) -> list[Row]:
    """Return the rows of refusals about a session, by code."""
    return [
        Row(
            typed, at, status(404, 404800, "Session not found!"), "session_not_found", OTHER, TITLE
        ),
        Row(typed, at, status(404, 4042005, "no"), "ticket_not_permitted", OTHER, TITLE),
        Row(typed, at, status(406, 4042005, "no"), "ticket_not_permitted", OTHER, TITLE),
        Row(typed, at, status(406, 40600013, "Cant create url"), "meeting_not_created", AGAIN),
        Row(typed, at, status(407, 4072002, "over"), "session_not_live", OTHER, TITLE),
        Row(typed, at, status(407, 4072003, "recording"), "session_not_live", OTHER, TITLE),
        Row(typed, at, status(407), "session_not_live", OTHER, TITLE),
    ]


_LIST, _MINE, _JOIN, _AVAILABLE = (
    "sessions live",
    "sessions mine",
    "join 11645",
    "available 11645",
)
_NOT_LIVE = "The time limit for accessing this session is expired."
ROWS = [
    *everywhere(_LIST, LIST),
    *silences(_LIST, LIST, read=True),
    Row(_LIST, LIST, status(404), "event_not_found", CONNECT),
    Row(_LIST, LIST, {"how": "truncated"}, "unreadable", AGAIN),
    Row(_LIST, LIST, {"how": "wrong_shape"}, "unreadable", AGAIN),
    Row(_LIST, LIST, {"how": "empty"}, "unreadable", AGAIN),
    *everywhere(_MINE, MINE),
    Row(_MINE, MINE, status(404), "event_not_found", CONNECT),
    *everywhere(_JOIN, JOIN),
    *silences(_JOIN, JOIN, read=False),
    *of_a_session(_JOIN, JOIN),
    Row(_JOIN, JOIN, status(404), "session_not_found", OTHER, TITLE),
    Row(_JOIN, JOIN, status(406), "rejected", HUB),
    # The guide's table, by its texts.
    Row(_JOIN, JOIN, status(404, None, "Session not found!"), "session_not_found", OTHER, TITLE),
    Row(
        _JOIN,
        JOIN,
        status(406, None, "Max user registration capacity reached"),
        "session_full",
        OTHER,
        TITLE,
    ),
    Row(
        _JOIN,
        JOIN,
        status(406, None, "Your ticket does not permit access to this session"),
        "ticket_not_permitted",
        OTHER,
        TITLE,
    ),
    Row(_JOIN, JOIN, status(406, None, LIMIT), "ticket_limit_reached", HUB, TITLE),
    Row(
        _JOIN,
        JOIN,
        status(406, None, "It only permits registering for some sessions."),
        "ticket_limit_reached",
        HUB,
        TITLE,
    ),
    Row(_JOIN, JOIN, status(407, None, _NOT_LIVE), "session_not_live", OTHER, TITLE),
    # The change of status.
    *everywhere(_AVAILABLE, STATUS),
    *of_a_session(_AVAILABLE, STATUS),
    Row(_AVAILABLE, STATUS, status(404), "rejected", HUB),
    Row(_AVAILABLE, MATCHES, status(401, 4010101, "Not authorized"), "token_refused", CONNECT),
    # The join within "available".
    Row(
        _AVAILABLE,
        JOIN,
        status(406, None, "Max user registration capacity reached"),
        "session_full",
        OTHER,
        TITLE,
    ),
    Row(_AVAILABLE, JOIN, status(500), "server_failed", AGAIN),
]

# Without an answer the status may be set all the same, so the bot listens and says so.
UNCONFIRMED = silences(_AVAILABLE, STATUS, read=False)

# The match list is a safety net: nobody is kept from a meeting because it cannot be read.
HARMLESS = [
    Row(_AVAILABLE, MATCHES, answer, code, "")
    for answer, code in (
        (status(404), "rejected"),
        (status(403), "forbidden"),
        (status(404, 4042005, "no"), "ticket_not_permitted"),
        (status(406, 4068910, "not registered"), "not_registered"),
        (status(500, **THREE_TRIES), "server_failed"),
        (status(429, **THREE_TRIES), "rate_limited"),
        ({"how": "wrong_shape"}, "unreadable"),
    )
]


@dataclass(frozen=True)
class FieldRow:
    """A submission, the answer to one of its requests, and the sentence at a field."""

    at: Mapping[str, str]
    answer: Mapping[str, Any]
    code: str
    field: str = "credential"

    @property
    def name(self) -> str:
        """The test's id."""
        return Row("form", self.at, self.answer, self.code, "").name


def check_rows() -> list[FieldRow]:
    """Return the rows of the request that checks an access token."""
    silent = [FieldRow(LIST, row.answer, row.code) for row in silences("", LIST, read=True)]
    return [
        FieldRow(LIST, status(401, 4010101, "Not authorized", times=2), "token_refused"),
        FieldRow(LIST, status(401, times=2), "token_refused"),
        FieldRow(LIST, status(401, 4010102, "locked"), "account_locked"),
        FieldRow(LIST, status(403), "forbidden"),
        FieldRow(LIST, status(404, 4040100, "No user found"), "account_not_found"),
        FieldRow(LIST, status(404, 4040200, "Event not found"), "event_not_found", "event"),
        FieldRow(LIST, status(404), "event_not_found", "event"),
        FieldRow(LIST, status(406, 4068910, "not registered"), "not_registered"),
        FieldRow(LIST, status(404, 4042005, "no access"), "rejected"),
        FieldRow(LIST, status(400), "rejected"),
        *silent,
    ]


def login_rows() -> list[FieldRow]:
    """Return the rows of the request that exchanges a magic link for a token."""
    several = "There is more than one user with the same email"
    return [
        FieldRow(LOGIN, status(401, 4010101, "not a valid magic link"), "magic_link_invalid"),
        FieldRow(LOGIN, status(401), "magic_link_invalid"),
        FieldRow(LOGIN, status(401, 4010102, "locked"), "account_locked"),
        FieldRow(LOGIN, status(404, 4040100, "No user found"), "account_not_found"),
        FieldRow(LOGIN, status(404, 4040200, "Event not found"), "event_not_found", "event"),
        FieldRow(LOGIN, status(406, None, several), "duplicate_account"),
        FieldRow(LOGIN, status(406, 40600013, "Cant create url"), "rejected"),
        FieldRow(LOGIN, status(406, 4068006, "link expired or used"), "magic_link_used"),
        FieldRow(LOGIN, status(406, 4068910, "not registered"), "not_registered"),
        FieldRow(LOGIN, status(403), "forbidden"),
        FieldRow(LOGIN, status(404), "rejected"),
        *(FieldRow(LOGIN, row.answer, row.code) for row in silences("", LOGIN, read=False)),
        FieldRow(LOGIN, {"how": "truncated"}, "unreadable"),
    ]


FIELD_ROWS = [*check_rows(), *login_rows()]

# Keys of `error_texts.ERRORS` without a row, and the tests that cover them.
ELSEWHERE = {
    "not_a_member": "test_who_may_use_it: the person is a guest or a stranger",
    "bad_event_link": "test_linking: what is typed cannot be an event",
    "bad_credential": "test_linking: what is pasted cannot be a credential",
    "no_such_session": "test_an_unknown_title",
    "other_event": "test_understanding: the link of another event's session",
    "available_elsewhere": "test_understanding: another session is paused",
    "nothing_live": "test_nothing_is_live",
    "timed_out": "tests/unit/slack/test_slow_platform, in virtual time",
    "superseded": "tests/unit/slack/test_slow_platform: a later change",
    "given_up": "tests/unit/slack/test_slow_platform: 30 s slow",
    "interrupted": "tests/unit/slack/test_slow_platform: the process stops",
    "duplicate_account": "only a login is refused so, which shows at the field (AT_FIELD)",
}
# The same for `error_texts.AT_FIELD`.
FIELD_ELSEWHERE = {
    "not_a_member": "test_who_may_use_it: the person is a guest or a stranger",
    "not_linked": "test_a_running_connect_is_given_up",
    "timed_out": "tests/unit/slack/test_slow_platform, in virtual time",
    "defect": "a defect of ours, which a scenario cannot order",
}
