"""Sending answers to a `response_url`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from slackbot.domain.model import Person
from slackbot.slack.blocks.message import Message
from slackbot.slack.client import CALL_SECONDS
from slackbot.slack.outbound.messenger import SlackMessenger

log = structlog.get_logger(__name__)

# Schemes and hosts of Slack's response URLs, in addition to those of the Web API.
ORIGINS: Final = {("https", "hooks.slack.com"), ("https", "hooks.slack-gov.com")}


@dataclass(eq=False, repr=False)
class ResponseUrls:
    """Sends answers to a `response_url`, or as direct messages if that fails."""

    client: AsyncWebClient
    messenger: SlackMessenger

    async def send(self, person: Person, url: str, message: Message, *, replace: bool) -> None:
        """Send an answer, which replaces the original message if `replace`. `url` may be empty.

        Raises:
            MessageError: The direct message cannot be sent.
        """
        is_slacks = False  # answers are never sent to other hosts
        with suppress(ValueError):
            is_slacks = urlsplit(url)[:2] in {*ORIGINS, urlsplit(self.client.base_url)[:2]}
        if not is_slacks:
            await self.messenger.post(person, message)
            return
        webhook = AsyncWebhookClient(url, session=self.client.session, retry_handlers=[])

        async def send() -> int:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await webhook.send(
                    replace_original=replace, response_type="ephemeral", **message.payload()
                )
            return answer.status_code

        status = 0
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            try:
                status = await send()
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                # Slack has closed an idle connection, or is temporarily unreachable.
                status = await send()
        if status != 200:
            log.info("response_url_failed", status=status)
            await self.messenger.post(person, message)
