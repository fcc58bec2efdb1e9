"""Limits for HTTP connections: their number, the size of headers, and the time per request.

uvicorn has no such limits, and httptools keeps headers of any length in memory. This protocol
therefore counts the bytes that are not part of a body, and runs a timer until a request is
complete. The handlers limit the size of bodies.
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

# Seconds between two log lines about rejected requests with the same reason.
REPORT_SECONDS: Final = 60.0
# uvicorn logs a warning for each malformed request. Attackers could fill the disk with these, so
# the requests are counted instead.
_ERRORS: Final = logging.getLogger("uvicorn.error.requests")
_ERRORS.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits for the connections of a process."""

    # Bytes of a request line and its headers, of trailers, or of a chunk header. A request from
    # Slack has about 1,000.
    header_bytes: int = 16_384
    header_count: int = 100
    # Seconds to receive a request, from its first byte or from the start of the connection.
    request_seconds: float = 15.0
    # Seconds that a connection is kept open for another request.
    keep_alive_seconds: float = 5.0
    # Seconds until a connection that is being closed is aborted.
    close_seconds: float = 30.0
    connections: int = 1_000
    # Total bytes of all incomplete requests: as much as one body of the maximum size. The allocator
    # keeps several times as much from the system afterwards.
    incomplete_bytes: int = 2**20
    # Maximum for each visitor's network. Trusted proxies are limited only by `connections`.
    connections_per_network: int = 200


class Connections:
    """The open connections of a process. A connection is waiting while its request is incomplete.

    If a limit is reached, a new connection replaces the one that has been waiting for the longest
    time, so idle connections cannot block other visitors.
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
        # The connection that has been waiting for the longest time comes first.
        self._waiting: dict[LimitedProtocol, None] = {}
        self._by_network: Counter[str] = Counter()
        self._incomplete_bytes = 0
        # For each reason, the rejections since the last log line and the earliest time of the next.
        self._refused: Counter[str] = Counter()
        self._next_line: dict[str, float] = {}
        self._has_reported_proxy = False

    def add(self, new: LimitedProtocol) -> bool:
        """Add a new connection. Return False if it exceeds a limit."""
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
        """Remove a closed connection."""
        if closed not in self._open:
            return
        self._open.remove(closed)
        self._end_waiting(closed)
        self._by_network[closed.network] -= 1
        if not self._by_network[closed.network]:
            del self._by_network[closed.network]

    def receive(self, connection: LimitedProtocol, count: int) -> None:
        """Count bytes of an incomplete request. Above the limit, end the oldest such request."""
        connection.incomplete_bytes += count
        self._incomplete_bytes += count
        while self._incomplete_bytes > self.limits.incomplete_bytes:
            self.record_refusal("incomplete")
            next((c for c in self._waiting if c.incomplete_bytes), connection).end()

    def set_waiting(self, connection: LimitedProtocol, *, waiting: bool) -> None:
        """Record whether the connection is waiting for a request."""
        if not waiting:
            self._end_waiting(connection)
        elif connection in self._open:
            self._waiting[connection] = None

    def _end_waiting(self, connection: LimitedProtocol) -> None:
        self._waiting.pop(connection, None)
        self._incomplete_bytes -= connection.incomplete_bytes
        connection.incomplete_bytes = 0

    def record_refusal(self, reason: str) -> None:
        """Count a rejection, and log at most one line per minute for each reason."""
        REFUSED_REQUESTS.labels(reason=reason).inc()
        self._refused[reason] += 1
        now = self._now()
        if now >= self._next_line.get(reason, now):
            log.warning("connections_refused", reason=reason, count=self._refused.pop(reason))
            self._next_line[reason] = now + REPORT_SECONDS

    def report_proxy(self, address: str) -> None:
        """Log once that a private address forwards requests but is not a trusted proxy."""
        if not self._has_reported_proxy and is_private(address):
            log.warning("proxy_untrusted", address=address, setting="TRUSTED_PROXIES")
            self._has_reported_proxy = True


class _Timer:
    """A delayed call that is cancelled by `stop` or by another `start`."""

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
    """A connection with limits. `protocol_class` creates the class for a server."""

    shared: ClassVar[Connections]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _ERRORS
        self.network = ""
        self.is_proxy = False
        self.incomplete_bytes = 0  # received for the current request
        # Bytes passed to the parser since its last callback other than a header.
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
        """Remove the connection."""
        super().connection_lost(exc)
        self.shared.remove(self)
        self._timer.stop()

    def end(self) -> None:
        """Close the connection, and abort it if the peer does not read the remaining data."""
        self.shared.remove(self)
        self.transport.close()
        self._timer.start(self._limits.close_seconds, self.transport.abort)

    # --- receiving -------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Pass the data to the parser in pieces, up to the limit for headers."""
        if not self._timer.is_running:
            self._timer.start(self._limits.request_seconds, self._on_request_timeout)
        # Data is discarded after the response has started, so it is not counted.
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
        """Record the start of a request."""
        super().on_message_begin()
        # The request may have begun in the same data that completed the previous one.
        if not self._timer.is_running:
            self._timer.start(self._limits.request_seconds, self._on_request_timeout)
        self._has_begun, self._has_headers = True, False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Add a header or a trailer."""
        if len(self.headers) >= self._limits.header_count:
            self._has_too_many_headers = True
            raise ValueError  # stops the parser; uvicorn calls `send_400_response`
        if not self.is_proxy and self.client and name.lower() == b"x-forwarded-for":
            self.shared.report_proxy(self.client[0])
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start handling the request."""
        super().on_headers_complete()
        self._unreported = 0
        self._has_headers = True
        if self.parser.should_upgrade():  # not supported, so further data cannot be parsed
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Process a part of the body."""
        self._unreported = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the timer, because the request is complete."""
        super().on_message_complete()
        self._unreported = 0
        self._has_begun = self._has_headers = False
        self._timer.stop()
        self.shared.set_waiting(self, waiting=self.cycle.response_complete)

    # --- responding ------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.end()
        elif self.cycle.response_complete or self.cycle.more_body:
            # The next request has not been received yet, or only a part of it.
            self.shared.set_waiting(self, waiting=True)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Reject a request that the parser cannot parse."""
        if self._has_too_many_headers:
            self._refuse(431, "headers_count")
        else:
            self._refuse(400, "malformed")

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has received no further request."""
        self.end()

    def _on_request_timeout(self) -> None:
        if self._has_begun:
            self._refuse(408, "timeout")
        else:  # without a request, a response could be mistaken for that to a later one
            self.shared.record_refusal("timeout")
            self.end()

    def _refuse(self, status: int, reason: str) -> None:
        """Respond with the status unless a response has started, and close the connection."""
        self.shared.record_refusal(reason)
        if not _is_answered(self.cycle, has_headers=self._has_headers):
            headers = b"content-length: 0\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + headers)
        self.end()


def _is_answered(cycle: RequestResponseCycle | None, *, has_headers: bool) -> bool:
    """Return True if a response has started, or an earlier request has no response yet."""
    if cycle is None:  # this is the first request
        return False
    return cycle.response_started if has_headers else not cycle.response_complete


def protocol_class(connections: Connections) -> type[LimitedProtocol]:
    """Return the protocol class for the connections of a uvicorn server."""
    return type("Protocol", (LimitedProtocol,), {"shared": connections})
