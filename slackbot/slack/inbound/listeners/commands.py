"""The slash command."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack import texts as words
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.command import Command, Name, parse
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.responder import Responder, person_of, ready_in_time
from slackbot.slack.inbound.timing import timed


def register(
    app: AsyncApp, *, slash: str, answers: CommandHandlers, linking: ConnectFlow, replies: Responder
) -> None:
    """Listen to the one slash command; its subcommands are the table in `answers.py`."""

    async def networking(ack: AsyncAck, command: dict[str, Any]) -> None:
        person = person_of(command)
        replies.seen(person)
        asked = parse(command.get("text") or "")
        url = str(command.get("response_url") or "")
        if isinstance(asked, Command) and asked.name is Name.CONNECT:
            pending = PendingCommand(response_url=url)
            linking.open_form(person, str(command.get("trigger_id")), pending)
            await ack()
            return
        task = answers.start(person, asked)
        if await ready_in_time(task):
            await ack(response_type="ephemeral", **task.result().payload())
            return
        replies.follow(task, person, url, replace=False)
        await ack(response_type="ephemeral", text=words.ASKING)

    app.command(slash)(timed("command", networking))
