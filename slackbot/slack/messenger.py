"""Out to Slack: direct messages, edits, views, and answers by `response_url`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused, MessageUnsure
from slackbot.domain.model import Person
from slackbot.domain.notices import MatchFound, Notice
from slackbot.domain.ports import CallOffer, Posted
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.notice import notice_message
from slackbot.slack.installations import (
    FINAL_ERRORS,
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)

log = structlog.get_logger(__name__)

OUR_FAULT: Final = FINAL_ERRORS | {
    "missing_scope",
    "team_access_not_granted",
    "not_allowed_token_type",
}
"""The installation is at fault, not the person: once it is mended, the message can be told."""
OUR_FAULT_SECONDS: Final = 60.0
UNSURE: Final = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
DELAY_SECONDS: Final = 2.0
READS: Final = {"conversations.history"}
"""Methods that take no JSON."""
CHANNELS_REMEMBERED: Final = 10_000
RESPONSE_HOSTS: Final = {"hooks.slack.com", "hooks.slack-gov.com"}
"""Where Slack's response_urls lead; besides, to wherever its Web API is said to be."""


class SlackMessenger:
    """Implements `ports.Messenger`. `client` must not retry by itself: that would post twice."""

    def __init__(
        self,
        client: AsyncWebClient,
        installation: SingleInstallation,
        links: HubLinks,
        call_offer: CallOffer | None = None,
    ) -> None:
        """`call_offer` is asked whenever a match is told; without it no call is offered."""
        self._call_offer = call_offer
        self._client = client
        self._installation = installation
        self._links = links
        self._channels: dict[Person, str] = {}

    async def tell(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        """Post a notice; a match carries its key, by which it could be found again."""
        metadata = call_url = None
        if isinstance(notice, MatchFound):
            key = notice.match.id
            call_url = await self._call_offer(notice.match) if self._call_offer else None
        if key is not None:
            metadata = {"event_type": "accelevents_match", "event_payload": {"key": key}}
        return await self.post(person, notice_message(notice, self._links, call_url), metadata)

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Put a notice in the place of a told message."""
        await self.update(person, posted, notice_message(notice, self._links))

    async def find(self, person: Person, key: str, since: datetime | None) -> Posted | None:
        """Look through the person's latest direct messages of ours for this key."""
        channel = await self._channel(person)
        answer = await self._call(
            "conversations.history", person, channel=channel, limit=100, include_all_metadata=True
        )
        for message in answer["messages"]:
            if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                return Posted(channel, str(message["ts"]))
        return None

    async def post(
        self, person: Person, message: Message, metadata: dict[str, Any] | None = None
    ) -> Posted:
        """Post a direct message."""
        channel = await self._channel(person)
        answer = await self._call(
            "chat.postMessage",
            person,
            channel=channel,
            unfurl_links=False,
            unfurl_media=False,
            metadata=metadata,
            **message.payload(),
        )
        return Posted(channel, str(answer["ts"]))

    async def update(self, person: Person, posted: Posted, message: Message) -> None:
        """Edit a message of ours."""
        await self._call(
            "chat.update", person, channel=posted.channel, ts=posted.ts, **message.payload()
        )

    async def open_view(self, person: Person, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal; the trigger works once, within three seconds."""
        await self._call("views.open", person, trigger_id=trigger_id, view=view)

    async def update_view(self, person: Person, view_id: str, view: dict[str, Any]) -> None:
        """Put another view in an open modal's place."""
        await self._call("views.update", person, view_id=view_id, view=view)

    async def publish_home(self, person: Person, view: dict[str, Any]) -> None:
        """Draw the person's Home."""
        await self._call("views.publish", person, user_id=person.user, view=view)

    async def respond(
        self, person: Person, response_url: str, message: Message, *, replace: bool
    ) -> None:
        """Answer by `response_url`, and by direct message where that no longer works."""
        if not self._is_slacks(response_url):
            await self.post(person, message)
            return
        webhook = AsyncWebhookClient(response_url, session=self._client.session, retry_handlers=[])
        try:
            answer = await webhook.send(
                replace_original=replace, response_type="ephemeral", **message.payload()
            )
            status = answer.status_code
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

    async def _channel(self, person: Person) -> str:
        channel = self._channels.get(person)
        if channel is None:
            answer = await self._call("conversations.open", person, users=person.user)
            channel = str(answer["channel"]["id"])
            if len(self._channels) >= CHANNELS_REMEMBERED:
                self._channels.clear()
            self._channels[person] = channel
        return channel

    async def _call(self, method: str, person: Person, **arguments: Any) -> AsyncSlackResponse:
        try:
            installation = await self._installation.get()
        except InstallationRefused as error:
            raise MessageRefused(error.reason) from None
        except SlackUnreachable:
            raise MessageDelayed("unreachable", DELAY_SECONDS) from None
        if installation.team != person.team:
            raise MessageRefused("team_access_not_granted")
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            return await self._client.api_call(
                method,
                **{"params" if method in READS else "json": given},
                headers={"Authorization": f"Bearer {installation.token}"},
            )
        except SlackApiError as error:
            raise _reading(error) from None
        except aiohttp.ClientConnectorError:
            raise MessageDelayed("unreachable", DELAY_SECONDS) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise MessageUnsure("no_answer") from None


def _reading(error: SlackApiError) -> MessageError:
    """Slack's error word, as far as the answer has one: a broken body has neither."""
    response: Any = error.response
    status = int(getattr(response, "status_code", getattr(response, "status", 0)))
    data = getattr(response, "data", None)
    reason = str(data.get("error", "")) if isinstance(data, dict) else ""
    if reason == "ratelimited" or status == 429:
        seconds = str(response.headers.get("Retry-After", ""))
        return MessageDelayed(
            "ratelimited", float(seconds) if seconds.isdecimal() else DELAY_SECONDS
        )
    if reason in OUR_FAULT:
        return MessageDelayed(reason, OUR_FAULT_SECONDS)
    if not reason or reason in UNSURE or status >= 500:
        return MessageUnsure(reason or f"http_{status}")
    return MessageRefused(reason)
