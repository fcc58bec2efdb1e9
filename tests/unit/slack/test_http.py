"""Requests refused by their signature are logged, without filling the log."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog

from slackbot.sandbox.slack.signing import signed
from slackbot.slack.inbound.http import REPORT_SECONDS, SignatureMiddleware

SECRET, BODY = "f" * 32, "command=%2Fnetworking&text=a-word-that-no-log-may-hold"
STALE_SECONDS = 6 * 60
LogLines = list[MutableMapping[str, Any]]


async def nobody(_scope: Any, _receive: Any, _send: Any) -> None:
    """Fail: a refused request goes no further."""
    raise AssertionError


class Endpoint:
    """The middleware, with a clock that the test advances."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._middleware = SignatureMiddleware(nobody, SECRET, now=lambda: self.seconds)

    async def refuse(self, *, secret: str = SECRET, seconds_old: float = 0) -> None:
        """Send a request that gets 401."""
        headers = signed(BODY, secret, at=time.time() - seconds_old)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": BODY.encode()}

        async def send(event: MutableMapping[str, Any]) -> None:
            sent.append(event)

        await self._middleware({"type": "http", "method": "POST", "headers": raw}, receive, send)
        assert sent[0]["status"] == 401


@pytest.fixture
def lines() -> Iterator[LogLines]:
    """The log lines."""
    with structlog.testing.capture_logs() as captured:
        yield captured


def line(reason: str, count: int) -> dict[str, Any]:
    return {"event": "requests_refused", "log_level": "warning", "reason": reason, "count": count}


async def test_a_wrong_secret_is_logged_at_once(lines: LogLines) -> None:
    """The first refusal is a line, with nothing of the request in it."""
    await Endpoint().refuse(secret="0" * 32)
    assert lines == [line("signature", 1)]
    assert "a-word" not in json.dumps(lines)


async def test_refusals_are_one_line_a_minute(lines: LogLines) -> None:
    """The next line counts all refusals since the last one."""
    endpoint = Endpoint()
    for _ in range(100):
        await endpoint.refuse(secret="0" * 32)
    endpoint.seconds += REPORT_SECONDS - 1
    await endpoint.refuse(secret="0" * 32)
    assert lines == [line("signature", 1)]
    endpoint.seconds += 1
    await endpoint.refuse(secret="0" * 32)
    await endpoint.refuse(secret="0" * 32)
    assert lines == [line("signature", 1), line("signature", 101)]
    endpoint.seconds += 10 * REPORT_SECONDS
    await endpoint.refuse(secret="0" * 32)
    assert lines[2:] == [line("signature", 2)]


@pytest.mark.parametrize("seconds_old", [STALE_SECONDS, -STALE_SECONDS])
async def test_a_wrong_clock_is_a_reason_of_its_own(lines: LogLines, seconds_old: float) -> None:
    """Signed correctly, but long ago or in the future: the secret is not to blame."""
    await Endpoint().refuse(seconds_old=seconds_old)
    assert lines == [line("timestamp", 1)]


async def test_each_reason_has_its_own_minute(lines: LogLines) -> None:
    """Many stale requests do not hide a wrong secret."""
    endpoint = Endpoint()
    for _ in range(3):
        await endpoint.refuse(seconds_old=STALE_SECONDS)
        await endpoint.refuse(secret="0" * 32)
    assert lines == [line("timestamp", 1), line("signature", 1)]
    endpoint.seconds += REPORT_SECONDS
    await endpoint.refuse(seconds_old=STALE_SECONDS)
    assert lines[2:] == [line("timestamp", 3)]
