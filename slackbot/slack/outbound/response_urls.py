"""Sending answers to a `response_url`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from slackbot.domain.model import Person
from slackbot.domain.ports import Posted
from slackbot.slack.blocks.message import Message
from slackbot.slack.client import CALL_SECONDS
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.queue import Rank, SendRequest

log = structlog.get_logger(__name__)

# Schemes and hosts of Slack's response URLs, in addition to those of the Web API.
ORIGINS: Final = {("https", "hooks.slack.com"), ("https", "hooks.slack-gov.com")}


# The name of these requests in the queue. Slack does not limit their rate.
RESPONSE_URL: Final = "response_url"


@dataclass(eq=False, repr=False)
class ResponseUrls:
    """Sends answers to a `response_url`, or as direct messages if that fails."""

    client: AsyncWebClient
    messenger: SlackMessenger

    async def send(
        self, person: Person, url: str, message: Message, *, replace: bool
    ) -> Posted | None:
        """Send an answer, which replaces the original message if `replace`. `url` may be empty.

        Return the direct message if the answer was sent as one.

        Raises:
            MessageError: The direct message cannot be sent.
        """
        arguments = {"replace_original": replace, "response_type": "ephemeral"}
        if await self._is_accepted(url, **arguments, **message.payload()):
            return None
        return await self.messenger.post(person, message)

    async def replace(
        self, posted: Posted, url: str, message: Message, metadata: dict[str, Any] | None
    ) -> bool:
        """Replace the bot's own message, whose button was pressed. Earlier edits are dropped.

        Return False if Slack did not accept it.
        """
        request = SendRequest(Rank.ANSWER, RESPONSE_URL, key=("edit", posted))
        payload = message.payload() | ({} if metadata is None else {"metadata": metadata})
        send = partial(self._is_accepted, url, replace_original=True, **payload)
        return await self.messenger.queue.send(request, send)

    async def _is_accepted(self, url: str, **arguments: Any) -> bool:
        """Send the arguments to the URL, and return whether Slack has accepted them."""
        is_slacks = False  # answers are never sent to other hosts
        with suppress(ValueError):
            is_slacks = urlsplit(url)[:2] in {*ORIGINS, urlsplit(self.client.base_url)[:2]}
        if not is_slacks:
            return False
        webhook = AsyncWebhookClient(url, session=self.client.session, retry_handlers=[])

        async def send() -> int:
            async with asyncio.timeout(CALL_SECONDS):
                return (await webhook.send(**arguments)).status_code

        status = 0
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            try:
                status = await send()
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # Slack has closed an idle connection, or is temporarily unreachable.
                status = await send()
        if status != 200:
            log.info("response_url_failed", status=status)
        return status == 200
