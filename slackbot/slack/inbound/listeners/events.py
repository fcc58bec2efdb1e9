"""Events, which are handled only once although Slack may deliver them up to four times."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncApp

from slackbot.domain.model import Person
from slackbot.slack.commands.responder import hash_of
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to the event that Home was opened. Call it last, because it ignores all others."""

    async def home_opened(body: dict[str, Any], event: dict[str, Any], origin: Origin) -> None:
        opener, event_id = origin.person, str(body["event_id"])
        parts.responder.messenger.mark_active(opener)
        parts.background.start(parts.welcome.greet(opener), "welcome")
        if event.get("tab") == "home":
            view = event.get("view") or {}
            parts.background.start(show_home(opener, event_id, hash_of(view)), "show_home")

    async def show_home(opener: Person, event_id: str, view_hash: str | None) -> None:
        if await parts.is_new(opener.team, event_id):
            await parts.responder.homes.open(opener, view_hash)

    async def ignored() -> None:
        """Acknowledge events that the manifest does not subscribe to, so Slack does not retry."""

    app.event("app_home_opened")(timed("event", home_opened))
    app.event(re.compile(r"[\s\S]*"))(timed("event", ignored))
