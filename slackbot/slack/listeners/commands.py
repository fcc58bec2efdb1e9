"""The slash command."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack import words
from slackbot.slack.answers import Answers
from slackbot.slack.blocks.modals import Errand
from slackbot.slack.grammar import Command, Name, parse
from slackbot.slack.linking import Linking
from slackbot.slack.replies import Replies, person_of, ready_in_time
from slackbot.slack.timing import timed


def register(
    app: AsyncApp, *, slash: str, answers: Answers, linking: Linking, replies: Replies
) -> None:
    """Listen to the one slash command; its subcommands are the table in `answers.py`."""

    async def networking(ack: AsyncAck, command: dict[str, Any]) -> None:
        person = person_of(command)
        replies.seen(person)
        asked = parse(command.get("text") or "")
        url = str(command.get("response_url") or "")
        if isinstance(asked, Command) and asked.name is Name.CONNECT:
            errand = Errand(response_url=url)
            linking.open_form(person, str(command.get("trigger_id")), errand)
            await ack()
            return
        task = answers.start(person, asked)
        if await ready_in_time(task):
            await ack(response_type="ephemeral", **task.result().payload())
            return
        replies.follow(task, person, url, replace=False)
        await ack(response_type="ephemeral", text=words.ASKING)

    app.command(slash)(timed("command", networking))
