"""Commands about the events that a person is connected to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from slackbot.domain.errors import TokenRefused
from slackbot.domain.model import EventSlug, Link, Person
from slackbot.domain.ports import Clock
from slackbot.domain.text import fold, sanitize, without_words
from slackbot.services.availability import Availabilities
from slackbot.services.linked_events import LinkedEvents
from slackbot.services.privacy import LEFT_SECONDS
from slackbot.slack.blocks.events import (
    disconnect_event_question,
    disconnect_question,
    disconnected_event_card,
    event_list,
    not_connected_there,
    not_connected_to_leave,
    switched_card,
)
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.login import login_expired_card
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.status import confirmed_disconnect, connect_prompt, status_card
from slackbot.slack.command import CONNECT_FILLERS, Command, Name
from slackbot.slack.commands.arguments import event_to_disconnect
from slackbot.slack.commands.privacy_commands import PrivacyCommands

# Words after `event` that name none.
_FILLERS: Final = CONNECT_FILLERS | {"switch", "change", "list", "all", "other", "events"}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EventCommands:
    """Lists events, switches between them, and disconnects one of them."""

    events: LinkedEvents
    availabilities: Availabilities
    links: HubLinks
    privacy: PrivacyCommands
    clock: Clock
    slash: str

    async def run(self, person: Person, command: Command) -> Message:
        """List the events, or switch to the one that the argument names."""
        events = await self.events.list_all(person)
        named = without_words(command.argument, _FILLERS)
        if events.active is None:
            return connect_prompt(Command(Name.EVENT), self.slash)
        if not named:
            return event_list(events, self.links, self.clock.now())
        event = self.named(named, events.all)
        if event is None:
            now = self.clock.now()
            return not_connected_there(sanitize(named), events, self.links, now)
        switched = await self.events.switch(person, event)
        try:
            below = status_card(await self.availabilities.status(person), self.links)
        except TokenRefused:
            below = login_expired_card(event, self.links, Command(Name.OVERVIEW))
        return switched_card(switched, self.links, below)

    async def question(self, person: Person, command: Command) -> Message | None:
        """Ask before `disconnect`, unless the button confirms what would be deleted now.

        A button that was drawn while the person was connected to other events has to be confirmed
        again. A name that is none of theirs leads to no question, because it may be misspelt.
        """
        events = await self.events.list_all(person)
        if events.active is None:
            return None
        if named := event_to_disconnect(command.argument):
            event = self.named(named, events.all)
            if event is None:
                typed, now = sanitize(named), self.clock.now()
                return not_connected_to_leave(typed, events, self.links, now, self.slash)
            is_confirmed = event == command.confirmed
            return None if is_confirmed else disconnect_event_question(event, events, self.links)
        linked = [link.event for link in events.all]
        # Buttons of earlier versions name the only event.
        is_confirmed = command == confirmed_disconnect(*linked) or linked == [command.confirmed]
        return None if is_confirmed else disconnect_question(linked, self.links, self.slash)

    async def disconnect(self, person: Person, command: Command) -> Message:
        """Delete the login to the event that the button confirms, or everything."""
        if not (command.argument and command.confirmed):
            return await self.privacy.erase(person, command)
        event = EventSlug(command.confirmed)
        left = await self.events.disconnect(person, event)
        confirmed = await self.events.accounts.leaving.confirms(person, LEFT_SECONDS)
        return disconnected_event_card(event, left, self.links, confirmed=confirmed)

    def named(self, typed: str, linked: Iterable[Link]) -> EventSlug | None:
        """Return the event whose slug, link or name was typed, or None."""
        wanted = {fold(typed), fold(event_to_disconnect(typed))}
        for link in linked:
            if wanted & {fold(link.event), fold(self.links.name(link.event))}:
                return link.event
        return None
