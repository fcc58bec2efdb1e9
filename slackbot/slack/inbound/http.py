"""Verify the signature of every HTTP request from Slack before Bolt sees it.

Bolt's own check raises on malformed headers and logs the complete bodies of rejected requests. This
module never parses rejected requests and logs only the reason, at most once per minute. If Bolt
cannot parse a signed request (for example, because it is not JSON), the response is 400. An
unsigned `ssl_check`, which Slack uses to test the endpoint, is answered with an empty 200.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import time
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Final
from urllib.parse import parse_qs

import structlog
from slack_sdk.signature import SignatureVerifier
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slackbot.slack.inbound.refusal_log import RefusalLog
from slackbot.slack.request_context import arrived_at
from slackbot.telemetry import REFUSED_REQUESTS, UNREADABLE

log = structlog.get_logger(__name__)

# Maximum bytes of a request body.
BODY_LIMIT: Final = 1_000_000
# Maximum bytes of an unsigned `ssl_check`, and the timeout for receiving it.
SSL_CHECK_LIMIT: Final = 1_000
SSL_CHECK_SECONDS: Final = 1.0
# Maximum difference in seconds between a timestamp and the clock.
CLOCK_SECONDS: Final = 300
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(rb"v0=[0-9a-f]{64}")


class SignatureMiddleware:
    """ASGI middleware that checks headers, size and signature before Bolt is called."""

    def __init__(
        self, app: ASGIApp, signing_secret: str, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._refusals = RefusalLog(now)

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
            if await _is_ssl_check(scope, receive):
                await _answer(send, 200)
                return
            self._refusals.record("headers")
            await _refuse(send, 401, "headers")
            return
        body = await _read(receive, BODY_LIMIT)
        if body is None:
            await _refuse(send, 413, "size")
            return
        if reason := self._problem(body, timestamp.decode(), signature.decode()):
            await _refuse(send, 401, reason)
            return
        await self._forward(scope, body, send)

    def _problem(self, body: bytes, timestamp: str, signature: str) -> str:
        """Return and record the reason to reject the request, or return an empty string."""
        expected = self._verifier.generate_signature(timestamp=timestamp, body=body)
        if not hmac.compare_digest(expected or "", signature):
            self._refusals.record("signature")
            return "signature"
        seconds = round(time.time() - int(timestamp))
        if abs(seconds) <= CLOCK_SECONDS:
            return ""
        # The secret is correct, but the clock of this machine is wrong or the request is late.
        self._refusals.record("clock", seconds=seconds)
        return "clock"

    async def _forward(self, scope: Scope, body: bytes, send: Send) -> None:
        """Pass the request to Bolt, and reject it if Bolt cannot parse it."""
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


def report_unreadable(error: Exception) -> None:
    """Count and log a signed request that could not be parsed, without its content."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in where)
    UNREADABLE.labels(source="slack").inc()
    log.warning("slack_request_failed", kind=type(error).__name__, at=place)


def _header(scope: Scope, name: bytes) -> bytes:
    """Return the value of the header, or an empty value if it is missing or repeated."""
    values = [value for key, value in scope["headers"] if key.lower() == name]
    return values[0] if len(values) == 1 else b""


async def _is_ssl_check(scope: Scope, receive: Receive) -> bool:
    """Return True if an unsigned request is Slack's `ssl_check`, which contains no data."""
    length = _header(scope, b"content-length")
    if not length.isdigit() or len(length) > 4 or int(length) > SSL_CHECK_LIMIT:
        return False
    try:
        async with asyncio.timeout(SSL_CHECK_SECONDS):
            body = await _read(receive, SSL_CHECK_LIMIT) or b""
        fields = parse_qs(body.decode("ascii"), max_num_fields=10)
    except (TimeoutError, ValueError):
        return False
    return fields.get("ssl_check") == ["1"]


async def _read(receive: Receive, limit: int) -> bytes | None:
    """Return the body, or None if it is larger than `limit` bytes."""
    body, more = bytearray(), True
    while more and len(body) <= limit:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
    return bytes(body) if len(body) <= limit else None


async def _refuse(send: Send, status: int, reason: str) -> None:
    REFUSED_REQUESTS.labels(reason=reason).inc()
    await _answer(send, status)


async def _answer(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
