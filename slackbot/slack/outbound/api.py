"""Slack's Web API, and the meaning of its errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slackbot.domain.errors import (
    ContentRefused,
    MessageDelayed,
    MessageError,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.model import Person
from slackbot.slack.client import CALL_SECONDS, POST_SECONDS, read_error
from slackbot.slack.installations import (
    Installation,
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)

# Errors of the installation, not of the person: once it is mended, the message can be sent. A
# revoked token or a deleted account is not among them; it is replaced, never mended.
INSTALLATION_ERRORS: Final = {
    "invalid_auth",
    "not_authed",
    "token_expired",
    "missing_scope",
    "team_access_not_granted",
    "not_allowed_token_type",
}
INSTALLATION_DELAY_SECONDS: Final = 60.0
UNSURE: Final = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
# No message reaches the person, as with every `restricted_action…`.
UNREACHABLE: Final = {
    "cannot_dm_bot",
    "channel_not_found",
    "is_archived",
    "messages_tab_disabled",
    "user_disabled",
    "user_not_found",
}
# Prefixes of errors about a message's content, not its recipient.
CONTENT: Final = (
    "attachment_",
    "block_mismatch",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_metadata_",
    "metadata_",
    "msg_",
    "no_text",
    "too_many_attachments",
)
# Slack's general error and that of some methods, which comes with HTTP status 200 too.
RATELIMITED: Final = {"ratelimited", "rate_limited"}
# Before another try, where Slack names no time.
DELAY_SECONDS: Final = 2.0
# Methods that accept no JSON.
READS: Final = {"conversations.history", "users.info"}
POSTS: Final = {"chat.postMessage"}
LEASE_LAPSED: Final = "lease_lapsed"
LEASE_DELAY_SECONDS: Final = 1.0


@dataclass(eq=False, repr=False)
class SlackApi:
    """Web API requests with the token of a person's workspace.

    `client` must not retry, or a message would be posted twice.
    """

    client: AsyncWebClient
    installation: SingleInstallation
    # Checked right before each post: false once another process has taken over what this one had
    # to send.
    may_send: Callable[[], bool] = lambda: True

    async def installed(self, person: Person) -> Installation:
        """Return the bot's installation in the person's workspace.

        Raises:
            MessageRefused: there is none, or no longer.
            MessageDelayed: Slack cannot be asked now.
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
        """Request a method for a person; arguments that are None are left out.

        Raises:
            PersonUnreachable: no message reaches the person.
            ContentRefused: final for this content.
            MessageRefused: final.
            MessageDelayed: not carried out; try again later.
            MessageUnsure: maybe carried out.
        """
        installation = await self.installed(person)
        given = {name: value for name, value in arguments.items() if value is not None}
        if method in POSTS and not self.may_send():
            raise MessageDelayed(LEASE_LAPSED, LEASE_DELAY_SECONDS)
        headers = {"Authorization": f"Bearer {installation.token}"}
        try:
            async with asyncio.timeout(POST_SECONDS if method in POSTS else CALL_SECONDS):
                if method in READS:
                    return await self.client.api_call(method, params=given, headers=headers)
                return await self.client.api_call(method, json=given, headers=headers)
        except SlackApiError as error:
            raise message_error(error) from None
        except aiohttp.ClientConnectorError:
            raise MessageDelayed("unreachable", DELAY_SECONDS) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise MessageUnsure("no_answer") from None

    async def request_idempotent(
        self, method: str, person: Person, **arguments: Any
    ) -> AsyncSlackResponse:
        """Request a method that may safely be repeated, so an uncertain outcome is a delay.

        Raises:
            MessageDelayed: no proper answer; try again.
            MessageRefused: final.
        """
        try:
            return await self.request(method, person, **arguments)
        except MessageUnsure as error:
            raise MessageDelayed(error.reason, DELAY_SECONDS) from None


def message_error(error: SlackApiError) -> MessageError:
    """Translate Slack's error."""
    status, reason, retry_after = read_error(error)
    if reason in RATELIMITED or status == 429:
        return MessageDelayed("ratelimited", DELAY_SECONDS if retry_after is None else retry_after)
    if reason in INSTALLATION_ERRORS:
        return MessageDelayed(reason, INSTALLATION_DELAY_SECONDS)
    if not reason or reason in UNSURE or status >= 500:
        return MessageUnsure(reason or f"http_{status}")
    if reason in UNREACHABLE or reason.startswith("restricted_action"):
        return PersonUnreachable(reason)
    if reason.startswith(CONTENT):
        return ContentRefused(reason)
    return MessageRefused(reason)
