"""The door for everything Slack sends: whatever is not signed gets 401 before Bolt sees it.

Bolt's own check raises on malformed headers and logs whole bodies of refused requests; here
nothing of a refused request is looked at or written down. That some were refused by their signature
is logged, at most once a minute for each reason. What is signed and still no input of Slack's (no
JSON, not an object, an id that is none) makes Bolt raise; it gets 400.
"""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from pathlib import PurePath
from typing import Any, Final

import structlog
from slack_sdk.signature import SignatureVerifier

from slackbot.telemetry import REFUSED_REQUESTS, UNREADABLE

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_LIMIT: Final = 1_000_000
# How far a timestamp may be from our clock, in seconds: `SignatureVerifier` allows as much.
CLOCK_SECONDS: Final = 300
# A reason for refusing requests is logged once in so many seconds, however many there are.
REPORT_SECONDS: Final = 60.0
_TIMESTAMP: Final = re.compile(rb"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(rb"v0=[0-9a-f]{64}")

arrived_at: ContextVar[float] = ContextVar("arrived_at")
"""When the request in hand arrived, on the monotonic clock, in seconds."""


class SignatureMiddleware:
    """An ASGI app in front of Bolt's: checks headers, size and signature, then passes on."""

    def __init__(
        self, app: ASGIApp, signing_secret: str, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._refusals = _Refusals(now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        arrived_at.set(time.monotonic())
        if scope["method"] != "POST":
            await _refuse(send, 405, "method")
            return
        stamp, signature = (
            _header(scope, b"x-slack-request-timestamp"),
            _header(scope, b"x-slack-signature"),
        )
        if not _TIMESTAMP.fullmatch(stamp) or not _SIGNATURE.fullmatch(signature):
            await _refuse(send, 401, "headers")
            return
        body = await _read(receive)
        if body is None:
            await _refuse(send, 413, "size")
            return
        if not self._verifier.is_valid(body, stamp.decode(), signature.decode()):
            off = abs(time.time() - int(stamp)) > CLOCK_SECONDS
            self._refusals.report("timestamp" if off else "signature")
            await _refuse(send, 401, "signature")
            return
        await self._pass_on(scope, body, send)

    async def _pass_on(self, scope: Scope, body: bytes, send: Send) -> None:
        """Let Bolt answer; whatever it stumbles over in reading is no defect of ours."""
        begun = False

        async def noting(event: Event) -> None:
            nonlocal begun
            begun = True
            await send(event)

        try:
            await self._app(scope, _replay(body), noting)
        except Exception as error:
            if begun:
                raise
            unreadable(error)
            await _refuse(send, 400, "unreadable")


class _Refusals:
    """A log of refused requests: a reason's first at once, then at most one line a minute."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._counts: Counter[str] = Counter()
        self._next_line: dict[str, float] = {}

    def report(self, reason: str) -> None:
        """Count a refusal, and log those since the last line when a line is due."""
        self._counts[reason] += 1
        now = self._now()
        if now < self._next_line.get(reason, now):
            return
        log.warning("requests_refused", reason=reason, count=self._counts.pop(reason))
        self._next_line[reason] = now + REPORT_SECONDS


def unreadable(error: Exception) -> None:
    """Count and log a signed request that nothing could make sense of, without its content."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = "".join(f"{PurePath(frame.filename).name}:{frame.lineno}" for frame in where)
    UNREADABLE.labels(source="slack").inc()
    log.warning("slack_request_failed", kind=type(error).__name__, at=place)


def _header(scope: Scope, name: bytes) -> bytes:
    """The header's value; empty when it is missing or there more than once."""
    values = [value for key, value in scope["headers"] if key.lower() == name]
    return values[0] if len(values) == 1 else b""


async def _read(receive: Receive) -> bytes | None:
    body = bytearray()
    while len(body) <= BODY_LIMIT:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            return bytes(body) if len(body) <= BODY_LIMIT else None
    return None


def _replay(body: bytes) -> Receive:
    async def receive() -> Event:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _refuse(send: Send, status: int, reason: str) -> None:
    REFUSED_REQUESTS.labels(reason=reason).inc()
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
