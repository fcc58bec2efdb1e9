"""Buttons and the form about those whom people have met."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack.blocks.contacts import REASON, REPORT
from slackbot.slack.commands.responder import ReplyTarget
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to the buttons about swapping contacts and reports, and to the form of a report."""
    buttons, responder, background = parts.contact_buttons, parts.responder, parts.background

    async def pressed(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], origin: Origin
    ) -> None:
        person, action_id = origin.person, str(action["action_id"])
        responder.messenger.mark_active(person)
        target = ReplyTarget.of(body, person)
        posted, find_match = target.own_message, None
        if posted is not None:
            find_match = partial(parts.handlers.match_of, person, posted)

        def start() -> Any:
            return background.start(buttons.pressed(person, action_id), "contact")

        responder.reply(start, target, find_match, below_match=True)
        await ack()

    async def opened(
        ack: AsyncAck, body: dict[str, Any], action: dict[str, Any], origin: Origin
    ) -> None:
        person, trigger = origin.person, str(body.get("trigger_id"))
        responder.messenger.mark_active(person)
        form = buttons.open_form(person, trigger, str(action["action_id"]))

        async def open_or_say() -> None:
            if (problem := await form) is not None:
                url = ReplyTarget.of(body, person).response_url
                await responder.send(person, url, problem, replace=False)

        background.start(responder.answered(open_or_say(), person), "report_form")
        await ack()

    async def submitted(ack: AsyncAck, view: dict[str, Any], origin: Origin) -> None:
        responder.messenger.mark_active(origin.person)
        match_id = str(view.get("private_metadata") or "")
        field = view.get("state", {}).get("values", {}).get(REASON, {}).get(REASON, {})
        answer = buttons.submit(origin.person, match_id, str(field.get("value") or ""))

        async def send() -> None:
            await responder.send(origin.person, "", await answer, replace=False)

        background.start(responder.answered(send(), origin.person), "report")
        await ack()

    app.action(re.compile(r"contacts:"))(timed("action", pressed))
    app.action(re.compile(r"report:open:"))(timed("action", opened))
    app.view(REPORT)(timed("view", submitted))
