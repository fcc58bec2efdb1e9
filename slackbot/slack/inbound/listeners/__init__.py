"""Listeners by kind of input; each module has `register(app, parts)`.

Bolt runs with `process_before_response=True`: a reply leaves when its listener returns, so nothing
may follow `ack()` in a listener, and slow work runs as a background task.
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
    # Records a workspace's event by its `event_id`; False if it was recorded before.
    record_event: Callable[[TeamId, str], Awaitable[bool]]
