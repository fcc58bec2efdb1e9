"""Each person's direct message channel with the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeVar

import structlog

from slackbot.domain.errors import MessageRefused
from slackbot.domain.model import Person
from slackbot.domain.ports import DmChannelStore, StoreUnavailable
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.queue import Rank, SendRequest, WorkspaceQueue

log = structlog.get_logger(__name__)
T = TypeVar("T")

# People whose channels are cached.
CAPACITY: Final = 10_000
CHANNEL_GONE: Final = "channel_not_found"


class DmChannels:
    """Direct message channels, cached and stored: Slack opens about fifty a minute."""

    def __init__(self, api: SlackApi, queue: WorkspaceQueue, channels: DmChannelStore) -> None:
        self._api = api
        self._queue = queue
        self._channels = channels
        self._cache: dict[Person, str] = {}

    async def use(
        self,
        person: Person,
        rank: Rank,
        since: datetime | None,
        action: Callable[[str], Awaitable[T]],
    ) -> T:
        """Run `action` with the person's channel, once more if Slack no longer knows the channel.

        Raises:
            MessageDelayed: the channel cannot be opened now.
            MessageRefused: it cannot be opened.
            MessageError: raised by `action`.
        """
        channel = await self.open(person, rank, since)
        try:
            return await action(channel)
        except MessageRefused as error:
            if error.reason != CHANNEL_GONE:
                raise
        # The stored channel may be out of date. If the person is gone, opening says so.
        self._cache.pop(person, None)
        return await action(await self._request(person, rank, since))

    async def open(self, person: Person, rank: Rank, since: datetime | None = None) -> str:
        """Return the person's channel, opened if it is not known.

        Raises:
            MessageDelayed: it cannot be opened now.
            MessageRefused: it cannot be opened.
        """
        channel = self._cache.get(person)
        if channel is None:
            try:
                channel = await self._channels.get(person)
            except StoreUnavailable:
                channel = None
        if channel is None:
            return await self._request(person, rank, since)
        self._remember(person, channel)
        return channel

    async def _request(self, person: Person, rank: Rank, since: datetime | None) -> str:
        async def send() -> str:
            if person in self._cache:  # two callers at once: the first has opened it
                return self._cache[person]
            answer = await self._api.request_idempotent(
                "conversations.open", person, users=person.user
            )
            channel = str(answer["channel"]["id"])
            self._remember(person, channel)
            try:
                await self._channels.save(person, channel)
            except StoreUnavailable:
                log.warning("channel_not_stored")
            return channel

        request = SendRequest(rank, "conversations.open", since, key=("open", person))
        channel = await self._queue.send(request, send)
        self._remember(person, channel)
        return channel

    def _remember(self, person: Person, channel: str) -> None:
        if len(self._cache) >= CAPACITY:
            self._cache.clear()
        self._cache[person] = channel
