"""Listeners for each kind of input. Every module has a function `register(app, parts)`.

Bolt runs with `process_before_response=True`, which sends the reply when the listener returns.
Nothing may therefore follow `ack()` in a listener, and slow work must run in a background task.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.model import TeamId
from slackbot.services.accounts import Accounts
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.responder import Responder


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The objects that the listeners use."""

    slash: str
    handlers: CommandHandlers
    connect_flow: ConnectFlow
    call_buttons: CallButtons
    responder: Responder
    accounts: Accounts
    background: BackgroundTasks
    # Records an event by its `event_id`. Returns False if the event is already recorded.
    record_event: Callable[[TeamId, str], Awaitable[bool]]
