"""Calls of Slack's Web API, and what its refusals mean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
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
from slackbot.slack.client import CALL_SECONDS, POST_SECONDS
from slackbot.slack.installations import (
    Installation,
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)

OUR_FAULT: Final = {
    "invalid_auth",
    "not_authed",
    "token_expired",
    "missing_scope",
    "team_access_not_granted",
    "not_allowed_token_type",
}
"""The installation is at fault, not the person: once it is mended, the message can be told.

A token that was revoked, or an account that is no more, is never mended: there is another then.
"""
OUR_FAULT_SECONDS: Final = 60.0
UNSURE: Final = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
UNREACHABLE: Final = {
    "cannot_dm_bot",
    "channel_not_found",
    "is_archived",
    "messages_tab_disabled",
    "user_disabled",
    "user_not_found",
}
"""And every `restricted_action…`: no message reaches the person."""
# How the words begin that speak of what is in a message, and not of whom it goes to.
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
# Slack's own word and that of its single methods, which comes with HTTP status 200 too.
RATELIMITED: Final = {"ratelimited", "rate_limited"}
DELAY_SECONDS: Final = 2.0
READS: Final = {"conversations.history", "users.info"}
"""Methods that take no JSON."""
POSTS: Final = {"chat.postMessage"}
LEASE_LAPSED: Final = "lease_lapsed"


class SlackApi:
    """Calls methods with the token of the person's workspace. `client` must not retry by itself."""

    def __init__(
        self,
        client: AsyncWebClient,
        installation: SingleInstallation,
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_send` is asked right before each post: whether posting is this process's business.

        It is not when another has taken over what it had to tell.
        """
        self._client = client
        self._installation = installation
        self._may_send = may_send

    async def installed(self, person: Person) -> Installation:
        """The bot in the person's workspace.

        Raises:
            MessageRefused: it is not there, or no more.
            MessageDelayed: Slack cannot be asked now.
        """
        try:
            installation = await self._installation.get()
        except InstallationRefused as error:
            raise MessageRefused(error.reason) from None
        except SlackUnreachable:
            raise MessageDelayed("unreachable", DELAY_SECONDS) from None
        if installation.team != person.team:
            raise MessageRefused("team_access_not_granted")
        return installation

    async def call(self, method: str, person: Person, **arguments: Any) -> AsyncSlackResponse:
        """Call a method about a person; arguments that are None are left out.

        Raises:
            PersonUnreachable: no message reaches the person.
            ContentRefused: final for this content.
            MessageRefused: final.
            MessageDelayed: not carried out, may be tried again later.
            MessageUnsure: carried out or not.
        """
        installation = await self.installed(person)
        given = {name: value for name, value in arguments.items() if value is not None}
        if method in POSTS and not self._may_send():
            raise MessageDelayed(LEASE_LAPSED, 1.0)
        return await self._call(method, given, installation.token)

    async def _call(self, method: str, given: dict[str, Any], token: str) -> AsyncSlackResponse:
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with asyncio.timeout(POST_SECONDS if method in POSTS else CALL_SECONDS):
                if method in READS:
                    return await self._client.api_call(method, params=given, headers=headers)
                return await self._client.api_call(method, json=given, headers=headers)
        except SlackApiError as error:
            raise reading(error) from None
        except aiohttp.ClientConnectorError:
            raise MessageDelayed("unreachable", DELAY_SECONDS) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise MessageUnsure("no_answer") from None

    async def ask(self, method: str, person: Person, **arguments: Any) -> AsyncSlackResponse:
        """Call a method that leaves everything as it was, or may be called any number of times.

        Raises:
            MessageDelayed: no proper answer; ask again.
            MessageRefused: final.
        """
        try:
            return await self.call(method, person, **arguments)
        except MessageUnsure as error:
            raise MessageDelayed(error.reason, DELAY_SECONDS) from None


def reading(error: SlackApiError) -> MessageError:
    """Slack's error word, as far as the answer has one: a broken body has neither."""
    response: Any = error.response
    status = int(getattr(response, "status_code", getattr(response, "status", 0)))
    data = getattr(response, "data", None)
    reason = str(data.get("error", "")) if isinstance(data, dict) else ""
    if reason in RATELIMITED or status == 429:
        seconds = str(response.headers.get("Retry-After", ""))
        return MessageDelayed(
            "ratelimited", float(seconds) if seconds.isdecimal() else DELAY_SECONDS
        )
    if reason in OUR_FAULT:
        return MessageDelayed(reason, OUR_FAULT_SECONDS)
    if not reason or reason in UNSURE or status >= 500:
        return MessageUnsure(reason or f"http_{status}")
    if reason in UNREACHABLE or reason.startswith("restricted_action"):
        return PersonUnreachable(reason)
    if reason.startswith(CONTENT):
        return ContentRefused(reason)
    return MessageRefused(reason)
