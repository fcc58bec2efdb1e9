"""The direct message channels between people and the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Final, TypeVar

import structlog

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import MessageRefused
from slackbot.domain.model import Person
from slackbot.domain.stores import DmChannelStore, StoreUnavailable
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.queue import Rank, SendRequest, WorkspaceQueue

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Maximum number of people whose channels are cached.
CAPACITY: Final = 10_000
CHANNEL_GONE: Final = "channel_not_found"


@dataclass(eq=False, repr=False)
class DmChannels:
    """Direct message channels, cached and stored because Slack opens only about 50 per minute."""

    api: SlackApi
    queue: WorkspaceQueue
    store: DmChannelStore

    def __post_init__(self) -> None:
        self._cache = TtlCache[Person, str](seconds=inf, capacity=CAPACITY)

    async def use(
        self,
        person: Person,
        rank: Rank,
        since: datetime | None,
        action: Callable[[str], Awaitable[T]],
    ) -> T:
        """Run `action` with the person's channel. Retry once if the channel no longer exists.

        Raises:
            MessageDelayed: The channel cannot be opened at the moment.
            MessageRefused: Slack refuses to open the channel.
            MessageError: The error was raised by `action`.
        """
        channel = await self.open(person, rank, since)
        try:
            return await action(channel)
        except MessageRefused as error:
            if error.reason != CHANNEL_GONE:
                raise
        # The stored channel may be outdated. If the person has left, opening it fails.
        self._cache.invalidate(person)
        return await action(await self._request(person, rank, since))

    async def open(self, person: Person, rank: Rank, since: datetime | None = None) -> str:
        """Return the person's channel, and open it if it is not known.

        Raises:
            MessageDelayed: The channel cannot be opened at the moment.
            MessageRefused: Slack refuses to open the channel.
        """
        channel = self._cache.peek(person)
        if channel is None:
            with suppress(StoreUnavailable):
                channel = await self.store.get(person)
        if channel is None:
            return await self._request(person, rank, since)
        self._cache.put(person, channel)
        return channel

    async def _request(self, person: Person, rank: Rank, since: datetime | None) -> str:
        async def send() -> str:
            if (known := self._cache.peek(person)) is not None:
                return known  # a concurrent caller has opened it
            answer = await self.api.request_idempotent(
                "conversations.open", person, users=person.user
            )
            channel = str(answer["channel"]["id"])
            self._cache.put(person, channel)
            try:
                await self.store.save(person, channel)
            except StoreUnavailable:
                log.warning("channel_not_stored")
            return channel

        request = SendRequest(rank, "conversations.open", since, key=("open", person))
        return await self.queue.send(request, send)
