"""Events of leaving: the app is removed, or somebody is deactivated. What is kept of them goes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncApp

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.model import TeamId
from slackbot.services.accounts import Accounts
from slackbot.slack.commands.responder import person
from slackbot.slack.inbound.listeners.events import RecordEvent
from slackbot.slack.inbound.timing import timed

DONE_SECONDS = 2.0
"""How long the answer to an event waits for what it asks for; Slack waits three."""

WHOLE_SECOND = timedelta(seconds=1)
"""Slack gives an event's time in seconds, rounded down."""


class NotDone(Exception):
    """What an event asks for is not done yet: Slack should tell it again."""


def register(
    app: AsyncApp, *, accounts: Accounts, background: BackgroundTasks, record_event: RecordEvent
) -> None:
    """Listen to who and what leaves."""

    async def removed(body: dict[str, Any]) -> None:
        if await record_event(TeamId(body["team_id"]), str(body["event_id"])):
            forget = accounts.forget_workspace(TeamId(body["team_id"]))
            background.start(forget, "forget_workspace")

    async def tokens_revoked(body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("tokens", {}).get("bot"):
            await removed(body)

    async def member_changed(body: dict[str, Any], event: dict[str, Any]) -> None:
        """Slack takes messages to who was deactivated. Other changes are no concern of ours.

        Told late or again it does not touch who has come back and connected since.
        """
        member = event["user"]
        if member.get("deleted") is True:
            leaver = person(body["team_id"], member["id"])
            when = datetime.fromtimestamp(body["event_time"], UTC) + WHOLE_SECOND
            await done(background.start(accounts.disconnect(leaver, until=when), "forget_person"))

    async def done(work: asyncio.Task[Any]) -> None:
        """Slack tells an event again that got no 200: that outlives the end of this process."""
        await asyncio.wait({work}, timeout=DONE_SECONDS)
        if not work.done() or work.cancelled() or work.exception() is not None:
            raise NotDone

    app.event("app_uninstalled")(timed("event", removed))
    app.event("tokens_revoked")(timed("event", tokens_revoked))
    app.event("user_change")(timed("event", member_changed))
