"""The workspace in which the bot is installed, and the bot's identity in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from slackbot.domain.model import TeamId
from slackbot.slack.client import CALL_SECONDS, read_error

# Slack error codes that a retry cannot resolve.
FINAL_ERRORS: Final = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
}


# Not an error code of Slack. The token is valid, but the bot cannot use it.
ORG_WIDE: Final = "org_wide_token"


class InstallationRefused(Exception):
    """The bot token cannot be used. `reason` is Slack's error code or `ORG_WIDE`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_org_wide(answer: AsyncSlackResponse) -> bool:
    """Return True if the response of `auth.test` is for an organisation-wide token."""
    return bool(answer.get("is_enterprise_install")) or not answer.get("team_id")


class SlackUnreachable(Exception):
    """Slack returned no valid response. A retry may succeed."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The bot's installation in a workspace."""

    team: TeamId
    bot_id: str
    bot_user: str
    token: str = field(repr=False)
    # The workspace's name, which is untrusted text.
    name: str = ""
    # The granted scopes, or None if Slack did not list them.
    scopes: frozenset[str] | None = None

    def grants(self, scope: str) -> bool:
        """Return True unless the app is known to be installed without this scope."""
        return self.scopes is None or scope in self.scopes


def granted_scopes(answer: AsyncSlackResponse) -> frozenset[str] | None:
    """Return the scopes in the header of a response, or None if it has none."""
    header = answer.headers.get("x-oauth-scopes")
    if header is None:
        return None
    return frozenset(scope.strip() for scope in str(header).split(","))


@dataclass(eq=False, repr=False)
class SingleInstallation:
    """The workspace of `SLACK_BOT_TOKEN`, which is requested once with `auth.test` and cached."""

    client: AsyncWebClient
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        self._lock = asyncio.Lock()
        self._installation: Installation | None = None

    async def get(self) -> Installation:
        """Return the installation.

        Raises:
            InstallationRefused: Slack rejects the token, or the token is organisation-wide.
            SlackUnreachable: Slack cannot be reached at the moment.
        """
        async with self._lock:
            if self._installation is None:
                self._installation = await self._ask()
            return self._installation

    async def _ask(self) -> Installation:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await self.client.auth_test(token=self.token)
        except SlackApiError as error:
            _, reason, _ = read_error(error)
            if reason in FINAL_ERRORS:
                raise InstallationRefused(reason) from None
            raise SlackUnreachable(reason) from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise SlackUnreachable("no answer") from None
        if is_org_wide(answer):
            raise InstallationRefused(ORG_WIDE)
        return Installation(
            team=TeamId(str(answer["team_id"])),
            bot_id=str(answer.get("bot_id") or ""),
            bot_user=str(answer["user_id"]),
            token=self.token,
            name=str(answer.get("team") or ""),
            scopes=granted_scopes(answer),
        )

    async def verify(self, team: TeamId) -> bool:
        """Check with Slack that it still accepts the token for this workspace."""
        try:
            answer = await self._ask()
        except (InstallationRefused, SlackUnreachable):
            return False
        return answer.team == team

    async def authorize(
        self, enterprise_id: str | None, team_id: str | None, user_id: str | None
    ) -> AuthorizeResult | None:
        """Authorize a request for Bolt, or return None for people from other workspaces."""
        installation = await self.get()
        if team_id != installation.team:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            user_id=user_id,
            bot_id=installation.bot_id,
            bot_user_id=installation.bot_user,
            bot_token=installation.token,
        )
