"""The time zones of people."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from slackbot.domain.errors import MessageDelayed
from slackbot.domain.model import Person
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.time_zones import TimeZones
from tests.harness.fakes import ANA


class FakeProfiles:
    """Slack's answers to `users.info`, and how often it was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked = 0

    async def request_idempotent(self, method: str, person: Person, **arguments: Any) -> object:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"user": self.answer}


async def test_a_zone_is_looked_up_once() -> None:
    """It is remembered for an hour."""
    profiles = FakeProfiles({"tz": "Europe/Berlin"})
    zones = TimeZones(cast("SlackApi", profiles))
    assert [await zones.of(ANA) for _ in range(3)] == [ZoneInfo("Europe/Berlin")] * 3
    assert profiles.asked == 1


@pytest.mark.parametrize(
    "answer",
    [{}, {"tz": None}, {"tz": ""}, {"tz": "Mars/Base"}, {"tz": "../etc"}, {"tz": "America"}, None,
     MessageDelayed("ratelimited", 3.0)],
)  # fmt: skip
async def test_without_a_zone_there_is_none(answer: object) -> None:
    """Whatever Slack answers, nothing is raised, and the next look-up asks again."""
    profiles = FakeProfiles(answer)
    zones = TimeZones(cast("SlackApi", profiles))
    assert await zones.of(ANA) is None
    assert await zones.of(ANA) is None
    assert profiles.asked == 2
