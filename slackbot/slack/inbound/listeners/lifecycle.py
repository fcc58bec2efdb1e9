"""Deletion of data when the app is removed or a person is deactivated.

These events are not recorded, so they are handled again each time Slack delivers them. A late event
does not affect people who have connected since then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from slack_bolt.async_app import AsyncApp

from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed

# Seconds that the response to an event waits for the deletion. Slack waits for three seconds.
DONE_SECONDS: Final = 2.0
# Slack rounds the time of an event down to whole seconds.
WHOLE_SECOND: Final = timedelta(seconds=1)


class NotDone(Exception):
    """The deletion has not finished yet, so Slack should deliver the event again."""


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to removals and deactivations."""
    accounts, background = parts.accounts, parts.background

    async def removed(body: dict[str, Any], origin: Origin) -> None:
        forget = accounts.forget_workspace(origin.workspace, until=_time_of(body))
        await done(forget, "forget_workspace")

    async def tokens_revoked(body: dict[str, Any], event: dict[str, Any], origin: Origin) -> None:
        if event.get("tokens", {}).get("bot"):
            await removed(body, origin)

    async def member_changed(body: dict[str, Any], event: dict[str, Any], origin: Origin) -> None:
        """Disconnect a deactivated person, to whom Slack still accepts messages.

        Somebody who has become a guest keeps their data, but is not available any more.
        """
        profile = parts.profiles.update(origin.person, event["user"])
        if event["user"].get("deleted") is True:
            forget = accounts.disconnect(origin.person, until=_time_of(body))
            await done(forget, "forget_person")
        elif not parts.profiles.admits(profile):
            await done(parts.end_availability(origin.person), "end_availability")

    async def done(work: Coroutine[Any, Any, object], name: str) -> None:
        """Wait for the deletion, which continues in the background after a timeout.

        Raises:
            NotDone: The deletion failed or timed out, so Slack should deliver the event again.
        """
        task = background.start(work, name)
        await asyncio.wait({task}, timeout=DONE_SECONDS)
        if not task.done() or task.cancelled() or task.exception() is not None:
            raise NotDone

    app.event("app_uninstalled")(timed("event", removed))
    app.event("tokens_revoked")(timed("event", tokens_revoked))
    app.event("user_change")(timed("event", member_changed))


def _time_of(body: dict[str, Any]) -> datetime:
    """Return the end of the second in which the event happened."""
    return datetime.fromtimestamp(body["event_time"], UTC) + WHOLE_SECOND
