"""Answers by `response_url` reach Slack's hosts and no other."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.serving import serving
from tests.fuzz import slack_payloads as payloads

from .conftest import Mission, waits_for_dms

HEARD: list[str] = []


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    """A host that is not Slack's, and records its requests."""
    HEARD.append(str(scope.get("path")))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def stranger() -> AsyncIterator[str]:
    """Serve that host and return its address."""
    HEARD.clear()
    async with serving(elsewhere) as url:
        yield url


ADDRESSES = (
    "{}/x",
    "{}@hooks.slack.com/x",
    "https://hooks.slack.com.evil.example/",
    "http://[",
    "x",
)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_another_host_gets_nothing(mission: Mission, stranger: str, address: str) -> None:
    """A button's answer, and that of a pending command, is a direct message instead."""
    mission.slack.rate_limits.enabled = False
    ada = await mission.link("ada")
    url = address.format(stranger)
    await ada._transport.interaction(payloads.press(ada.id, "status:", "", url))
    await waits_for_dms(ada, 1, "Connected to demo")
    pending = json.dumps({"command": "status", "response_url": url, "is_prompt": False})
    token = mission.platform.token_for("ada")
    await ada._transport.interaction(payloads.submission(ada.id, pending, "demo", token))
    await waits_for_dms(ada, 2, "onnected to demo")
    assert HEARD == []
