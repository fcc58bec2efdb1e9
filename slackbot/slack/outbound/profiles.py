"""What Slack says about people: whether they are members, and where their day begins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import MessageDelayed, MessageError, PersonUnreachable
from slackbot.domain.model import Person, TeamId
from slackbot.slack.outbound.api import SlackApi

# People whose profiles are remembered, and for how many seconds.
CAPACITY: Final = 10_000
REMEMBER_SECONDS: Final = 3_600.0
LOOK_UP_SECONDS: Final = 1.5
LOOK_UPS_AT_ONCE: Final = 50
# Seconds without look-ups after one that failed or timed out.
PAUSE_SECONDS: Final = 10.0
SCOPE: Final = "users:read"


class Membership(StrEnum):
    """What a person is in the workspace. The value is the reason why they get no messages."""

    MEMBER = ""
    GUEST = "not_a_member"
    # Somebody of another workspace, who is seen in a shared channel.
    STRANGER = "user_not_visible"
    BOT = "cannot_dm_bot"
    DEACTIVATED = "user_disabled"


@dataclass(frozen=True, slots=True)
class Profile:
    """The part of a Slack profile that the bot needs."""

    membership: Membership
    zone: ZoneInfo | None

    @classmethod
    def read(cls, user: Mapping[str, Any], team: TeamId) -> Profile:
        """Read Slack's user object as seen by the app in `team`."""
        try:
            zone = ZoneInfo(user["tz"])
        except (KeyError, TypeError, ValueError, OSError, ZoneInfoNotFoundError):
            zone = None  # an `OSError` is the name of a folder of zones such as `America`
        of_organisation = user.get("enterprise_user")
        teams = of_organisation.get("teams") if isinstance(of_organisation, dict) else None
        in_organisation = isinstance(teams, list) and team in teams
        is_ours = in_organisation or user.get("team_id") in {None, team}
        if user.get("deleted"):
            membership = Membership.DEACTIVATED
        elif user.get("is_bot") or user.get("is_workflow_bot"):
            membership = Membership.BOT
        elif user.get("is_stranger") or not is_ours:
            membership = Membership.STRANGER
        elif user.get("is_restricted") or user.get("is_ultra_restricted"):
            membership = Membership.GUEST
        else:
            membership = Membership.MEMBER
        return cls(membership, zone)


class Profiles:
    """The profiles of people, each looked up at most once an hour.

    Slack allows about 100 look-ups per minute. What it does not say in time is not known, and keeps
    nobody from anything.
    """

    def __init__(
        self,
        api: SlackApi,
        *,
        allow_guests: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._api = api
        self._now = now
        self._admitted = {Membership.MEMBER} | ({Membership.GUEST} if allow_guests else set())
        self._known = TtlCache[Person, Profile](
            seconds=REMEMBER_SECONDS, capacity=CAPACITY, clock=now
        )
        self._paused_until: dict[TeamId, float] = {}
        self._look_ups = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    def known(self, person: Person) -> Profile | None:
        """Return the remembered profile."""
        return self._known.peek(person)

    def admits(self, profile: Profile) -> bool:
        """Return whether the bot is for such a person."""
        return profile.membership in self._admitted

    def update(self, person: Person, user: Mapping[str, Any]) -> Profile:
        """Read a user object that Slack sent, and replace a remembered profile by it."""
        profile = Profile.read(user, person.team)
        if self._known.peek(person) is not None:
            self._known.put(person, profile)
        return profile

    async def look_up(self, person: Person) -> Profile | None:
        """Return the person's profile, or None if Slack does not give it in time.

        Raises:
            PersonUnreachable: Slack does not know the person, or does not show them to the app.
        """
        known, now = self._known.peek(person), self._now()
        is_paused = self._paused_until.get(person.team, now) > now
        if known is not None or is_paused or self._look_ups.locked():
            return known
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS), self._look_ups:
                if not (await self._api.installed(person)).grants(SCOPE):
                    return None
                answer = await self._api.request_idempotent("users.info", person, user=person.user)
        except PersonUnreachable:
            raise
        except MessageDelayed as error:
            self._paused_until[person.team] = self._now() + error.seconds
            return None
        except (MessageError, TimeoutError):
            self._paused_until[person.team] = self._now() + PAUSE_SECONDS
            return None
        user = answer.get("user")
        if not isinstance(user, dict):
            return None
        profile = Profile.read(user, person.team)
        # An account may be reactivated at any time.
        if profile.membership is not Membership.DEACTIVATED:
            self._known.put(person, profile)
        return profile

    async def may_use(self, person: Person) -> bool:
        """Return whether the bot is for this person, as far as Slack says."""
        try:
            profile = await self.look_up(person)
        except PersonUnreachable:
            return False
        return profile is None or self.admits(profile)

    async def zone_of(self, person: Person) -> ZoneInfo | None:
        """Return the zone in which the person sees times in Slack, or None if it is not known."""
        try:
            profile = await self.look_up(person)
        except PersonUnreachable:
            return None
        return profile.zone if profile is not None else None
