"""The slash command."""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack import texts
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.command import Command, Name, parse
from slackbot.slack.commands.responder import ready_in_time
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to the slash command, and run its subcommands."""

    async def networking(ack: AsyncAck, command: dict[str, Any], origin: Origin) -> None:
        person = origin.person
        parts.responder.messenger.mark_active(person)
        parsed = parse(command.get("text") or "", parts.slash)
        url = str(command.get("response_url") or "")
        if isinstance(parsed, Command) and parsed.name is Name.CONNECT:
            pending = PendingCommand(command=parsed.text, response_url=url)
            parts.connect_flow.open_form(person, str(command.get("trigger_id")), pending)
            await ack()
            return
        task = parts.handlers.start(person, parsed)
        if await ready_in_time(task):
            await ack(response_type="ephemeral", **task.result().payload())
            return
        parts.responder.follow_up(task, person, url)
        await ack(response_type="ephemeral", text=texts.ASKING)

    app.command(parts.slash)(timed("command", networking))
