"""Global shortcuts, which have neither a channel nor a `response_url`.

They are acknowledged immediately and answered by direct message. Somebody who is not connected gets
the form, and the answer after it.
"""

from __future__ import annotations

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Person
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.command import Command
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.manifest import SHORTCUTS
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to the shortcuts of the manifest."""

    async def used(ack: AsyncAck, shortcut: dict[str, Any], origin: Origin) -> None:
        person, command = origin.person, Command(SHORTCUTS[shortcut["callback_id"]])
        parts.responder.messenger.mark_active(person)
        work = answer(person, command, str(shortcut.get("trigger_id")))
        parts.background.start(parts.responder.answered(work, person), "answer")
        await ack()

    async def answer(person: Person, command: Command, trigger_id: str) -> None:
        try:
            await parts.accounts.link(person)
        except SlackbotError:  # not linked, or Accelevents rejected the token
            pending = PendingCommand(command=command.text)
            parts.connect_flow.open_form(person, trigger_id, pending)
        else:
            parts.responder.follow_up(parts.handlers.start(person, command), person, "")

    for callback_id in SHORTCUTS:
        app.global_shortcut(callback_id)(timed("shortcut", used))
