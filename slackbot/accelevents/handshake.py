"""The ways to open a connection, and the ways in which a handshake can fail.

The server may use an old version. Socket.IO 2 and several versions of netty-socketio cannot read a
payload in CONNECT, and some servers connect to a namespace only with Engine.IO 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Failure(StrEnum):
    """The failures of a handshake in the order of its stages. The values are finding codes."""

    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    REDIRECTS = "redirects"
    UPGRADE_REFUSED = "upgrade_refused"
    SILENT = "silent_after_upgrade"
    CLOSED_AT_ONCE = "closes_after_upgrade"
    NOT_ENGINE_IO = "not_engine_io"
    UNANSWERED = "no_connect_answer"
    CLOSED = "closes_on_connect"
    UNREADABLE = "packet_unreadable"
    REFUSED = "socket_refuses"
    NO_NAMESPACE = "namespace_unknown"


# The reason for each failure, as shown in the feed's health, the log and the metrics.
_REASONS: Final = {
    Failure.NO_ANSWER: "timeout",
    Failure.UNREACHABLE: "unreachable",
    Failure.REDIRECTS: "unreachable",
    Failure.SILENT: "timeout",
    Failure.CLOSED_AT_ONCE: "closed",
    Failure.NOT_ENGINE_IO: "unreadable",
    Failure.UNANSWERED: "timeout",
    Failure.CLOSED: "closed",
    Failure.UNREADABLE: "unreadable",
    Failure.REFUSED: "refused",
    Failure.NO_NAMESPACE: "refused",
}


class ConnectError(Exception):
    """A handshake failed. `status` is the HTTP status if the upgrade was rejected."""

    def __init__(self, failure: Failure, status: int | None = None) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.status = status

    @property
    def reason(self) -> str:
        """Return `refused`, `timeout`, `unreachable`, `unreadable` or `closed`."""
        if self.failure is Failure.UPGRADE_REFUSED:
            return "refused" if 400 <= (self.status or 0) < 500 else "unreachable"
        return _REASONS[self.failure]

    @property
    def may_be_old(self) -> bool:
        """Return True if the server may be an older one, so another handshake may succeed."""
        return (
            self.failure in {Failure.UNREADABLE, Failure.UNANSWERED}
            or self.status == 400  # a server that supports only Engine.IO 3
        )


def drop_tracebacks(error: BaseException | None) -> None:
    """Remove the tracebacks of an error and its causes to break reference cycles.

    The frames of a traceback refer to objects that keep the error. Otherwise, the connection would
    stay in memory until the garbage collector runs.
    """
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


@dataclass(frozen=True, slots=True)
class Handshake:
    """A way to open a connection: the places of the token and the Engine.IO version."""

    places: tuple[str, ...]  # `auth` (the payload of CONNECT), `header` or `query`
    version: int = 4

    @property
    def words(self) -> str:
        """Return a description for operators."""
        return f"Engine.IO {self.version}, token by {' and '.join(self.places)}"


QUERY: Final = Handshake(("query",))


def handshakes(places: Sequence[str]) -> list[Handshake]:
    """Return the handshakes in the order to try them, beginning with the configured one.

    The later ones send the token in a header, for servers that cannot read the payload. Engine.IO 3
    has no payload.
    """
    without_payload = tuple(place for place in places if place != "auth") or ("header",)
    ways = [Handshake(tuple(places)), Handshake(without_payload), Handshake(without_payload, 3)]
    return list(dict.fromkeys(ways))
