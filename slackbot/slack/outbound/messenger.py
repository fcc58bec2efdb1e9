"""Out to Slack: direct messages, edits, views, and answers by `response_url`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from slackbot.domain.errors import ContentRefused, MessageRefused
from slackbot.domain.model import Person
from slackbot.domain.notices import MatchFound, MatchOver, Notice
from slackbot.domain.ports import CallOffer, DmChannelStore, Posted
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.notice import notice_message
from slackbot.slack.client import CALL_SECONDS
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.dm_channels import DmChannels, Presence
from slackbot.slack.outbound.outgoing import Outgoing
from slackbot.slack.outbound.queue import EDIT, POST
from slackbot.slack.outbound.requests import Rank, SendRequest

log = structlog.get_logger(__name__)

PAGE: Final = 100
PAGES: Final = 2
"""How far back a message is looked for, where it is known since when."""
CHANNEL_GONE: Final = "channel_not_found"
BEFOREHAND: Final = timedelta(minutes=1)
"""Slack's clock and ours may differ by so much."""
RESPONSE_HOSTS: Final = {"hooks.slack.com", "hooks.slack-gov.com"}
"""Where Slack's response_urls lead; besides, to wherever its Web API is said to be."""


class SlackMessenger:
    """Implements `ports.Messenger`. `client` must not retry by itself: that would post twice.

    What says something waits in the outgoing queue; views opened by a trigger do not.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        installation: SingleInstallation,
        links: HubLinks,
        *,
        channels: DmChannelStore,
        call_offer: CallOffer | None = None,
        outgoing: Outgoing | None = None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_send` is asked right before each post; see `SlackApi`.

        `call_offer` is asked whenever a match is told; without it no call is offered.
        """
        self._call_offer = call_offer
        self._client = client
        self._links = links
        self._outgoing = outgoing or Outgoing()
        self._calls = SlackApi(client, installation, may_send)
        self._direct = DmChannels(self._calls, self._outgoing, channels)
        self._attendance = Presence(self._calls)

    async def aclose(self) -> None:
        """Let what is being sent be sent, for some seconds; nothing is begun any more."""
        await self._outgoing.aclose()

    def seen(self, person: Person) -> None:
        """Somebody did something in Slack, so they are there."""
        self._attendance.seen(person)

    async def get_ready(self, person: Person) -> None:
        """Have the direct message with the person open before there is anything to tell."""
        self.seen(person)
        await self._direct.of(person, Rank.REMARK)

    # --- notices ---------------------------------------------------------------------------------

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        """Post a notice with the key by which it is found again; a match brings its own."""
        await self._attendance.require(person)
        rank, since, kind, call_url = Rank.REMARK, None, "accelevents_notice", None
        if isinstance(notice, MatchFound | MatchOver):
            rank, since, kind = Rank.MATCH, notice.match.received_at, "accelevents_match"
            key = notice.match.id
        if isinstance(notice, MatchFound) and self._call_offer is not None:
            call_url = await self._call_offer(notice.match)
        metadata = {"event_type": kind, "event_payload": {"key": key}} if key is not None else None
        message = notice_message(notice, self._links, call_url)
        return await self._post(person, message, SendRequest(rank, POST, since), metadata)

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Put a notice in the place of a told message."""
        since = notice.match.ends_at if isinstance(notice, MatchFound | MatchOver) else None
        job = SendRequest(Rank.EDIT, EDIT, since, key=("edit", posted), channel=posted.channel)
        await self._update(person, posted, notice_message(notice, self._links), job)

    async def find(self, person: Person, key: str, since: datetime | None) -> Posted | None:
        """Look through the person's latest direct messages of ours for this key."""
        channel = await self._direct.of(person, Rank.MATCH, since)
        try:
            return await self._find(person, channel, key, since)
        except MessageRefused as error:
            if error.reason != CHANNEL_GONE:
                raise
        channel = await self._direct.of(person, Rank.MATCH, since, anew=True)
        return await self._find(person, channel, key, since)

    async def _find(
        self, person: Person, channel: str, key: str, since: datetime | None
    ) -> Posted | None:
        bot = (await self._calls.installed(person)).bot_user
        oldest = f"{(since - BEFOREHAND).timestamp():.6f}" if since is not None else None
        job = SendRequest(Rank.MATCH, "conversations.history", since, channel=channel)
        cursor: str | None = None
        for _ in range(PAGES if since is not None else 1):

            async def read(cursor: str | None = cursor) -> Any:
                return await self._calls.ask(
                    "conversations.history",
                    person,
                    channel=channel,
                    oldest=oldest,
                    cursor=cursor,
                    limit=PAGE,
                    include_all_metadata=True,
                )

            answer = await self._outgoing.send(person.team, job, read)
            for message in answer["messages"]:
                if message.get("user") == bot and _key_of(message) == key:
                    return Posted(channel, str(message["ts"]))
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not answer.get("has_more") or not cursor:
                break
        return None

    # --- answers ---------------------------------------------------------------------------------

    async def post(self, person: Person, message: Message) -> Posted:
        """Post an answer as a direct message."""
        return await self._post(person, message, SendRequest(Rank.ANSWER, POST))

    async def _post(
        self,
        person: Person,
        message: Message,
        job: SendRequest,
        metadata: dict[str, Any] | None = None,
    ) -> Posted:
        channel = await self._direct.of(person, job.rank, job.since)
        try:
            return await self._post_to(channel, person, message, job, metadata)
        except MessageRefused as error:
            if error.reason != CHANNEL_GONE:
                raise
        # What was kept of it may be out of date; Slack says who is gone when it is opened.
        channel = await self._direct.of(person, job.rank, job.since, anew=True)
        return await self._post_to(channel, person, message, job, metadata)

    async def _post_to(
        self,
        channel: str,
        person: Person,
        message: Message,
        job: SendRequest,
        metadata: dict[str, Any] | None,
    ) -> Posted:
        async def send() -> Posted:
            answer = await self._call_with(
                message,
                POST,
                person,
                channel=channel,
                unfurl_links=False,
                unfurl_media=False,
                metadata=metadata,
            )
            return Posted(channel, str(answer["ts"]))

        return await self._outgoing.send(person.team, replace(job, channel=channel), send)

    async def update(self, person: Person, posted: Posted, message: Message) -> None:
        """Put an answer in the place of a message of ours."""
        job = SendRequest(Rank.ANSWER, EDIT, key=("edit", posted), channel=posted.channel)
        await self._update(person, posted, message, job)

    async def _update(
        self, person: Person, posted: Posted, message: Message, job: SendRequest
    ) -> None:
        async def send() -> None:
            await self._call_with(message, EDIT, person, channel=posted.channel, ts=posted.ts)

        await self._outgoing.send(person.team, job, send)

    async def _call_with(
        self, message: Message, method: str, person: Person, **arguments: Any
    ) -> AsyncSlackResponse:
        """Call a method with the message, in plainer form while Slack refuses its content."""
        *fuller, plainest = message.versions()
        for version in fuller:
            try:
                return await self._calls.call(method, person, **arguments, **version.payload())
            except ContentRefused as error:
                log.warning("content_refused", method=method, reason=error.reason)
        return await self._calls.call(method, person, **arguments, **plainest.payload())

    async def open_view(self, person: Person, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal; the trigger works once, within three seconds."""
        await self._calls.call("views.open", person, trigger_id=trigger_id, view=view)

    async def update_view(self, person: Person, view_id: str, view: dict[str, Any]) -> None:
        """Put another view in an open modal's place."""
        await self._calls.call("views.update", person, view_id=view_id, view=view)

    async def publish_home(self, person: Person, view: dict[str, Any]) -> None:
        """Draw the person's Home."""

        async def send() -> None:
            await self._calls.call("views.publish", person, user_id=person.user, view=view)

        job = SendRequest(Rank.HOME, "views.publish", key=("home", person))
        await self._outgoing.send(person.team, job, send)

    async def respond(
        self, person: Person, response_url: str, message: Message, *, replace: bool
    ) -> None:
        """Answer by `response_url`, and by direct message where that no longer works."""
        if not self._is_slacks(response_url):
            await self.post(person, message)
            return
        webhook = AsyncWebhookClient(response_url, session=self._client.session, retry_handlers=[])

        async def send() -> int:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await webhook.send(
                    replace_original=replace, response_type="ephemeral", **message.payload()
                )
            return answer.status_code

        try:
            try:
                status = await send()
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # It closed a kept connection just then, or cannot be reached for a moment.
                status = await send()
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = 0
        if status != 200:
            log.info("response_url_useless", status=status)
            await self.post(person, message)

    def _is_slacks(self, url: str) -> bool:
        """Whether the address is one of Slack's: answers go to no other host."""
        try:
            asked, api = urlsplit(url), urlsplit(self._client.base_url)
        except ValueError:
            return False
        if (asked.scheme, asked.netloc) == (api.scheme, api.netloc):
            return True
        return asked.scheme == "https" and asked.netloc in RESPONSE_HOSTS


def _key_of(message: dict[str, Any]) -> object:
    """The key that a message of ours carries; None for one without."""
    payload = (message.get("metadata") or {}).get("event_payload")
    return payload.get("key") if isinstance(payload, dict) else None
