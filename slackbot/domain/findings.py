"""What an examination of a set-up finds: one `Finding` for each thing that was looked at.

A finding carries a cause and facts, no sentences, and never a secret or a text from outside that
might hold one. What is said of it, and what to do, stands beside the command that prints it.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Grade(StrEnum):
    """How bad it is. A warning does not keep the bot from working."""

    OK = "ok"
    WARNING = "warning"
    FAILURE = "failure"


class Subject(StrEnum):
    """What was looked at."""

    SETTINGS = "settings"
    KEYS = "keys"
    FILES = "open files"
    DATABASE = "database"
    SCHEMA = "schema"
    SLACK = "slack"
    SCOPES = "slack scopes"
    PLATFORM = "accelevents"
    TOKEN = "token"  # noqa: S105 a heading
    SOCKET = "socket"
    CALLS = "calls"


class Cause(StrEnum):
    """Why it is as it is. Whatever is in neither `FINE` nor `DOUBTFUL` is a failure."""

    CHECK_BROKE = "check_broke"
    NOT_EXAMINED = "not_examined"

    SETTINGS_READ = "settings_read"
    SETTING_UNUSABLE = "setting_unusable"
    KEYS_FIT = "keys_fit"
    KEY_UNUSABLE = "key_unusable"
    KEY_LOST = "key_lost"
    FILES_ENOUGH = "files_enough"
    FILES_FEW = "files_few"
    FILES_TOO_FEW = "files_too_few"

    DATABASE_ANSWERS = "database_answers"
    DATABASE_NEW = "database_new"
    DATABASE_FORGETS = "database_forgets"
    DATABASE_URL_UNUSABLE = "database_url_unusable"
    FOLDER_UNUSABLE = "folder_unusable"
    FILE_UNUSABLE = "file_unusable"
    NOT_A_DATABASE = "not_a_database"
    DELIVERY_BROKEN = "delivery_broken"
    PASSWORD_REFUSED = "password_refused"  # noqa: S105 a word
    DATABASE_UNKNOWN = "database_unknown"
    DATABASE_FAILED = "database_failed"
    SCHEMA_NEWEST = "schema_newest"
    SCHEMA_OLD = "schema_old"
    SCHEMA_TO_MIGRATE = "schema_to_migrate"
    SCHEMA_UNKNOWN = "schema_unknown"

    HOST_UNKNOWN = "host_unknown"
    CONNECTION_REFUSED = "connection_refused"
    NO_ANSWER = "no_answer"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"
    TLS_FAILED = "tls_failed"
    LINE_CUT = "line_cut"
    WEB_PAGE = "web_page"
    REDIRECTS = "redirects"
    SERVER_FAILED = "server_failed"
    RATE_LIMITED = "rate_limited"

    SLACK_ACCEPTS = "slack_accepts"
    SLACK_REFUSES = "slack_refuses"
    SCOPES_GRANTED = "scopes_granted"
    SCOPES_MISSING = "scopes_missing"
    SCOPES_UNTOLD = "scopes_untold"

    PLATFORM_ANSWERS = "platform_answers"
    PLATFORM_ASKS_FOR_TOKEN = "platform_asks_for_token"  # noqa: S105 a word
    PLATFORM_FORBIDS = "platform_forbids"
    EVENT_UNKNOWN = "event_unknown"
    PATH_UNKNOWN = "path_unknown"
    TOKEN_ACCEPTED = "token_accepted"  # noqa: S105 a word
    TOKEN_REFUSED = "token_refused"  # noqa: S105 a word
    TOKEN_UNTRIED = "token_untried"  # noqa: S105 a word

    SOCKET_CONNECTS = "socket_connects"
    SOCKET_ASKS_FOR_TOKEN = "socket_asks_for_token"  # noqa: S105 a word
    SOCKET_FORBIDS = "socket_forbids"
    SOCKET_REFUSES = "socket_refuses"
    NO_SOCKET_THERE = "no_socket_there"
    WEBSOCKET_BLOCKED = "websocket_blocked"
    OLD_ENGINE_IO = "old_engine_io"
    CLOSES_AFTER_UPGRADE = "closes_after_upgrade"
    SILENT_AFTER_UPGRADE = "silent_after_upgrade"
    NOT_ENGINE_IO = "not_engine_io"
    NO_CONNECT_ANSWER = "no_connect_answer"
    CLOSES_ON_CONNECT = "closes_on_connect"
    NAMESPACE_UNKNOWN = "namespace_unknown"
    HANDSHAKE_ODD = "handshake_odd"

    CALL_PAGE_THERE = "call_page_there"
    CALLS_NOT_WANTED = "calls_not_wanted"
    CALLS_WITHOUT_TLS = "calls_without_tls"
    CALL_PAGE_MISSING = "call_page_missing"


FINE: Final = frozenset(
    {
        Cause.SETTINGS_READ,
        Cause.KEYS_FIT,
        Cause.FILES_ENOUGH,
        Cause.DATABASE_ANSWERS,
        Cause.DATABASE_NEW,
        Cause.SCHEMA_NEWEST,
        Cause.SLACK_ACCEPTS,
        Cause.SCOPES_GRANTED,
        Cause.PLATFORM_ANSWERS,
        Cause.PLATFORM_ASKS_FOR_TOKEN,
        Cause.TOKEN_ACCEPTED,
        Cause.SOCKET_CONNECTS,
        Cause.SOCKET_ASKS_FOR_TOKEN,
        Cause.CALL_PAGE_THERE,
        Cause.CALLS_NOT_WANTED,
    }
)
DOUBTFUL: Final = frozenset(
    {
        Cause.NOT_EXAMINED,
        Cause.FILES_FEW,
        Cause.DATABASE_FORGETS,
        Cause.SCHEMA_OLD,
        Cause.RATE_LIMITED,
        Cause.SCOPES_UNTOLD,
        Cause.PLATFORM_FORBIDS,
        Cause.PATH_UNKNOWN,
        Cause.SOCKET_FORBIDS,
        Cause.CALLS_WITHOUT_TLS,
        Cause.CALL_PAGE_MISSING,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is the case with one subject. `facts` fill in the sentence that is made of it."""

    subject: Subject
    cause: Cause
    facts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def grade(self) -> Grade:
        """How bad it is."""
        if self.cause in FINE:
            return Grade.OK
        return Grade.WARNING if self.cause in DOUBTFUL else Grade.FAILURE


def why_unreached(error: BaseException) -> Cause:
    """What kept a connection from being made or answered, whichever library tells of it."""
    chain = list(_chain(error))
    for kind, cause in _KINDS:
        if any(isinstance(link, kind) for link in chain):
            return cause
    return Cause.LINE_CUT


_KINDS: Final = (
    ((socket.gaierror, UnicodeError), Cause.HOST_UNKNOWN),  # a name that cannot even be asked
    (ssl.SSLCertVerificationError, Cause.CERTIFICATE_UNTRUSTED),
    (ssl.SSLError, Cause.TLS_FAILED),
    (ConnectionRefusedError, Cause.CONNECTION_REFUSED),
    (TimeoutError, Cause.NO_ANSWER),
)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it was raised from: libraries wrap what the system told them."""
    left: list[BaseException] = [error]
    seen: set[int] = set()
    while left:
        link = left.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        left += [inner for inner in (link.__cause__, link.__context__) if inner is not None]
        if isinstance(link, BaseExceptionGroup):
            left += link.exceptions
