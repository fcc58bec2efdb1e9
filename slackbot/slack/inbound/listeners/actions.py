"""Buttons, which are acknowledged immediately. The answer replaces the message."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack.blocks.home import CLOSE
from slackbot.slack.blocks.match import CALL_OPEN
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.status import LINK_HELP, LINK_OPEN
from slackbot.slack.command import Name, from_action
from slackbot.slack.commands.responder import ReplyTarget
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed

# Prefix of the action ids of buttons that only open a page.
LINK: Final = "hub:"


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to all buttons. Links and menus are only acknowledged."""
    handlers, connect_flow, responder = parts.handlers, parts.connect_flow, parts.responder

    async def pressed(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], origin: Origin
    ) -> None:
        person = origin.person
        target = ReplyTarget.of(body, person)
        responder.messenger.mark_active(person)
        posted = target.own_message
        find_match = partial(handlers.match_of, person, posted) if posted is not None else None
        action_id, value = _pressed(action), str(action.get("value") or "")
        if action_id == LINK_OPEN:
            url = target.response_url
            pending = PendingCommand(value, url, is_prompt=True, own_message=posted)
            connect_flow.open_form(person, str(body.get("trigger_id")), pending)
        elif action_id == LINK_HELP:
            help_card = connect_flow.token_help(PendingCommand(command=value))
            responder.reply(lambda: parts.background.start(help_card, "token_help"), target)
        elif action_id == CLOSE:
            parts.background.start(responder.homes.open(person, target.home_hash), "close_answer")
        elif action_id == CALL_OPEN:
            parts.call_buttons.opened(person, value)
        elif (change := parts.change_of_match(person, action_id, value)) is not None:
            responder.reply(change, target, find_match)
        elif (command := from_action(action_id)) is not None:
            if posted is not None:
                handlers.record_answer(person, posted, command)
            start = partial(handlers.start, person, command)
            # The match itself is what somebody sees again who takes back that they can't make it.
            is_undo = command.name is Name.CANT and bool(command.argument)
            responder.reply(start, target, find_match, below_match=not is_undo)
        elif action.get("type") == "button" and not (
            action.get("url") or action_id.startswith(LINK)
        ):
            work = handlers.outdated(person)
            answer = partial(parts.background.start, work, "answer")
            responder.reply(answer, target, find_match, below_match=True)
        await ack()

    app.action(re.compile(r"[\s\S]*"))(timed("action", pressed))


def _pressed(action: dict[str, Any]) -> str:
    """Return the action of a button, or what was chosen from a menu or a clock instead of it."""
    action_id, option = str(action.get("action_id")), action.get("selected_option")
    if action.get("type") == "static_select" and isinstance(option, dict):
        return str(option.get("value"))
    if action.get("type") == "timepicker" and (at := action.get("selected_time")):
        return f"{action_id} {at}"
    return action_id
