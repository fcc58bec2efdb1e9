"""Limits on HTTP connections: how many, the size of headers, and the time for a request.

uvicorn has no such limits, and httptools holds a header in memory however long it is. So this
protocol counts what the parser gets besides bodies, and a timer runs until a request is complete.
The handlers limit the size of bodies.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import structlog
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from slackbot.domain.addresses import TrustedProxies, is_private, network_of
from slackbot.telemetry import REFUSED_REQUESTS

log = structlog.get_logger(__name__)

# Seconds between two log lines of refusals with the same reason.
REPORT_SECONDS: Final = 60.0
# uvicorn logs a warning for each malformed request. Strangers could fill the disk with them, so
# they are counted instead.
_ERRORS: Final = logging.getLogger("uvicorn.error.requests")
_ERRORS.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of all connections of a process."""

    # Bytes of a request line with its headers, of trailers, or of a chunk's header. Requests from
    # Slack have about 1,000.
    header_bytes: int = 16_384
    header_count: int = 100
    # Seconds until a request is complete, from its first byte or from the start of the connection.
    request_seconds: float = 15.0
    # Seconds that a connection is kept for another request.
    keep_alive_seconds: float = 5.0
    # Seconds until a connection that is being closed is cut off.
    close_seconds: float = 30.0
    connections: int = 1_000
    # Bytes of all incomplete requests together.
    incomplete_bytes: int = 2 * 2**20
    # For each visitor's network. Only `connections` limits those of a trusted proxy.
    connections_per_network: int = 200


