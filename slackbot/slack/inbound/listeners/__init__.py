"""Listeners for each kind of input. Every module has a function `register(app, parts)`.

Bolt runs with `process_before_response=True`, which sends the reply when the listener returns.
Nothing may therefore follow `ack()` in a listener, and slow work must run in a background task.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.model import Person, TeamId
from slackbot.services.accounts import Accounts
from slackbot.slack.blocks.match import CALL_NEW
from slackbot.slack.blocks.message import Message
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.contact_buttons import ContactButtons
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.remind import TALKS, TalkButtons
from slackbot.slack.commands.responder import Responder, stored_in_time
from slackbot.slack.commands.welcome import Welcome
from slackbot.slack.outbound.profiles import Profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The objects that the listeners use."""

    slash: str
    handlers: CommandHandlers
    connect_flow: ConnectFlow
    call_buttons: CallButtons
    talk_buttons: TalkButtons
    contact_buttons: ContactButtons
    responder: Responder
    welcome: Welcome
    accounts: Accounts
    profiles: Profiles
    # Ends the availability of a person who gets no messages any more.
    end_availability: Callable[[Person], Coroutine[Any, Any, None]]
    background: BackgroundTasks
    # Records an event by its `event_id`. Returns False if the event is already recorded.
    record_event: Callable[[TeamId, str], Awaitable[bool]]

    async def is_new(self, team: TeamId, event_id: str) -> bool:
        """Record an event. One that cannot be recorded counts as new, so that it is answered."""
        return await stored_in_time(self.record_event(team, event_id)) is not False

    def change_of_match(
        self, person: Person, action_id: str, match_id: str
    ) -> Callable[[], asyncio.Task[Message]] | None:
        """Return what starts the change of a match's message, or None for other buttons."""
        if action_id == CALL_NEW:
            return partial(self.call_buttons.new_link, person, match_id)
        if action_id in TALKS:
            return partial(self.talk_buttons.answer, person, action_id, match_id)
        return None
