"""What the bot reads from people's profiles."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from slackbot.domain.errors import MessageDelayed, MessageRefused, PersonUnreachable
from slackbot.domain.model import Person, TeamId
from slackbot.slack.installations import Installation
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.profiles import Membership, Profile, Profiles
from tests.harness.fakes import ANA

OURS, OTHER = ANA.team, "T0OTHER"
BERLIN = ZoneInfo("Europe/Berlin")


class FakeApi:
    """Slack's answers to `users.info`, and how often it was asked."""

    def __init__(self, answer: object, scopes: frozenset[str] | None = None) -> None:
        self.answer = answer
        self.scopes = scopes
        self.asked = 0

    async def installed(self, person: Person) -> Installation:
        return Installation(person.team, "B0BOT", "U0BOT", "token", scopes=self.scopes)

    async def request_idempotent(self, method: str, person: Person, **arguments: Any) -> object:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"user": self.answer}


def profiles(api: FakeApi, **options: Any) -> Profiles:
    return Profiles(cast("SlackApi", api), **options)


@pytest.mark.parametrize(
    ("user", "membership"),
    [
        ({}, Membership.MEMBER),
        ({"team_id": OURS, "is_restricted": False, "is_app_user": True}, Membership.MEMBER),
        ({"team_id": OTHER, "enterprise_user": {"teams": [OTHER, OURS]}}, Membership.MEMBER),
        ({"is_owner": True, "is_admin": True}, Membership.MEMBER),
        ({"is_restricted": True}, Membership.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, Membership.GUEST),
        ({"is_stranger": True}, Membership.STRANGER),
        ({"team_id": OTHER}, Membership.STRANGER),
        ({"team_id": OTHER, "is_restricted": True}, Membership.STRANGER),
        ({"team_id": OTHER, "enterprise_user": {"teams": [OTHER]}}, Membership.STRANGER),
        ({"team_id": OTHER, "enterprise_user": {"teams": 7}}, Membership.STRANGER),
        ({"team_id": OTHER, "enterprise_user": "E1"}, Membership.STRANGER),
        ({"is_bot": True}, Membership.BOT),
        ({"is_workflow_bot": True}, Membership.BOT),
        ({"deleted": True}, Membership.DEACTIVATED),
        ({"deleted": True, "is_bot": True, "is_restricted": True}, Membership.DEACTIVATED),
    ],
)
async def test_who_the_bot_is_for(user: dict[str, object], membership: Membership) -> None:
    """Members always, guests by a setting, and nobody else."""
    assert Profile.read(user, TeamId(OURS)).membership is membership
    for allow_guests in (False, True):
        admitted = {Membership.MEMBER} | ({Membership.GUEST} if allow_guests else set())
        may_use = profiles(FakeApi(user), allow_guests=allow_guests).may_use
        assert await may_use(ANA) is (membership in admitted)


async def test_a_profile_is_looked_up_once() -> None:
    """It is remembered for an hour, for all of its uses."""
    api, now = FakeApi({"tz": "Europe/Berlin"}), [0.0]
    found = profiles(api, now=lambda: now[0])
    assert [await found.zone_of(ANA) for _ in range(3)] == [BERLIN] * 3
    assert await found.may_use(ANA)
    assert api.asked == 1
    now[0] = 3600.0
    assert await found.may_use(ANA)
    assert api.asked == 2


@pytest.mark.parametrize("zone", [None, "", "Mars/Base", "../etc", "America", 7, []])
async def test_without_a_zone_there_is_none(zone: object) -> None:
    """Whatever the profile says instead, nothing is raised."""
    assert await profiles(FakeApi({"tz": zone})).zone_of(ANA) is None


@pytest.mark.parametrize(
    "answer", [None, [], MessageDelayed("ratelimited", 3.0), MessageRefused("missing_scope")]
)
async def test_what_slack_does_not_say_keeps_nobody_out(answer: object) -> None:
    """No zone is known, and the person is admitted; look-ups pause after a failure."""
    api = FakeApi(answer)
    found = profiles(api)
    assert await found.zone_of(ANA) is None
    assert await found.may_use(ANA)
    assert api.asked == (1 if isinstance(answer, Exception) else 2)


async def test_somebody_whom_slack_does_not_show_is_not_admitted() -> None:
    """They are of another workspace, or not there."""
    found = profiles(FakeApi(PersonUnreachable("user_not_found")))
    assert await found.zone_of(ANA) is None
    assert not await found.may_use(ANA)


async def test_without_the_scope_slack_is_not_asked() -> None:
    """The refusal would be the same each time."""
    api = FakeApi({"deleted": True}, frozenset({"chat:write"}))
    assert await profiles(api).may_use(ANA)
    assert api.asked == 0


async def test_a_change_replaces_what_is_remembered() -> None:
    """Of others nothing is remembered, because all of a workspace changes sometimes."""
    found = profiles(FakeApi({}))
    assert not found.admits(found.update(ANA, {"is_restricted": True}))
    assert found.known(ANA) is None
    assert await found.may_use(ANA)
    found.update(ANA, {"is_restricted": True})
    assert not await found.may_use(ANA)