class Connections:
    """The open connections of a process. A connection is waiting while its request is incomplete.

    A connection beyond the limits replaces the one that has been waiting for longest: connections
    that send nothing keep nobody out.
    """

    def __init__(
        self,
        trusted: TrustedProxies,
        limits: Limits,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trusted = trusted
        self.limits = limits
        self._now = now
        self._open: set[LimitedProtocol] = set()
        # The longest waiting comes first.
        self._waiting: dict[LimitedProtocol, None] = {}
        self._by_network: Counter[str] = Counter()
        self._incomplete_bytes = 0
        # By reason: the refusals since the last log line, and the time of the next line.
        self._refused: Counter[str] = Counter()
        self._next_line: dict[str, float] = {}
        self._has_reported_proxy = False

    def add(self, new: LimitedProtocol) -> bool:
        """Count a new connection. Return False if there is no room for it."""
        self._open.add(new)
        self._waiting[new] = None
        self._by_network[new.network] += 1
        if len(self._open) > self.limits.connections:
            oldest = next(iter(self._waiting))
        elif not new.is_proxy and (
            self._by_network[new.network] > self.limits.connections_per_network
        ):
            oldest = next(other for other in self._waiting if other.network == new.network)
        else:
            return True
        if oldest is new:
            return False
        self.record_refusal("connections")
        oldest.end()
        return True

    def remove(self, closed: LimitedProtocol) -> None:
        """Forget a connection."""
        if closed not in self._open:
            return
        self._open.remove(closed)
        self._end_waiting(closed)
        self._by_network[closed.network] -= 1
        if not self._by_network[closed.network]:
            del self._by_network[closed.network]

    def receive(self, connection: LimitedProtocol, count: int) -> None:
        """Count bytes of an incomplete request; beyond the limit, the oldest such request ends."""
        connection.incomplete_bytes += count
        self._incomplete_bytes += count
        while self._incomplete_bytes > self.limits.incomplete_bytes:
            self.record_refusal("incomplete")
            next((c for c in self._waiting if c.incomplete_bytes), connection).end()

    def set_waiting(self, connection: LimitedProtocol, *, waiting: bool) -> None:
        """Record whether the connection waits for a request."""
        if not waiting:
            self._end_waiting(connection)
        elif connection in self._open:
            self._waiting[connection] = None

    def _end_waiting(self, connection: LimitedProtocol) -> None:
        self._waiting.pop(connection, None)
        self._incomplete_bytes -= connection.incomplete_bytes
        connection.incomplete_bytes = 0

    def record_refusal(self, reason: str) -> None:
        """Count a refusal; log the first of a reason at once, then one line a minute at most."""
        REFUSED_REQUESTS.labels(reason=reason).inc()
        self._refused[reason] += 1
        now = self._now()
        if now >= self._next_line.get(reason, now):
            log.warning("connections_refused", reason=reason, count=self._refused.pop(reason))
            self._next_line[reason] = now + REPORT_SECONDS

    def report_proxy(self, address: str) -> None:
        """Log once that a private address forwards requests without being trusted."""
        if not self._has_reported_proxy and is_private(address):
            log.warning("proxy_untrusted", address=address, setting="TRUSTED_PROXIES")
            self._has_reported_proxy = True


class _Timer:
    """A call that is made later, unless it is stopped or another one is started."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handle: asyncio.TimerHandle | None = None

    @property
    def is_running(self) -> bool:
        return self._handle is not None

    def start(self, seconds: float, callback: Callable[[], object]) -> None:
        self.stop()
        self._handle = self._loop.call_later(seconds, callback)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class LimitedProtocol(HttpToolsProtocol):
    """A connection within the limits. `protocol_class` makes the class for a server."""

    shared: ClassVar[Connections]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _ERRORS
        self.network = ""
        self.is_proxy = False
        self.incomplete_bytes = 0  # received of a request
        # Bytes given to the parser since it last reported something that is no header.
        self._unreported = 0
        self._has_begun = self._has_headers = self._has_too_many_headers = False
        self._limits = self.shared.limits
        self._timer = _Timer(self.loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection, and wait for a request."""
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        self.network = network_of(address)
        self.is_proxy = address in self.shared.trusted
        self._timer.start(self._limits.request_seconds, self._on_request_timeout)
        if not self.shared.add(self):
            self._refuse(503, "connections")

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self.shared.remove(self)
        self._timer.stop()

    def end(self) -> None:
        """Close the connection, and cut it off if the peer does not read what was sent."""
        self.shared.remove(self)
        self.transport.close()
        self._timer.start(self._limits.close_seconds, self.transport.abort)

    # --- what is received ------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Give the parser as much as the limit allows."""
        if not self._timer.is_running:
            self._timer.start(self._limits.request_seconds, self._on_request_timeout)
        # What comes after an answer is dropped.
        if not _is_answered(self.cycle, has_headers=self._has_headers):
            self.shared.receive(self, len(data))
        while data and not self.transport.is_closing():
            room = self._limits.header_bytes - self._unreported
            piece, data = data[:room], data[room:]
            self._unreported += len(piece)
            super().data_received(piece)
            if self._unreported >= self._limits.header_bytes:
                self._refuse(431, "headers_size")

    def on_message_begin(self) -> None:
        """Note the first byte of a request."""
        super().on_message_begin()
        # A request may begin in the bytes that completed the one before it.
        if not self._timer.is_running:
            self._timer.start(self._limits.request_seconds, self._on_request_timeout)
        self._has_begun, self._has_headers = True, False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header or a trailer."""
        if len(self.headers) >= self._limits.header_count:
            self._has_too_many_headers = True
            raise ValueError  # the parser stops, and `send_400_response` is called
        if not self.is_proxy and self.client and name.lower() == b"x-forwarded-for":
            self.shared.report_proxy(self.client[0])
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start to handle the request."""
        super().on_headers_complete()
        self._unreported = 0
        self._has_headers = True
        if self.parser.should_upgrade():  # no protocol is: what follows cannot be read
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Pass on a part of the body."""
        self._unreported = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop waiting: the request is complete."""
        super().on_message_complete()
        self._unreported = 0
        self._has_begun = self._has_headers = False
        self._timer.stop()
        self.shared.set_waiting(self, waiting=self.cycle.response_complete)

    # --- what is answered ------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.end()
        elif self.cycle.response_complete or self.cycle.more_body:
            # No other request has come meanwhile, or not the whole of it.
            self.shared.set_waiting(self, waiting=True)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Refuse what the parser rejects."""
        if self._has_too_many_headers:
            self._refuse(431, "headers_count")
        else:
            self._refuse(400, "malformed")

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is kept for no further request."""
        self.end()

    def _on_request_timeout(self) -> None:
        if self._has_begun:
            self._refuse(408, "timeout")
        else:  # nothing was asked: an answer could be taken for that to a later request
            self.shared.record_refusal("timeout")
            self.end()

    def _refuse(self, status: int, reason: str) -> None:
        """Answer with the status, unless there is an answer already, and close."""
        self.shared.record_refusal(reason)
        if not _is_answered(self.cycle, has_headers=self._has_headers):
            headers = b"content-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + headers)
        self.end()


def _is_answered(cycle: RequestResponseCycle | None, *, has_headers: bool) -> bool:
    """Return True if the request has an answer, or stands behind another one without."""
    if cycle is None:  # it is the first
        return False
    return cycle.response_started if has_headers else not cycle.response_complete


def protocol_class(connections: Connections) -> type[LimitedProtocol]:
    """Return the class that a uvicorn server takes for its connections."""
    return type("Protocol", (LimitedProtocol,), {"shared": connections})
