"""The ways to open a connection, and the ways in which that fails.

Servers are of different ages. Those of Socket.IO 2 and several of netty-socketio cannot read a
payload in CONNECT, and some answer one namespace only in Engine.IO 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Failure(StrEnum):
    """How a handshake failed, in the order of its stages. The values are codes of findings."""

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


# The word for each failure in a feed's health, its log line and its metric.
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
    """A handshake failed. `status` is the HTTP status of a refused upgrade."""

    def __init__(self, failure: Failure, status: int | None = None) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.status = status

    @property
    def reason(self) -> str:
        """Return one word: `refused`, `timeout`, `unreachable`, `unreadable` or `closed`."""
        if self.failure is Failure.UPGRADE_REFUSED:
            return "refused" if 400 <= (self.status or 0) < 500 else "unreachable"
        return _REASONS[self.failure]

    @property
    def may_be_old(self) -> bool:
        """Return whether an older server would fail like this, so that another way may work."""
        return (
            self.failure in {Failure.UNREADABLE, Failure.UNANSWERED}
            or self.status == 400  # Engine.IO 3 alone
        )


def drop_tracebacks(error: BaseException | None) -> None:
    """Drop the tracebacks of an error and its causes: their frames refer to what keeps the error.

    Only the garbage collector would free such a cycle, and with it a whole connection.
    """
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


@dataclass(frozen=True, slots=True)
class Handshake:
    """A way to open a connection: where the token travels, and Engine.IO's version."""

    places: tuple[str, ...]  # of `auth` (CONNECT's payload), `header` and `query`
    version: int = 4

    @property
    def words(self) -> str:
        """Return it in words, for operators."""
        return f"Engine.IO {self.version}, token by {' and '.join(self.places)}"


QUERY: Final = Handshake(("query",))


def handshakes(places: Sequence[str]) -> list[Handshake]:
    """Return the ways to try in turn, the configured one first.

    A server that cannot read the payload gets the token by header. Engine.IO 3 has no payload.
    """
    without_payload = tuple(place for place in places if place != "auth") or ("header",)
    ways = [Handshake(tuple(places)), Handshake(without_payload), Handshake(without_payload, 3)]
    return list(dict.fromkeys(ways))
