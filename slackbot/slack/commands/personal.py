"""The commands about a person's own rules: pauses for a while, declined rounds and settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from slackbot.domain.model import Person
from slackbot.domain.ports import CallOffer, Clock
from slackbot.domain.preferences import REMINDER_MINUTES, NoticeKind, Preferences
from slackbot.domain.sessions import names_session
from slackbot.domain.text import fold, sanitize
from slackbot.services.availability import Availabilities
from slackbot.services.declines import Declines, NoRound
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.waiting import WaitingReasons
from slackbot.slack import manner_texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import declined_card, taken_back_card
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.preferences import preferences_card
from slackbot.slack.blocks.status import status_card
from slackbot.slack.blocks.why import why_card
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.arguments import is_time, session_to_pause, without_fillers
from slackbot.slack.commands.times import read_setting, read_until

# Returns until when Slack holds back a person's notifications, or None if it does not.
HeldUntil = Callable[[Person], Awaitable[datetime | None]]


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class PersonalCommands:
    """Runs these commands, and renders their answers."""

    availabilities: Availabilities
    declines: Declines
    preferences: PersonalPreferences
    reasons: WaitingReasons
    clock: Clock
    links: HubLinks
    call_offer: CallOffer
    held_until: HeldUntil

    async def run(self, person: Person, command: Command) -> Message:
        """Run `cant`, `why` or `settings`."""
        if command.name is Name.WHY:
            return why_card(await self.reasons.ask(person))
        if command.name is Name.CANT:
            return await self._decline(person, command)
        return await self._settings(person, command.argument)

    async def zone(self, person: Person) -> tzinfo | None:
        """Return the zone in which the person's times of the day are."""
        return await self.preferences.zone(person)

    async def until(self, person: Person, argument: str) -> datetime | None:
        """Return until when a pause with this argument is, or None if it says no time."""
        words = without_fillers(argument)
        if not await self.says_time(person, argument):
            return None
        return read_until(words, self.clock.now(), await self.zone(person))

    async def says_time(self, person: Person, argument: str) -> bool:
        """Return whether the argument of a pause is a time, and not the title of the session."""
        named = session_to_pause(argument)
        if not named or not is_time(without_fillers(argument)):
            return False
        availability = await self.availabilities.accounts.availability(person)
        return availability is None or not names_session(
            named, availability.session_id, availability.session_title
        )

    async def _decline(self, person: Person, command: Command) -> Message:
        is_undo = fold(command.argument) == "undo"
        try:
            if is_undo:
                back = await self.declines.take_back(person, command.confirmed)
                return taken_back_card(back, self.links, await self.call_offer(back.match))
            return declined_card(await self.declines.decline(person, command.confirmed))
        except NoRound:
            status = status_card(await self.availabilities.status(person), self.links)
            return Draft().say(manner_texts.NO_ROUND).then(status).done()

    async def _settings(self, person: Person, argument: str) -> Message:
        words = without_fillers(argument)
        known = await self.preferences.get(person)
        if not words:
            return preferences_card(known)
        changes = read_setting(words)
        if changes is None:
            return preferences_card(known, unknown=sanitize(words))
        if (kind := changes.pop("off", None)) is not None:
            changes["muted"] = known.muted | {kind}
        elif (kind := changes.pop("on", None)) is not None:
            changes["muted"] = known.muted - {kind}
            if kind is NoticeKind.REMINDER and not known.reminder_minutes:
                changes["reminder_minutes"] = REMINDER_MINUTES
        if changes.get("reminder_minutes"):
            # A time for them switches them on as well.
            changes["muted"] = known.muted - {NoticeKind.REMINDER}
        changed: Preferences = await self.preferences.change(person, **changes)
        return preferences_card(changed)
