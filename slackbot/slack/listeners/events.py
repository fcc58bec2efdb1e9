"""Events: handed over, each once. Slack delivers an event up to four times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.services.accounts import Accounts
from slackbot.services.background import Background
from slackbot.slack.answers import Answers
from slackbot.slack.grammar import Command, Name
from slackbot.slack.replies import Place, Replies

FirstSight = Callable[[TeamId, str], Awaitable[bool]]
"""Whether an event of a workspace is seen for the first time, by its `event_id`."""


def register(
    app: AsyncApp,
    *,
    answers: Answers,
    accounts: Accounts,
    replies: Replies,
    background: Background,
    first_sight: FirstSight,
) -> None:
    """Listen to Home being opened and to the app being removed."""

    async def once(body: dict[str, Any]) -> bool:
        return await first_sight(TeamId(body["team_id"]), str(body["event_id"]))

    async def home_opened(body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("tab") == "home" and await once(body):
            person = Person(TeamId(body["team_id"]), UserId(event["user"]))
            task = answers.start(person, Command(Name.OVERVIEW))
            replies.put(task, Place(person, home=True))

    async def removed(body: dict[str, Any]) -> None:
        if await once(body):
            forget = accounts.forget_workspace(TeamId(body["team_id"]))
            background.start(forget, "forget_workspace")

    async def tokens_revoked(body: dict[str, Any], event: dict[str, Any]) -> None:
        if event.get("tokens", {}).get("bot"):
            await removed(body)

    app.event("app_home_opened")(home_opened)
    app.event("app_uninstalled")(removed)
    app.event("tokens_revoked")(tokens_revoked)
