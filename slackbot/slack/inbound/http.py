"""Verify the signature of every HTTP request from Slack before Bolt sees it.

Bolt's own check raises on malformed headers and logs whole bodies of refused requests. Here nothing
of a refused request is parsed or logged but the reason, at most once a minute. A signed request
that Bolt cannot parse (no JSON, no object, an invalid id) gets 400.
"""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import PurePath
from typing import Final

import structlog
from slack_sdk.signature import SignatureVerifier
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slackbot.slack.request_context import arrived_at
from slackbot.telemetry import REFUSED_REQUESTS, UNREADABLE

log = structlog.get_logger(__name__)

# Bytes of a request's body.
BODY_LIMIT: Final = 1_000_000
# Seconds that a timestamp may be from our clock: as many as `SignatureVerifier` allows.
CLOCK_SECONDS: Final = 300
# Seconds between two log lines of refused requests with the same reason.
REPORT_SECONDS: Final = 60.0
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(rb"v0=[0-9a-f]{64}")


class SignatureMiddleware:
    """ASGI middleware in front of Bolt: checks headers, size and signature."""

    def __init__(
        self, app: ASGIApp, signing_secret: str, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._now = now
        # By reason: the refusals since the last log line, and the time of the next line.
        self._refused: Counter[str] = Counter()
        self._next_line: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            return
        arrived_at.set(time.monotonic())
        if scope["method"] != "POST":
            await _refuse(send, 405, "method")
            return
        timestamp = _header(scope, b"x-slack-request-timestamp")
        signature = _header(scope, b"x-slack-signature")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            await _refuse(send, 401, "headers")
            return
        body = await _read(receive)
        if body is None:
            await _refuse(send, 413, "size")
            return
        if not self._verifier.is_valid(body, timestamp.decode(), signature.decode()):
            stale = abs(time.time() - int(timestamp)) > CLOCK_SECONDS
            self._record_refusal("timestamp" if stale else "signature")
            await _refuse(send, 401, "signature")
            return
        await self._forward(scope, body, send)

    async def _forward(self, scope: Scope, body: bytes, send: Send) -> None:
        """Pass the request to Bolt; refuse it if Bolt cannot parse it."""
        started = False

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def tracked_send(event: Message) -> None:
            nonlocal started
            started = True
            await send(event)

        try:
            await self._app(scope, receive, tracked_send)
        except Exception as error:
            if started:
                raise
            report_unreadable(error)
            await _refuse(send, 400, "unreadable")

    def _record_refusal(self, reason: str) -> None:
        """Count a refusal; log the first of a reason at once, then one line a minute at most."""
        self._refused[reason] += 1
        now = self._now()
        if now >= self._next_line.get(reason, now):
            log.warning("requests_refused", reason=reason, count=self._refused.pop(reason))
            self._next_line[reason] = now + REPORT_SECONDS


def report_unreadable(error: Exception) -> None:
    """Count and log a signed request that could not be parsed, without its content."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in where)
    UNREADABLE.labels(source="slack").inc()
    log.warning("slack_request_failed", kind=type(error).__name__, at=place)


def _header(scope: Scope, name: bytes) -> bytes:
    """Return the header's value; empty when it is missing or repeated."""
    values = [value for key, value in scope["headers"] if key.lower() == name]
    return values[0] if len(values) == 1 else b""


async def _read(receive: Receive) -> bytes | None:
    """Return the body; None when it is larger than `BODY_LIMIT`."""
    body, more = bytearray(), True
    while more and len(body) <= BODY_LIMIT:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return bytes(body) if len(body) <= BODY_LIMIT else None


async def _refuse(send: Send, status: int, reason: str) -> None:
    REFUSED_REQUESTS.labels(reason=reason).inc()
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
