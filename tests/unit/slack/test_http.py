"""Unsigned and wrongly signed requests are refused and logged, without filling the log."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import pytest
import structlog

from slackbot.sandbox.slack.signing import signed
from slackbot.slack.inbound import http
from slackbot.slack.inbound.http import SignatureMiddleware
from slackbot.slack.inbound.refusal_log import REPORT_SECONDS

SECRET, BODY = "f" * 32, "command=%2Fnetworking&text=a-word-that-no-log-may-hold"
SSL_CHECK = "ssl_check=1&token=Jh1ZRjvUqVOyYjO4gQbQGyXE"
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
        """Send a signed request that gets 401."""
        headers = signed(BODY, secret, at=time.time() - seconds_old)
        assert await self.post(BODY, headers=headers) == 401

    async def post(self, *parts: str, headers: Mapping[str, str] | None = None) -> int:
        """Send a request with the body in parts, and return the status; a lost body never ends."""
        raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        sent: list[MutableMapping[str, Any]] = []
        waiting = list(parts)

        async def receive() -> MutableMapping[str, Any]:
            if not waiting:
                await asyncio.sleep(3600)
            body = waiting.pop(0).encode()
            return {"type": "http.request", "body": body, "more_body": bool(waiting)}

        async def send(event: MutableMapping[str, Any]) -> None:
            sent.append(event)

        await self._middleware({"type": "http", "method": "POST", "headers": raw}, receive, send)
        assert sent[1]["body"] == b""
        return int(sent[0]["status"])


@pytest.fixture
def lines() -> Iterator[LogLines]:
    """The log lines."""
    with structlog.testing.capture_logs() as captured:
        yield captured


def line(reason: str, count: int, **facts: int) -> dict[str, Any]:
    """Return the line of refused requests."""
    head = {"event": "requests_refused", "log_level": "warning"}
    return {**head, "reason": reason, "count": count, **facts}


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
async def test_a_wrong_clock_is_a_reason_of_its_own(lines: LogLines, seconds_old: int) -> None:
    """Signed correctly, but long ago or in the future: the line says by how many seconds."""
    await Endpoint().refuse(seconds_old=seconds_old)
    assert lines == [line("clock", 1, seconds=pytest.approx(seconds_old, abs=2))]


async def test_a_wrong_clock_is_not_blamed_for_a_wrong_secret(lines: LogLines) -> None:
    """Whatever the time, a signature that does not fit is the reason."""
    await Endpoint().refuse(secret="0" * 32, seconds_old=STALE_SECONDS)
    assert lines == [line("signature", 1)]


@pytest.mark.parametrize(
    ("seconds_old", "status"), [(302, 401), (-302, 401), (298, 400), (-298, 400)]
)
async def test_five_minutes_are_allowed(seconds_old: int, status: int) -> None:
    """In both directions. What is accepted reaches the app, which fails here."""
    headers = signed(BODY, SECRET, at=time.time() - seconds_old)
    assert await Endpoint().post(BODY, headers=headers) == status


async def test_each_reason_has_its_own_minute(lines: LogLines) -> None:
    """Many late requests do not hide a wrong secret."""
    endpoint = Endpoint()
    for _ in range(3):
        await endpoint.refuse(seconds_old=STALE_SECONDS)
        await endpoint.refuse(secret="0" * 32)
        await endpoint.post(BODY)
    assert [(one["reason"], one["count"]) for one in lines] == [
        ("clock", 1),
        ("signature", 1),
        ("headers", 1),
    ]
    endpoint.seconds += REPORT_SECONDS
    await endpoint.refuse(seconds_old=STALE_SECONDS)
    assert (lines[3]["reason"], lines[3]["count"]) == ("clock", 3)


# --- ssl_check -----------------------------------------------------------------------------------


async def test_an_ssl_check_gets_an_empty_200(lines: LogLines) -> None:
    """Slack sends it unsigned, to see whether the endpoint is up. Nobody else hears of it."""
    headers = {"content-length": str(len(SSL_CHECK))}
    assert await Endpoint().post(SSL_CHECK, headers=headers) == 200
    assert await Endpoint().post(SSL_CHECK[:9], SSL_CHECK[9:], headers=headers) == 200
    assert lines == []


@pytest.mark.parametrize(
    "body",
    [
        "ssl_check=1&token=xxx",  # slackapi/bolt-js#1397
        # slackapi/bolt-js#2899 and slackapi/bolt-python#1494
        "command=%2Fnetworking&text=disconnect&ssl_check=1",
        "ssl_check=1&payload=%7B%22type%22%3A%22block_actions%22%7D",
    ],
)
async def test_an_ssl_check_runs_nothing(body: str, lines: LogLines) -> None:
    """Whatever else stands in it: it is acknowledged, and goes no further."""
    assert await Endpoint().post(body, headers={"content-length": str(len(body))}) == 200
    assert lines == []


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (SSL_CHECK, {}),
        (SSL_CHECK, {"content-length": "1001"}),
        (SSL_CHECK, {"content-length": "99999999999"}),
        (SSL_CHECK, {"content-length": "-1"}),
        ("x" * 1001 + "&ssl_check=1", {"content-length": "20"}),
        ("ssl_check=0&token=t", {"content-length": "20"}),
        ("ssl_check=1&ssl_check=1", {"content-length": "20"}),
        ("a&" * 20 + "ssl_check=1", {"content-length": "60"}),
        ("ssl_check=1&caf\u00e9=1", {"content-length": "20"}),
        (BODY, {"content-length": str(len(BODY))}),
        ("", {"content-length": "0"}),
        # slackapi/bolt-js#2899: only the value 1 counts
        *((f"ssl_check={value}&token=t", {"content-length": "30"}) for value in ("true", "01", "")),
        *(
            (f"ssl_check={value}&token=t", {"content-length": "30"})
            for value in ("1%20", "2", "-1")
        ),
    ],
)
async def test_nothing_else_is_answered_unsigned(body: str, headers: dict[str, str]) -> None:
    """Whatever is large, unclear or a command gets 401."""
    assert await Endpoint().post(body, headers=headers) == 401


async def test_an_ssl_check_that_does_not_arrive_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A body that is announced and never comes gets 401 after a moment."""
    monkeypatch.setattr(http, "SSL_CHECK_SECONDS", 0.05)
    assert await Endpoint().post(headers={"content-length": "20"}) == 401
