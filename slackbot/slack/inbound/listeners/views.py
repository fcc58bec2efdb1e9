"""Submissions of the connect form."""

from __future__ import annotations

import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from slackbot.slack import home_texts
from slackbot.slack.blocks.message import Draft
from slackbot.slack.blocks.modals import (
    CONNECT,
    CREDENTIAL,
    EVENT,
    PendingCommand,
    checking,
    notice,
)
from slackbot.slack.commands.connect_flow import Form, Problem
from slackbot.slack.commands.responder import ready_in_time
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.origin import Origin
from slackbot.slack.request_context import timed


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to submissions of the form. Any other form is an old one, or made up."""
    connect_flow = parts.connect_flow

    async def submitted(ack: AsyncAck, view: dict[str, Any], origin: Origin) -> None:
        parts.responder.messenger.mark_active(origin.person)
        form = Form(
            person=origin.person,
            event=_value(view, EVENT),
            credential=_value(view, CREDENTIAL),
            pending=PendingCommand.load(str(view.get("private_metadata") or "")),
        )
        task = parts.background.start(connect_flow.submit(form), "submit")
        if not await ready_in_time(task):
            outcome = connect_flow.show(task, form, str(view["id"]))
            parts.background.start(outcome, "show_later")
            await ack(response_action="update", view=checking(form.pending))
        elif isinstance(problem := task.result(), Problem):
            await ack(response_action="errors", errors={problem.field: problem.sentence})
        else:
            await ack()

    async def outdated(ack: AsyncAck) -> None:
        view = notice(Draft().say(home_texts.OUTDATED_FORM).done())
        await ack(response_action="update", view=view)

    app.view(CONNECT)(timed("view", submitted))
    app.view(re.compile(r"[\s\S]*"))(timed("view", outdated))


def _value(view: dict[str, Any], block_id: str) -> str:
    fields = view.get("state", {}).get("values", {}).get(block_id, {})
    value = fields.get(block_id, {}).get("value")
    return value if isinstance(value, str) else ""
