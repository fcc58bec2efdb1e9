"""Events of leaving: the app is removed, or somebody is deactivated. What is kept of them goes."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncApp

from slackbot.domain.model import TeamId
from slackbot.services.accounts import Accounts
from slackbot.services.background import Background
from slackbot.slack.listeners.events import FirstSight
from slackbot.slack.replies import person
from slackbot.slack.timing import timed


def register(
    app: AsyncApp, *, accounts: Accounts, background: Background, first_sight: FirstSight
) -> None:
    """Listen to who and what leaves."""

    async def removed(body: dict[str, Any]) -> None:
        if await first_sight(TeamId(body["team_id"]), str(body["event_id"])):
            forget = accounts.forget_workspace(TeamId(body["team_id"]))
            background.start(forget, "forget_workspace")

    async def tokens_revoked(body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("tokens", {}).get("bot"):
            await removed(body)

    async def member_changed(body: dict[str, Any], event: dict[str, Any]) -> None:
        """Slack takes messages to who was deactivated. Other changes are no concern of ours."""
        member = event["user"]
        if member.get("deleted") is True:
            leaver = person(body["team_id"], member["id"])
            background.start(accounts.disconnect(leaver), "forget_person")

    app.event("app_uninstalled")(timed("event", removed))
    app.event("tokens_revoked")(timed("event", tokens_revoked))
    app.event("user_change")(timed("event", member_changed))
