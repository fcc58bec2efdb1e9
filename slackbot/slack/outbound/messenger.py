"""Post, edit and find direct messages to people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog

from slackbot.domain.errors import MessageRefused
from slackbot.domain.model import Person
from slackbot.domain.notices import MatchBack, MatchFound, MatchOver, Notice
from slackbot.domain.ports import CallOffer, Posted
from slackbot.domain.stores import DmChannelStore
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.notice import notice_message
from slackbot.slack.outbound.api import SlackApi, send_content
from slackbot.slack.outbound.dm_channels import DmChannels
from slackbot.slack.outbound.presence import Presence
from slackbot.slack.outbound.profiles import Profiles
from slackbot.slack.outbound.queue import EDIT, POST, Rank, SendRequest, WorkspaceQueue

log = structlog.get_logger(__name__)

# Messages per page of history, and pages to search if the time of sending is known.
PAGE: Final = 100
PAGES: Final = 2
HISTORY_SCOPE: Final = "im:history"
WHISPER: Final = "chat.postEphemeral"
# Maximum difference between Slack's clock and this machine's clock.
CLOCK_SKEW: Final = timedelta(minutes=1)


# Draws a message when it is about to be sent. None means that it is not needed any more.
DrawMessage = Callable[[], Awaitable[Message | None]]
# Types of the metadata of notices.
MATCH_NOTICE: Final = "accelevents_match"
OTHER_NOTICE: Final = "accelevents_notice"


def metadata_of(kind: str, key: str) -> dict[str, Any]:
    """Return the metadata with which a notice is found again."""
    return {"event_type": kind, "event_payload": {"key": key}}


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation, and the `ts` of the thread in it."""

    channel: str
    thread: str | None = None

    @property
    def is_direct(self) -> bool:
        """True for a direct message."""
        return self.channel.startswith("D")


