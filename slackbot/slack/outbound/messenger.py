"""Post, edit and find direct messages to people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slackbot.domain.errors import ContentRefused
from slackbot.domain.model import Person
from slackbot.domain.notices import MatchFound, MatchOver, Notice
from slackbot.domain.ports import CallOffer, DmChannelStore, Posted
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.notice import notice_message
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.dm_channels import DmChannels
from slackbot.slack.outbound.presence import Presence
from slackbot.slack.outbound.queue import EDIT, POST, Rank, SendRequest, WorkspaceQueue

log = structlog.get_logger(__name__)

# Messages per page of history, and pages to search if the time of sending is known.
PAGE: Final = 100
PAGES: Final = 2
# Maximum difference between Slack's clock and this machine's clock.
CLOCK_SKEW: Final = timedelta(minutes=1)


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

    def __post_init__(self) -> None:
        self._channels = DmChannels(self.api, self.queue, self.channels)
        self._presence = Presence(self.api)

    def mark_active(self, person: Person) -> None:
        """Record that the person was active in Slack, so their account still exists."""
        self._presence.mark_active(person)

    async def open_channel(self, person: Person) -> None:
        """Open the person's direct message channel in advance."""
        self.mark_active(person)
        await self._channels.open(person, Rank.REMARK)

    # --- notices ---------------------------------------------------------------------------------

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        """Post a notice with a key that `find` can search for. The key of a match is its id."""
        await self._presence.ensure_active(person)
        request, kind, call_url = SendRequest(Rank.REMARK, POST), "accelevents_notice", None
        if isinstance(notice, MatchFound | MatchOver):
            request = SendRequest(Rank.MATCH, POST, notice.match.received_at)
            kind, key = "accelevents_match", notice.match.id
        if isinstance(notice, MatchFound) and self.call_offer is not None:
            call_url = await self.call_offer(notice.match)
        metadata = {"event_type": kind, "event_payload": {"key": key}} if key is not None else None
        message = notice_message(notice, self.links, call_url)
        return await self._post(person, message, request, metadata)

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Replace a sent message with a notice."""
        since = notice.match.ends_at if isinstance(notice, MatchFound | MatchOver) else None
        message = notice_message(notice, self.links)
        await self._edit(person, posted, message, Rank.EDIT, since)

    async def find(
        self, person: Person, key: str, since: datetime | None, earlier: Sequence[str] = ()
    ) -> Posted | None:
        """Search the bot's latest direct messages to the person for this key."""
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

    # --- answers ---------------------------------------------------------------------------------

    async def post(self, person: Person, message: Message) -> Posted:
        """Post an answer."""
        return await self._post(person, message, SendRequest(Rank.ANSWER, POST), None)

    async def update(self, person: Person, posted: Posted, message: Message) -> None:
        """Replace a sent message with an answer."""
        await self._edit(person, posted, message, Rank.ANSWER, None)

    async def _post(
        self,
        person: Person,
        message: Message,
        request: SendRequest,
        metadata: dict[str, Any] | None,
    ) -> Posted:
        async def post(channel: str) -> Posted:
            send = partial(
                self._send_content,
                message,
                POST,
                person,
                channel=channel,
                unfurl_links=False,
                unfurl_media=False,
                metadata=metadata,
            )
            answer = await self.queue.send(replace(request, channel=channel), send)
            return Posted(channel, str(answer["ts"]))

        return await self._channels.use(person, request.rank, request.since, post)

    async def _edit(
        self,
        person: Person,
        posted: Posted,
        message: Message,
        rank: Rank,
        since: datetime | None,
    ) -> None:
        place = {"channel": posted.channel, "ts": posted.ts}
        request = SendRequest(rank, EDIT, since, key=("edit", posted), channel=posted.channel)
        edit = partial(self._send_content, message, EDIT, person, **place)
        await self.queue.send(request, edit)

    async def _send_content(
        self, message: Message, method: str, person: Person, **arguments: Any
    ) -> AsyncSlackResponse:
        """Call a method with the message, and retry with simpler versions if Slack rejects it."""
        *versions, plainest = message.versions()
        for version in versions:
            try:
                return await self.api.request(method, person, **arguments, **version.payload())
            except ContentRefused as error:
                log.warning("content_refused", method=method, reason=error.reason)
        return await self.api.request(method, person, **arguments, **plainest.payload())
