"""Command handlers, which call a service and render the result with `blocks/`.

They serve typed commands, buttons, and pending commands after connecting.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Final

import structlog

from slackbot.aio.tasks import BackgroundTasks, SingleFlight
from slackbot.domain.credentials import holds_secret
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock, Posted, StoreUnavailable
from slackbot.domain.sessions import names_session, session_number
from slackbot.domain.text import fold, sanitize
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.matches import Matches
from slackbot.services.sessions import Sessions, View
from slackbot.slack import texts
from slackbot.slack.blocks.errors import ErrorContext, error_card
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import history, met_card
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.sessions import joined_card, session_list
from slackbot.slack.blocks.status import (
    HELP_BUTTON,
    connect_prompt,
    disconnect_question,
    disconnected_card,
    help_card,
    not_available_there,
    pause_timed_card,
    paused_card,
    reconnect_prompt,
    secret_typed_card,
    status_card,
)
from slackbot.slack.command import CONFIRMED, Command, Name, SecretTyped, Unknown
from slackbot.slack.commands.arguments import (
    event_to_disconnect,
    is_time,
    read_list_query,
    session_to_pause,
    without_fillers,
)

log = structlog.get_logger(__name__)

LEFT_SECONDS: Final = 1.0  # timeout for leaving the session on a disconnect
# Commands that change something. A repeated command gets the result of the one that is running.
CHANGES: Final = frozenset({Name.JOIN, Name.AVAILABLE, Name.PAUSE, Name.DISCONNECT})


@dataclass(eq=False, repr=False, kw_only=True)
class CommandHandlers:
    """Runs commands. `answer` never raises, because every error is rendered as a card."""

    accounts: Accounts
    sessions: Sessions
    availabilities: Availabilities
    matches: Matches
    clock: Clock
    background: BackgroundTasks
    links: HubLinks
    slash: str
    # Returns a person's time zone, or None if Slack does not give it.
    zone_of: Callable[[Person], Awaitable[tzinfo | None]]

    def __post_init__(self) -> None:
        self._changes = SingleFlight[tuple[Person, Command], Message](self.background, "answer")

    def start(
        self, person: Person, command: Command | Unknown | SecretTyped
    ) -> asyncio.Task[Message]:
        """Start a command in the background.

        If the same change is already running for this person, return its task instead of starting
        another one.
        """
        if isinstance(command, Command) and command.name in CHANGES:
            return self._changes.start((person, command), lambda: self.answer(person, command))
        return self.background.start(self.answer(person, command), "answer")

    def record_answer(self, person: Person, posted: Posted, command: Command) -> None:
        """Record that the answer to a button has replaced this message.

        The end of the round must not replace the message afterwards.
        """
        work = self.matches.answered(person, posted, command.name.value)
        self.background.start(work, "note")

    async def met(self, person: Person, posted: Posted) -> Message | None:
        """Render the partner of the message's match, or return None if there is no match."""
        try:
            match = await self.matches.store.matches.get(person, posted)
        except StoreUnavailable:
            return None  # send the answer without the partner
        return met_card(match) if match is not None else None

    async def answer(self, person: Person, command: Command | Unknown | SecretTyped) -> Message:
        """Run a command, and render its answer or its error."""
        if isinstance(command, SecretTyped):
            found = await self._title_typed(person, command)
            if found is None:
                return secret_typed_card()
            command = found
        if isinstance(command, Unknown):
            return help_card(self.slash, unknown=command.word, nearest=command.nearest)
        if command.name is Name.HELP:
            return help_card(self.slash)
        try:
            try:
                return await self._run(person, command)
            except SlackbotError as error:
                event = await self.accounts.event_of(person)
                context = ErrorContext(command, self.slash, event)
                return error_card(error, context, self.links, self.clock.now())
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect_card(error)

    async def _title_typed(self, person: Person, typed: SecretTyped) -> Command | None:
        """Return the command for the session whose title looks like a secret, or None."""
        if typed.unless is None:
            return None
        query = typed.unless.argument
        try:
            session = await self.sessions.find(await self.accounts.link(person), query)
        except Exception as error:  # noqa: BLE001 - an error's card might repeat what was typed
            log.info("title_not_found", reason=type(error).__name__)
            return None
        if holds_secret(query, known=[session.title]):
            return None
        return Command(typed.unless.name, str(session.id))

    async def _run(self, person: Person, command: Command) -> Message:
        match command.name:
            case Name.OVERVIEW:
                status = await self.availabilities.status(person)
                listing = await self.sessions.listing(person, View.LIVE)
                below = session_list(listing, 1, self.clock.now(), self.links)
                card = status_card(status).above(below)
            case Name.CONNECT:
                linked = await self.accounts.event_of(person) is not None
                card = reconnect_prompt(command) if linked else connect_prompt(command, self.slash)
            case Name.DISCONNECT:
                card = await self._disconnect(person, command.argument)
            case Name.STATUS:
                card = status_card(await self.availabilities.status(person))
                card = _with_unknown_part(command.argument, card)
            case Name.SESSIONS:
                card = await self._list_sessions(person, command.argument)
            case Name.JOIN:
                session = await self.sessions.join(person, command.argument)
                link = await self.accounts.link(person)
                card = joined_card(session, link.event, self.links)
            case Name.AVAILABLE:
                card = status_card(await self.availabilities.start(person, command.argument))
            case Name.PAUSE:
                card = await self._pause(person, command.argument)
            case Name.MATCHES:
                event = (await self.accounts.link(person)).event
                card = history(await self.matches.history(person, event), event)
                card = _with_unknown_part(command.argument, card)
        return card

    async def _disconnect(self, person: Person, argument: str) -> Message:
        """Disconnect once it is confirmed. A typed command is answered with a question.

        The button confirms for one event. If another one is linked by now, ask again.
        """
        event = await self.accounts.event_of(person, fresh=True)
        if event is not None and argument != f"{CONFIRMED} {event}":
            is_button = argument.startswith(f"{CONFIRMED} ")
            named = "" if is_button else event_to_disconnect(argument)
            is_linked = not named or fold(event) == fold(named)
            return disconnect_question(event, "" if is_linked else sanitize(named))
        was_linked = await self.accounts.disconnect(person)
        left = await self.accounts.leaving.confirms(person, LEFT_SECONDS)
        return disconnected_card(was_linked=was_linked, left=left)

    async def _pause(self, person: Person, argument: str) -> Message:
        """Pause, unless the argument names another session. A time is refused."""
        availability, named = await self.accounts.availability(person), session_to_pause(argument)
        of_session = availability is not None and names_session(
            named, availability.session_id, availability.session_title
        )
        if named and is_time(without_fillers(argument)) and not of_session:
            await self.accounts.link(person)
            return pause_timed_card()
        if named and availability is None and session_number(named) is None:
            event = (await self.accounts.link(person)).event
            return not_available_there(sanitize(named), event, self.links)
        return paused_card(await self.availabilities.pause(person, named))

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


def _with_unknown_part(argument: str, card: Message) -> Message:
    """Return the card below a line about an argument that the command cannot use."""
    rest = sanitize(without_fillers(argument))
    return Draft().say(texts.UNKNOWN_PART, rest=rest).then(card).done() if rest else card


def defect_card(error: BaseException) -> Message:
    """Log an unexpected error, and render a card with a reference to the log."""
    reference = secrets.token_hex(4)
    log.error("defect", reference=reference, exc_info=error)
    return Draft().say(texts.DEFECT, reference=reference).buttons(HELP_BUTTON).done()
