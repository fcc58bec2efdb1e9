"""Events: handed over, each once. Slack delivers an event up to four times."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.model import Person, TeamId
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.responder import Place, Responder, person
from slackbot.slack.inbound.timing import timed

RecordEvent = Callable[[TeamId, str], Awaitable[bool]]
"""Whether an event of a workspace is seen for the first time, by its `event_id`."""


def register(
    app: AsyncApp,
    *,
    answers: CommandHandlers,
    replies: Responder,
    background: BackgroundTasks,
    record_event: RecordEvent,
) -> None:
    """Listen to Home being opened. To be called last: what nobody listens to is ignored here."""

    async def home_opened(body: dict[str, Any], event: dict[str, Any]) -> None:
        opener, event_id = person(body["team_id"], event["user"]), str(body["event_id"])
        replies.seen(opener)
        if event.get("tab") == "home":
            background.start(show_home(opener, event_id), "show_home")

    async def show_home(opener: Person, event_id: str) -> None:
        if await record_event(opener.team, event_id):
            task = answers.start(opener, Command(Name.OVERVIEW))
            replies.put(task, Place(opener, home=True))

    async def ignored() -> None:
        """Not subscribed to by our manifest. Slack would repeat what it gets no 200 for."""

    app.event("app_home_opened")(timed("event", home_opened))
    app.event(re.compile(r"[\s\S]*"))(timed("event", ignored))
