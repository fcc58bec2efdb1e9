"""Requests to Slack's Web API."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slackbot.domain.errors import ContentRefused, MessageDelayed, MessageRefused, MessageUnsure
from slackbot.domain.model import Person
from slackbot.slack.blocks.message import Message
from slackbot.slack.client import CALL_SECONDS, POST_SECONDS, before_write
from slackbot.slack.installations import (
    Installation,
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)
from slackbot.slack.outbound.errors import DELAY_SECONDS, message_error

log = structlog.get_logger(__name__)

# Methods that do not accept JSON.
READS: Final = {"conversations.history", "dnd.info", "users.info"}
POSTS: Final = {"chat.postMessage"}
LEASE_LAPSED: Final = "lease_lapsed"
LEASE_DELAY_SECONDS: Final = 1.0


@dataclass(eq=False, repr=False)
class SlackApi:
    """Sends Web API requests with the token of a person's workspace.

    `client` must not retry, because a message could be posted twice.
    """

    client: AsyncWebClient
    installation: SingleInstallation
    # Called immediately before each post is written. Returns False if another process has taken
    # over the work of this process.
    may_send: Callable[[], bool] = lambda: True

    async def installed(self, person: Person) -> Installation:
        """Return the bot's installation in the person's workspace.

        Raises:
            MessageRefused: There is no installation, or it was removed.
            MessageDelayed: Slack cannot be reached at the moment.
        """
        try:
            installation = await self.installation.get()
        except InstallationRefused as error:
            raise MessageRefused(error.reason) from None
        except SlackUnreachable:
            raise MessageDelayed("unreachable", DELAY_SECONDS) from None
        if installation.team != person.team:
            raise MessageRefused("team_access_not_granted")
        return installation

    async def request(self, method: str, person: Person, **arguments: Any) -> AsyncSlackResponse:
        """Call a method for a person. Arguments that are None are omitted.

        Raises:
            PersonUnreachable: No message can reach the person.
            ContentRefused: Slack rejected the request because of its content.
            MessageRefused: Slack rejected the request for another reason.
            MessageDelayed: The request had no effect and may be retried later.
            MessageUnsure: The request may or may not have had an effect.
        """
        installation = await self.installed(person)
        given = {name: value for name, value in arguments.items() if value is not None}
        is_written = False

        def check() -> None:
            nonlocal is_written
            if method in POSTS and not self.may_send():
                raise MessageDelayed(LEASE_LAPSED, LEASE_DELAY_SECONDS)
            is_written = True

        checking = before_write.set(check)
        headers = {"Authorization": f"Bearer {installation.token}"}
        try:
            async with asyncio.timeout(POST_SECONDS if method in POSTS else CALL_SECONDS):
                if method in READS:
                    return await self.client.api_call(method, params=given, headers=headers)
                return await self.client.api_call(method, json=given, headers=headers)
        except SlackApiError as error:
            raise message_error(method, error) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            if is_written:
                raise MessageUnsure("no_answer") from None
            raise MessageDelayed("unreachable", DELAY_SECONDS) from None
        finally:
            before_write.reset(checking)

    async def request_idempotent(
        self, method: str, person: Person, **arguments: Any
    ) -> AsyncSlackResponse:
        """Call an idempotent method. An uncertain outcome is reported as a delay.

        Raises:
            MessageDelayed: There was no valid response, so the request may be retried.
            MessageRefused: Slack rejected the request.
        """
        try:
            return await self.request(method, person, **arguments)
        except MessageUnsure as error:
            raise MessageDelayed(error.reason, DELAY_SECONDS) from None


async def send_content(
    api: SlackApi, message: Message, method: str, person: Person, **arguments: Any
) -> AsyncSlackResponse:
    """Call a method with the message, and retry with simpler versions if Slack rejects it."""
    *versions, plainest = message.versions()
    for version in versions:
        try:
            return await api.request(method, person, **arguments, **version.payload())
        except ContentRefused as error:
            log.warning("content_refused", method=method, reason=error.reason)
    return await api.request(method, person, **arguments, **plainest.payload())
