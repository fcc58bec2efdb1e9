"""Buttons, which are acknowledged immediately. The answer replaces the message."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack.blocks.match import CALL_NEW, CALL_OPEN
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.status import LINK_HELP, LINK_OPEN
from slackbot.slack.command import from_action
from slackbot.slack.commands.responder import ReplyTarget
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to all buttons. Links and unknown buttons are only acknowledged."""
    handlers, connect_flow, responder = parts.handlers, parts.connect_flow, parts.responder

    async def pressed(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], origin: Origin
    ) -> None:
        person = origin.person
        target = ReplyTarget.of(body, person)
        responder.messenger.mark_active(person)
        action_id, value = str(action.get("action_id")), str(action.get("value") or "")
        if action_id == LINK_OPEN:
            url = target.response_url
            pending = PendingCommand(command=value, response_url=url, is_prompt=True)
            connect_flow.open_form(person, str(body.get("trigger_id")), pending)
        elif action_id == LINK_HELP:
            help_card = connect_flow.token_help(PendingCommand(command=value))
            responder.reply(parts.background.start(help_card, "token_help"), target)
        elif action_id == CALL_OPEN:
            parts.call_buttons.opened(person, value)
        elif action_id == CALL_NEW:
            responder.reply(parts.call_buttons.new_link(person, value), target)
        elif (command := from_action(action_id)) is not None:
            above = None
            if (posted := target.own_message) is not None:
                handlers.record_answer(person, posted, command)
                above = partial(handlers.met, person, posted)
            responder.reply(handlers.start(person, command), target, above)
        await ack()

    app.action(re.compile(r"[\s\S]*"))(timed("action", pressed))
