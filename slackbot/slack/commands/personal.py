"""The commands about a person's own rules: pauses for a while, declined rounds and settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from slackbot.domain.model import Person
from slackbot.domain.ports import CallOffer, Clock
from slackbot.domain.preferences import REMINDER_MINUTES, NoticeKind, Preferences
from slackbot.domain.sessions import names_session
from slackbot.domain.text import fold, sanitize
from slackbot.services.availability import Availabilities
from slackbot.services.declines import Declines, NoRound, PartnerGone
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.waiting import WaitingReasons
from slackbot.slack import manner_texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import declined_card, partner_gone_card, taken_back_card
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.preferences import preferences_card
from slackbot.slack.blocks.status import status_card
from slackbot.slack.blocks.why import why_card
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.arguments import read_pause, session_to_pause, without_fillers
from slackbot.slack.commands.times import is_clock, read_setting, read_time, read_until

# Returns until when Slack holds back a person's notifications, or None if it does not.
HeldUntil = Callable[[Person], Awaitable[datetime | None]]


@dataclass(frozen=True, slots=True)
class PauseRequest:
    """The pause that was asked for: of which session, and until when if it ends by itself."""

    session: str = ""
    until: datetime | None = None
    # What is asked back if the time is not one that a pause can have.
    problem: str = ""


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

    async def read_pause(self, person: Person, argument: str) -> PauseRequest:
        """Read an argument of `pause`. The title of the person's session is no time."""
        named = session_to_pause(argument)
        availability = await self.availabilities.accounts.availability(person)
        if (
            named
            and availability is not None
            and names_session(named, availability.session_id, availability.session_title)
        ):
            return PauseRequest(named)
        asked = read_pause(argument)
        if not asked.time:
            return PauseRequest(asked.session)
        zone = await self.preferences.zone(person) if is_clock(asked.time) else UTC
        now = self.clock.now()
        if (until := read_until(asked.time, now, zone)) is not None:
            return PauseRequest(asked.session, until)
        if zone is None:
            return PauseRequest(asked.session, problem=manner_texts.ZONE_UNKNOWN)
        is_time = read_time(asked.time, now, zone) is not None
        problem = manner_texts.PAUSE_LIMITS if is_time else manner_texts.PAUSE_TIMED
        return PauseRequest(asked.session, problem=problem)

    async def _decline(self, person: Person, command: Command) -> Message:
        is_undo = fold(command.argument) == "undo"
        try:
            if is_undo:
                back = await self.declines.take_back(person, command.confirmed)
                return taken_back_card(back, self.links, await self.call_offer(back.match))
            return declined_card(await self.declines.decline(person, command.confirmed))
        except PartnerGone as gone:
            return partner_gone_card(gone.match)
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
