"""Removal of the app and deactivation of people: their data is deleted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from slack_bolt.async_app import AsyncApp

from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed

# Seconds that the answer to an event waits for the deletion; Slack waits three.
DONE_SECONDS: Final = 2.0
# Slack gives an event's time in whole seconds, rounded down.
WHOLE_SECOND: Final = timedelta(seconds=1)


class NotDone(Exception):
    """The deletion is not done yet: Slack should deliver the event again."""


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to removals and deactivations."""
    accounts, background = parts.accounts, parts.background

    async def removed(body: dict[str, Any], origin: Origin) -> None:
        if await parts.record_event(origin.workspace, str(body["event_id"])):
            forget = accounts.forget_workspace(origin.workspace)
            background.start(forget, "forget_workspace")

    async def tokens_revoked(body: dict[str, Any], event: dict[str, Any], origin: Origin) -> None:
        if event.get("tokens", {}).get("bot"):
            await removed(body, origin)

    async def member_changed(body: dict[str, Any], event: dict[str, Any], origin: Origin) -> None:
        """Disconnect a deactivated person; Slack still accepts messages to them.

        A late or repeated event leaves a person alone who has connected again since.
        """
        if event["user"].get("deleted") is not True:
            return
        until = datetime.fromtimestamp(body["event_time"], UTC) + WHOLE_SECOND
        task = background.start(accounts.disconnect(origin.person, until=until), "forget_person")
        # Slack delivers an event again that got no 200, even to the next process.
        await asyncio.wait({task}, timeout=DONE_SECONDS)
        if not task.done() or task.cancelled() or task.exception() is not None:
            raise NotDone

    app.event("app_uninstalled")(timed("event", removed))
    app.event("tokens_revoked")(timed("event", tokens_revoked))
    app.event("user_change")(timed("event", member_changed))
