"""Command handlers, which call a service and render the result with `blocks/`.

They serve typed commands, buttons, and pending commands after connecting.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

import structlog

from slackbot.aio.tasks import BackgroundTasks, SingleFlight
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock, Posted, StoreUnavailable
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
    disconnected_card,
    help_card,
    paused_card,
    reconnect_prompt,
    secret_typed_card,
    status_card,
)
from slackbot.slack.command import Command, Name, SecretTyped, Unknown

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
            return secret_typed_card()
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
                was_linked = await self.accounts.disconnect(person)
                left = await self.accounts.leaving.confirms(person, LEFT_SECONDS)
                card = disconnected_card(was_linked=was_linked, left=left)
            case Name.STATUS:
                card = status_card(await self.availabilities.status(person))
            case Name.SESSIONS:
                card = await self._list_sessions(person, command.argument)
            case Name.JOIN:
                session = await self.sessions.join(person, command.argument)
                link = await self.accounts.link(person)
                card = joined_card(session, link.event, self.links)
            case Name.AVAILABLE:
                card = status_card(await self.availabilities.start(person, command.argument))
            case Name.PAUSE:
                card = paused_card(await self.availabilities.pause(person))
            case Name.MATCHES:
                event = (await self.accounts.link(person)).event
                card = history(await self.matches.history(person, event), event)
        return card

    async def _list_sessions(self, person: Person, argument: str) -> Message:
        # `sessions past 2`: the order does not matter, and other words are ignored.
        words = argument.casefold().split()
        view = next((View(word) for word in words if word in set(View)), View.CURRENT)
        page = next((int(word) for word in words if word.isascii() and word.isdecimal()), 1)
        listing = await self.sessions.listing(person, view)
        return session_list(listing, page, self.clock.now(), self.links)


def defect_card(error: BaseException) -> Message:
    """Log an unexpected error, and render a card with a reference to the log."""
    reference = secrets.token_hex(4)
    log.error("defect", reference=reference, exc_info=error)
    return Draft().say(texts.DEFECT, reference=reference).buttons(HELP_BUTTON).done()
