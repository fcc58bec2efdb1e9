"""Buttons: an empty answer at once, and what they lead to in their place."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack.blocks.match import CALL_NEW, CALL_OPEN
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.status import LINK_HELP, LINK_OPEN
from slackbot.slack.command import from_action
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.responder import Place, Responder
from slackbot.slack.inbound.timing import timed


def register(
    app: AsyncApp,
    *,
    answers: CommandHandlers,
    linking: ConnectFlow,
    calling: CallButtons,
    replies: Responder,
) -> None:
    """Listen to every button; one that is unknown or only a link is acknowledged, no more."""

    async def pressed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        place = Place.of(body)
        replies.seen(place.person)
        action_id, value = str(action.get("action_id")), str(action.get("value") or "")
        if action_id == LINK_OPEN:
            pending = PendingCommand(command=value, response_url=place.response_url, is_prompt=True)
            linking.open_form(place.person, str(body.get("trigger_id")), pending)
        elif action_id == LINK_HELP:
            replies.put(linking.token_help(PendingCommand(command=value)), place)
        elif action_id == CALL_OPEN:
            calling.opened(place.person, value)
        elif action_id == CALL_NEW:
            # Its answer is the whole card once more, so nothing of the old one stays above it.
            replies.put(calling.new_link(place.person, value), replace(place, kept=()))
        elif (command := from_action(action_id)) is not None:
            if place.own_message is not None:
                answers.note_answer(place.person, place.own_message, command)
            replies.put(answers.start(place.person, command), place)
        await ack()

    app.action(re.compile(r"[\s\S]*"))(timed("action", pressed))
