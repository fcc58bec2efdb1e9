"""Each person's direct message with the bot, and whether they are still there to read it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from slackbot.domain.errors import MessageDelayed, MessageError, PersonUnreachable
from slackbot.domain.model import Person, TeamId
from slackbot.domain.ports import DmChannelStore, StoreUnavailable
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.outgoing import Outgoing
from slackbot.slack.outbound.requests import Rank, SendRequest

log = structlog.get_logger(__name__)

PEOPLE_REMEMBERED: Final = 10_000
PRESENT_SECONDS: Final = 3600.0
"""How long somebody who did something in Slack, or was looked up, counts as there."""
LOOK_UP_SECONDS: Final = 2.0
LOOK_UPS_AT_ONCE: Final = 50
SILENCE_SECONDS: Final = 10.0
"""How long nobody is looked up after Slack took too long to tell."""


class DmChannels:
    """Where people read what they are told.

    Slack opens some fifty a minute, so a conversation once known is kept.
    """

    def __init__(self, calls: SlackApi, outgoing: Outgoing, channels: DmChannelStore) -> None:
        self._calls = calls
        self._outgoing = outgoing
        self._channels = channels
        self._known: dict[Person, str] = {}

    async def of(
        self, person: Person, rank: Rank, since: datetime | None = None, *, anew: bool = False
    ) -> str:
        """The channel, opened if it is not known, or `anew` because Slack knows it no more.

        Raises:
            MessageDelayed: it cannot be opened now.
            MessageRefused: never.
        """
        if anew:
            self._known.pop(person, None)
        known = self._known.get(person) or (None if anew else await self._kept(person))
        if known is not None:
            self._know(person, known)
            return known
        job = SendRequest(rank, "conversations.open", since, key=("open", person))
        channel = await self._outgoing.send(person.team, job, lambda: self._open(person))
        self._know(person, channel)
        return channel

    async def _open(self, person: Person) -> str:
        # Two may have asked at once: the second need not ask again.
        if person in self._known:
            return self._known[person]
        answer = await self._calls.ask("conversations.open", person, users=person.user)
        channel = str(answer["channel"]["id"])
        self._know(person, channel)
        try:
            await self._channels.save(person, channel)
        except StoreUnavailable:
            log.warning("channel_not_kept")
        return channel

    async def _kept(self, person: Person) -> str | None:
        try:
            return await self._channels.get(person)
        except StoreUnavailable:
            return None

    def _know(self, person: Person, channel: str) -> None:
        if len(self._known) >= PEOPLE_REMEMBERED:
            self._known.clear()
        self._known[person] = channel


class Presence:
    """Who is still there. Slack takes messages to deactivated people, whom none reaches.

    It tells of some hundred people a minute, so only those are looked up who did nothing in Slack
    for an hour. No notice waits for what it does not tell.
    """

    def __init__(self, calls: SlackApi, now: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._now = now
        self._present_until: dict[Person, float] = {}
        self._silent_until: dict[TeamId, float] = {}
        """Workspaces that told enough for now."""
        self._turns = asyncio.Semaphore(LOOK_UPS_AT_ONCE)

    def seen(self, person: Person) -> None:
        """Somebody did something in Slack."""
        if len(self._present_until) >= PEOPLE_REMEMBERED:
            self._present_until.clear()
        self._present_until[person] = self._now() + PRESENT_SECONDS

    async def require(self, person: Person) -> None:
        """Check that the person can be told something.

        Raises:
            PersonUnreachable: the account is deactivated.
        """
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                if self._unknown(person) and not self._turns.locked():
                    async with self._turns:
                        await self._look_up(person)
        except PersonUnreachable:
            raise
        except MessageDelayed as error:
            self._silent_until[person.team] = self._now() + error.seconds
        except (MessageError, TimeoutError):
            self._silent_until[person.team] = self._now() + SILENCE_SECONDS

    def _unknown(self, person: Person) -> bool:
        now = self._now()
        silent = self._silent_until.get(person.team, now) > now
        return not silent and self._present_until.get(person, now) <= now

    async def _look_up(self, person: Person) -> None:
        answer = await self._calls.ask("users.info", person, user=person.user)
        if answer["user"].get("deleted"):
            raise PersonUnreachable("user_disabled")
        self.seen(person)