@dataclass(eq=False, repr=False)
class SlackMessenger:
    """Sends direct messages through the outgoing queue, and implements `ports.Messenger`."""

    api: SlackApi
    queue: WorkspaceQueue
    links: HubLinks
    _: KW_ONLY
    channels: DmChannelStore
    # Returns the call URL for a match. If it is None, no call is offered.
    call_offer: CallOffer | None = None
    profiles: Profiles | None = None
    # Called with everybody who presses or types something.
    on_active: Callable[[Person], None] | None = None

    def __post_init__(self) -> None:
        self._channels = DmChannels(self.api, self.queue, self.channels)
        self._presence = Presence(self.profiles or Profiles(self.api))

    def mark_active(self, person: Person) -> None:
        """Record that the person was active in Slack, so their account still exists."""
        self._presence.mark_active(person)
        if self.on_active is not None:
            self.on_active(person)

    async def open_channel(self, person: Person) -> None:
        """Open the person's direct message channel in advance."""
        self._presence.mark_active(person)
        await self._channels.open(person, Rank.REMARK)

    async def ensure_reachable(self, person: Person) -> None:
        """Ask Slack whether it takes direct messages to the person.

        Raises:
            PersonUnreachable: It does not.
            MessageError: It does not say.
        """
        await self._presence.ensure_active(person)
        request = SendRequest(Rank.ANSWER, "conversations.open")
        ask = partial(self.api.request_idempotent, request.method, person, users=person.user)
        await self.queue.send(request, ask)

    # --- notices ---------------------------------------------------------------------------------

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        """Post a notice with a key that `find` can search for. The key of a match is its id."""
        await self._presence.ensure_active(person)
        request, kind, call_url = SendRequest(Rank.REMARK, POST), OTHER_NOTICE, None
        if isinstance(notice, MatchFound | MatchOver):
            request = SendRequest(Rank.MATCH, POST, notice.match.received_at)
            kind, key = MATCH_NOTICE, notice.match.id
        if isinstance(notice, MatchFound | MatchBack) and self.call_offer is not None:
            call_url = await self.call_offer(notice.match)
        metadata = metadata_of(kind, key) if key is not None else None
        message = notice_message(notice, self.links, call_url)
        return await self._post(person, message, request, metadata)

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Replace a sent message with a notice."""
        since = notice.match.ends_at if isinstance(notice, MatchFound | MatchOver) else None
        message = notice_message(notice, self.links)
        await self.replace(person, posted, message, Rank.EDIT, since)

    async def find(
        self, person: Person, key: str, since: datetime | None, earlier: Sequence[str] = ()
    ) -> Posted | None:
        """Search the bot's latest direct messages to the person for this key.

        If the app was installed without the scope to read them, nothing is found, and a message
        that Slack may have accepted is sent again.
        """
        if not (await self.api.installed(person)).grants(HISTORY_SCOPE):
            return None
        search = partial(self._find, person, key, since, earlier)
        return await self._channels.use(person, Rank.MATCH, since, search)

    async def _find(
        self, person: Person, key: str, since: datetime | None, earlier: Sequence[str], channel: str
    ) -> Posted | None:
        bot = (await self.api.installed(person)).bot_user
        oldest = f"{(since - CLOCK_SKEW).timestamp():.6f}" if since is not None else None
        request = SendRequest(Rank.MATCH, "conversations.history", since, channel=channel)
        by_key: defaultdict[str, list[Posted]] = defaultdict(list)  # newest first
        cursor: str | None = None
        for _ in range(PAGES if since is not None else 1):
            read = partial(
                self.api.request_idempotent,
                "conversations.history",
                person,
                channel=channel,
                oldest=oldest,
                cursor=cursor,
                limit=PAGE,
                include_all_metadata=True,
            )
            answer: Any = await self.queue.send(request, read)
            for message in answer["messages"]:
                payload = (message.get("metadata") or {}).get("event_payload")
                if isinstance(payload, dict) and message.get("user") == bot:
                    by_key[str(payload.get("key"))].append(Posted(channel, str(message["ts"])))
            if key in by_key:
                return by_key[key][0]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not answer.get("has_more") or not cursor:
                break
        if sum(len(by_key[other]) for other in earlier) <= len(earlier):
            return None
        return next(by_key[other][-1] for other in earlier if len(by_key[other]) > 1)

    async def has_history(self, person: Person) -> bool:
        """Return whether anything stands in the direct messages with the person.

        If they cannot be read, because the app was installed without the scope, return False.
        """
        if not (await self.api.installed(person)).grants(HISTORY_SCOPE):
            return False

        async def look(channel: str) -> bool:
            request = SendRequest(Rank.REMARK, "conversations.history", channel=channel)
            ask = self.api.request_idempotent
            read = partial(ask, request.method, person, channel=channel, limit=1)
            return bool((await self.queue.send(request, read))["messages"])

        return await self._channels.use(person, Rank.REMARK, None, look)

    # --- answers ---------------------------------------------------------------------------------

    async def post(self, person: Person, message: Message, thread: str | None = None) -> Posted:
        """Post an answer, in the thread of the person's message if it was in one."""
        return await self._post(person, message, SendRequest(Rank.ANSWER, POST), None, thread)

    async def whisper(self, person: Person, place: Place, message: Message) -> None:
        """Post an answer in a channel, where only the person sees it.

        If Slack refuses it there, for example because the person has left the channel, post it as a
        direct message.
        """
        where = {"channel": place.channel, "thread_ts": place.thread, "user": person.user}
        request = SendRequest(Rank.ANSWER, WHISPER, channel=place.channel)
        send = partial(send_content, self.api, message, WHISPER, person, **where)
        try:
            await self.queue.send(request, send)
        except MessageRefused as error:
            log.info("whisper_refused", reason=error.reason)
            await self.post(person, message)

    async def update(self, person: Person, posted: Posted, message: Message) -> None:
        """Replace a sent message with an answer."""
        await self.replace(person, posted, message, Rank.ANSWER)

    async def _post(
        self,
        person: Person,
        message: Message,
        request: SendRequest,
        metadata: dict[str, Any] | None,
        thread: str | None = None,
    ) -> Posted:
        async def post(channel: str) -> Posted:
            send = partial(
                send_content,
                self.api,
                message,
                POST,
                person,
                channel=channel,
                thread_ts=thread,
                unfurl_links=False,
                unfurl_media=False,
                metadata=metadata,
            )
            answer = await self.queue.send(replace(request, channel=channel), send)
            return Posted(channel, str(answer["ts"]))

        return await self._channels.use(person, request.rank, request.since, post)

    async def replace(
        self,
        person: Person,
        posted: Posted,
        message: Message | DrawMessage,
        rank: Rank,
        since: datetime | None = None,
    ) -> None:
        """Replace a sent message when its turn comes.

        A message that is drawn then may be None, and nothing is replaced.
        """
        place = {"channel": posted.channel, "ts": posted.ts}
        request = SendRequest(rank, EDIT, since, key=("edit", posted), channel=posted.channel)

        async def edit() -> None:
            content = message if isinstance(message, Message) else await message()
            if content is not None:
                await send_content(self.api, content, EDIT, person, **place)

        await self.queue.send(request, edit)
