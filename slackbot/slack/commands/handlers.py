"""Command handlers, which call a service and render the result with `blocks/`.

They serve typed commands, buttons, and pending commands after connecting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

import structlog

from slackbot.aio.deadline import Deadline, is_deadline_reached
from slackbot.aio.tasks import BackgroundTasks, KeyedLocks
from slackbot.domain.credentials import holds_secret
from slackbot.domain.errors import BadEventLink, SlackbotError, TimedOut, TokenRefused
from slackbot.domain.files import FileKind, FileRequest
from slackbot.domain.meetings import PastMatch
from slackbot.domain.model import Match, Person, State
from slackbot.domain.ports import Clock, Posted
from slackbot.domain.sessions import SessionQuery
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.text import fold, sanitize
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities, AvailabilityStatus
from slackbot.services.files import Files
from slackbot.services.matches import Matches
from slackbot.services.self_check import SelfCheck
from slackbot.services.sessions import Sessions, View
from slackbot.slack import home_texts, texts
from slackbot.slack.blocks.errors import ErrorContext, defect_card, error_card
from slackbot.slack.blocks.history import export_card, history, matches_kept
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.login import login_expired_card
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.pausing import opening_card
from slackbot.slack.blocks.sessions import joined_card, session_list
from slackbot.slack.blocks.status import (
    already_linked_card,
    check_card,
    connect_prompt,
    help_card,
    paused_card,
    secret_typed_card,
    status_card,
)
from slackbot.slack.command import Command, Name, SecretTyped, Unknown
from slackbot.slack.commands.arguments import (
    read_list_query,
    read_page,
    session_to_open,
    typed_event,
    without_fillers,
)
from slackbot.slack.commands.attempts import WORK_SECONDS, Attempts, GivenUp
from slackbot.slack.commands.contact_buttons import ContactButtons
from slackbot.slack.commands.event_commands import EventCommands
from slackbot.slack.commands.personal import PersonalCommands
from slackbot.slack.commands.privacy_commands import PrivacyCommands
from slackbot.slack.commands.questions import Questions
from slackbot.slack.commands.remind import RemindCommand
from slackbot.slack.request_context import seconds_left

log = structlog.get_logger(__name__)

# Arguments of `matches` that ask for a table, in the form of `fold`.
_EXPORT: Final = frozenset({"export", "csv", "download", "as csv", "table"})
# Commands that change something.
CHANGES: Final = frozenset(
    {
        Name.JOIN,
        Name.AVAILABLE,
        Name.PAUSE,
        Name.DISCONNECT,
        Name.ERASE,
        Name.EVENT,
        Name.CANT,
    }
)
# The state of somebody whose change has reached our database, but is not confirmed.
_UNCONFIRMED: Final = {Name.AVAILABLE: State.AVAILABLE, Name.PAUSE: State.LEAVING}


@dataclass(eq=False, repr=False, kw_only=True)
class CommandHandlers:
    """Runs commands. `answer` never raises, because every error is rendered as a card."""

    accounts: Accounts
    sessions: Sessions
    availabilities: Availabilities
    matches: Matches
    files: Files
    store: Store
    remind: RemindCommand
    self_check: SelfCheck
    events: EventCommands
    privacy: PrivacyCommands
    contact_buttons: ContactButtons
    personal: PersonalCommands
    attempts: Attempts
    clock: Clock
    background: BackgroundTasks
    links: HubLinks
    slash: str
    # Returns a person's time zone, or None if Slack does not give it.
    zone_of: Callable[[Person], Awaitable[tzinfo | None]]

    def __post_init__(self) -> None:
        self._questions = Questions(
            self.accounts,
            self.availabilities,
            self.events,
            self.links,
            self.privacy,
            self.personal,
        )
        self._asking = KeyedLocks[Person]()
        self._elsewhere: dict[Name, Callable[[Person, Command], Awaitable[Message]]] = {
            Name.EVENT: self.events.run,
            Name.PRIVACY: self.privacy.show,
            Name.EXPORT: self.privacy.export,
            Name.ERASE: self.privacy.erase,
            Name.DISCONNECT: self.events.disconnect,
            Name.SWAP: self.contact_buttons.swap,
            Name.REPORT: self.contact_buttons.report,
            Name.REMIND: self.remind.run,
            Name.CANT: self.personal.run,
            Name.WHY: self.personal.run,
            Name.SETTINGS: self.personal.run,
        }

    def start(
        self, person: Person, command: Command | Unknown | SecretTyped, *, in_message: bool = False
    ) -> asyncio.Task[Message]:
        """Start a command in the background. It is `in_message` if it was no slash command."""
        work = self.answer(person, command, in_message=in_message)
        return self.background.start(work, "answer")

    def record_answer(self, person: Person, posted: Posted, command: Command) -> None:
        """Record that the answer to a button has replaced this message.

        The end of the round must not replace the message afterwards.
        """
        work = self.matches.answered(person, posted, command.name.value)
        self.background.start(work, "note")

    async def match_of(self, person: Person, posted: Posted) -> Match | None:
        """Return the match of the message, or None if it has none or the database is away."""
        try:
            return await self.matches.store.matches.get(person, posted)
        except StoreUnavailable:
            return None  # send the answer without the partner

    async def answer(
        self, person: Person, command: Command | Unknown | SecretTyped, *, in_message: bool = False
    ) -> Message:
        """Run a command, and render its answer or its error."""
        if isinstance(command, SecretTyped):
            found = await self._title_typed(person, command)
            if found is None:
                return secret_typed_card(in_message=in_message)
            command = found
        if isinstance(command, Unknown):
            word, nearest = command.word, command.nearest
            return help_card(self.slash, unknown=word, nearest=nearest, in_message=in_message)
        if command.name is Name.HELP:
            return help_card(self.slash, in_message=in_message)
        try:
            try:
                return await self._attempt(person, command)
            except SlackbotError as error:
                return await self._problem(person, command, error)
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect_card(error)

    async def _attempt(self, person: Person, command: Command) -> Message:
        # Without the name of an event, the events are only listed.
        if command.name not in CHANGES or command == Command(Name.EVENT):
            return await self.attempts.read(lambda: self._run(person, command))
        # Joining one session does not get in the way of anything else.
        subject = (person, command) if command.name is Name.JOIN else person

        async def change() -> Message:
            asked = await self._questions.before(person, command)
            return asked or await self._run(person, command)

        async def ask_or_start() -> Message | asyncio.Task[Message]:
            # One after another, so that the latest change is the one that was asked for last.
            async with self._asking.of(person):
                asked = await self._questions.before(person, command)
                return asked or self.attempts.start(subject, command, change)

        found = await self.attempts.read(ask_or_start)
        return found if isinstance(found, Message) else await asyncio.shield(found)

    async def _problem(self, person: Person, command: Command, error: SlackbotError) -> Message:
        """Render an error, and how things stand if a change was given up that may have worked."""
        event = await self.accounts.event_of(person)
        context = ErrorContext(command, self.slash, event)
        card = error_card(error, context, self.links, self.clock.now())
        availability = await self.accounts.availability(person)
        state = _UNCONFIRMED.get(command.name) if isinstance(error, GivenUp) else None
        if availability is None or availability.state is not state:
            return card
        status = await self.availabilities.status(person)
        unconfirmed = status_card(replace(status, confirmed=False), self.links)
        # The platform is still asked to end a pause.
        return unconfirmed if command.name is Name.PAUSE else card.above(unconfirmed)

    async def outdated(self, person: Person) -> Message:
        """Answer a button that the bot does not have, or not any more, with the status."""
        card = await self.answer(person, Command(Name.STATUS))
        return Draft().say(home_texts.OUTDATED).then(card).done()

    async def _title_typed(self, person: Person, typed: SecretTyped) -> Command | None:
        """Return the command for the session whose title looks like a secret, or None."""
        if typed.unless is None:
            return None
        query = typed.unless.argument
        try:
            with Deadline(self.clock, seconds_left(WORK_SECONDS)):
                session = await self.sessions.find(await self.accounts.link(person), query)
        except Exception as error:  # noqa: BLE001 - an error's card might repeat what was typed
            log.info("title_not_found", reason=type(error).__name__)
            return None
        if holds_secret(query, known=[session.title]):
            return None
        return Command(typed.unless.name, str(session.id))

    async def _run(self, person: Person, command: Command) -> Message:
        if (run := self._elsewhere.get(command.name)) is not None:
            return await run(person, command)
        listed = {
            Name.SESSIONS: self._list_sessions,
            Name.MATCHES: self._list_matches,
        }
        if (list_or_set := listed.get(command.name)) is not None:
            return await list_or_set(person, command.argument)
        match command.name:
            case Name.OVERVIEW:
                status = await self.availabilities.status(person)
                listing = await self.sessions.listing(person, View.LIVE)
                below = session_list(listing, 1, self.clock.now(), self.links)
                card = status_card(status, self.links).above(below)
            case Name.CONNECT:
                card = await self._connect(person, command)
            case Name.STATUS | Name.CHECK:
                card = (
                    check_card(await self.self_check.run(person), self.links)
                    if command.name is Name.CHECK
                    else status_card(await self.availabilities.status(person), self.links)
                )
                card = _with_unknown_part(command.argument, card)
            case Name.JOIN:
                session = await self.sessions.join(person, command.argument)
                link = await self.accounts.link(person)
                card = joined_card(session, link.event, self.links)
            case Name.AVAILABLE:
                found = await _become_available(
                    self.availabilities, self._questions, person, command
                )
                if isinstance(found, Message):
                    return found
                card = status_card(_confirmed(found), self.links)
            case Name.PAUSE:
                asked = await self.personal.read_pause(person, command.argument)
                paused = await self.availabilities.pause(person, asked.session, asked.until)
                card = paused_card(_confirmed(paused))
        return card

    async def _connect(self, person: Person, command: Command) -> Message:
        """Offer the form, which opens only with a button if a message asked for it.

        What was typed and is no event may be a secret that was not recognised, so it is dropped.
        """
        event = await self.accounts.event_of(person, fresh=True)
        try:
            typed_event(command.argument, event)
        except BadEventLink:
            command = Command(Name.CONNECT)
        if event is None:
            return connect_prompt(command, self.slash)
        try:
            return already_linked_card(await self.accounts.link(person), self.links, command)
        except TokenRefused:
            return login_expired_card(event, self.links, command, self.slash)

    async def _list_matches(self, person: Person, argument: str) -> Message:
        """List the matches of all events. They stay when a login has run out."""
        link = await self.store.links.get(person)
        met = await self.matches.history(person)
        if link is None and not met:
            await self.accounts.link(person)  # raises, because they are not connected
        page, words = read_page(argument)
        if fold(words) in _EXPORT:
            return self._export_matches(met)
        query = SessionQuery.read(without_fillers(words))
        found = [past for past in met if query.is_empty or query.is_in(self._searched(past.match))]
        card = history(found, self.links, page, query.text, count=len(met))
        if met and (link is None or link.refused_at is not None):
            return matches_kept(card)
        return card

    def _searched(self, match: Match) -> str:
        """Return the text in which the words of a search are found."""
        facts = match.partner.name, match.partner.role, match.session_title
        return " ".join((*facts, self.links.name(match.event)))

    def _export_matches(self, met: Sequence[PastMatch]) -> Message:
        """Offer the matches as a table, for which their person has a short time."""
        if not met:
            return history(met, self.links)
        match = met[0].match
        request = FileRequest(FileKind.MATCHES, match.person, match.person_epoch)
        return export_card(self.files.link(request), len(met))

    async def _list_sessions(self, person: Person, argument: str) -> Message:
        query = read_list_query(argument)
        zone, above = None, None
        if query.only.day is not None and (zone := await self.zone_of(person)) is None:
            above = Draft().say(texts.DAY_UNKNOWN).done()
            query = replace(query, only=replace(query.only, day=None))
        listing = await self.sessions.listing(person, query.view, query.only, zone)
        now = self.clock.now()
        card = session_list(listing, query.page, now, self.links, query.words, query.only)
        return card if above is None else above.above(card)


async def _become_available(
    availabilities: Availabilities, questions: Questions, person: Person, command: Command
) -> AvailabilityStatus | Message:
    """Make the person available now, or when the session opens, if they say so.

    Return the status, or the card for a question or an opening.
    """
    if not (session := session_to_open(command.argument)):
        return await availabilities.start(person, command.argument)
    opening = await availabilities.start_at_opening(person, session)
    if opening is not None:
        return opening_card(opening)
    # It is open already.
    now = Command(Name.AVAILABLE, session)
    return await questions.before(person, now) or await availabilities.start(person, session)


def _confirmed(status: AvailabilityStatus) -> AvailabilityStatus:
    """Return the status after a change.

    Raises:
        TimedOut: The platform was too slow to confirm the change, so it is asked again.
    """
    if not status.confirmed and is_deadline_reached():
        raise TimedOut
    return status


def _with_unknown_part(argument: str, card: Message) -> Message:
    """Return the card below a line about an argument that the command cannot use."""
    rest = sanitize(without_fillers(argument))
    return Draft().say(texts.UNKNOWN_PART, rest=rest).then(card).done() if rest else card
