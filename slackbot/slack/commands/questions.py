"""Questions and refusals, with which a command is answered before it changes anything."""

from __future__ import annotations

from dataclasses import dataclass

from slackbot.domain.matching import round_of
from slackbot.domain.model import Person, State
from slackbot.domain.sessions import session_number
from slackbot.domain.text import sanitize
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import leave_round_card
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.pausing import (
    held_back_card,
    nothing_to_pause_card,
    pause_timed_card,
)
from slackbot.slack.blocks.status import not_available_there
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.arguments import session_to_open
from slackbot.slack.commands.event_commands import EventCommands
from slackbot.slack.commands.personal import PersonalCommands
from slackbot.slack.commands.privacy_commands import PrivacyCommands


@dataclass(frozen=True, eq=False, repr=False)
class Questions:
    """Asks before a command that changes something, and refuses what it cannot do."""

    accounts: Accounts
    availabilities: Availabilities
    events: EventCommands
    links: HubLinks
    privacy: PrivacyCommands
    personal: PersonalCommands

    async def before(self, person: Person, command: Command) -> Message | None:
        """Return the question or the refusal, or None if the command may do what it says."""
        match command.name:
            case Name.AVAILABLE:
                return await self._ask_available(person, command)
            case Name.PAUSE:
                return await self._refuse_pause(person, command.argument)
            case Name.ERASE:
                return await self.privacy.question(person, command)
            case Name.DISCONNECT:
                return await self.events.question(person, command)
            case _:
                return None

    async def _ask_available(self, person: Person, command: Command) -> Message | None:
        """Ask who leaves a running round, unless it is the one that is confirmed."""
        if session_to_open(command.argument):
            return None
        running = await self.availabilities.running_round(person)
        if running is not None and command.confirmed != round_of(running.id):
            return leave_round_card(running, command.argument)
        return None if command.confirmed else await self._held_back(person, command)

    async def _held_back(self, person: Person, command: Command) -> Message | None:
        """Ask somebody who comes while Slack holds back their notifications."""
        availability = await self.accounts.availability(person)
        if availability is not None and availability.state is not State.LEAVING:
            return None
        await self.accounts.link(person)
        until = await self.personal.held_until(person)
        return None if until is None else held_back_card(until, command.argument)

    async def _refuse_pause(self, person: Person, argument: str) -> Message | None:
        """Refuse a pause until an unknown time, and one by somebody who is available nowhere."""
        availability = await self.accounts.availability(person)
        asked = await self.personal.read_pause(person, argument)
        named = asked.session
        if asked.problem:
            await self.accounts.link(person)
            return pause_timed_card(asked.problem)
        if asked.until is not None:
            status = await self.availabilities.status(person)
            is_pausable = availability is not None or status.snooze is not None
            return None if is_pausable else nothing_to_pause_card()
        if named and availability is None and session_number(named) is None:
            event = (await self.accounts.link(person)).event
            return not_available_there(sanitize(named), event, self.links)
        return None
