"""Command handlers: one request to a service, its answer drawn by `blocks/`.

The same table serves typed commands, buttons, and pending commands once connected.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from slackbot.aio.tasks import BackgroundTasks, SingleFlight
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock, Posted
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.matches import Matches
from slackbot.services.sessions import Sessions, View
from slackbot.slack import texts
from slackbot.slack.blocks.errors import ErrorContext, error_card
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import history
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

# Commands that change something, so a repeated one joins the one that runs.
CHANGES: Final = frozenset({Name.JOIN, Name.AVAILABLE, Name.PAUSE, Name.DISCONNECT})


@dataclass(frozen=True, slots=True)
class CommandServices:
    """The services behind the commands."""

    accounts: Accounts
    sessions: Sessions
    availabilities: Availabilities
    matches: Matches


class CommandHandlers:
    """Runs commands. `answer` never raises: every error becomes a card."""

    def __init__(
        self,
        services: CommandServices,
        *,
        clock: Clock,
        background: BackgroundTasks,
        links: HubLinks,
        slash: str,
    ) -> None:
        self._services = services
        self._clock = clock
        self._background = background
        self._links = links
        self._slash = slash
        self._changes = SingleFlight[tuple[Person, Command], Message](background, "answer")
        self._table: dict[Name, Callable[[Person, Command], Awaitable[Message]]] = {
            Name.OVERVIEW: self._overview,
            Name.HELP: self._help,
            Name.CONNECT: self._connect,
            Name.DISCONNECT: self._disconnect,
            Name.STATUS: self._status,
            Name.SESSIONS: self._list_sessions,
            Name.JOIN: self._join,
            Name.AVAILABLE: self._available,
            Name.PAUSE: self._pause,
            Name.MATCHES: self._matches,
        }

    def start(
        self, person: Person, command: Command | Unknown | SecretTyped
    ) -> asyncio.Task[Message]:
        """Start a command in the background.

        A change that already runs for this person is not started again: a second press gets the
        same answer.
        """
        if isinstance(command, Command) and command.name in CHANGES:
            return self._changes.start((person, command), lambda: self.answer(person, command))
        return self._background.start(self.answer(person, command), "answer")

    def record_answer(self, person: Person, posted: Posted, command: Command) -> None:
        """Record that a button of this message was answered in its place.

        From then on the message shows the answer, and "the round is over" must not replace it.
        """
        work = self._services.matches.answered(person, posted, command.name.value)
        self._background.start(work, "note")

    async def answer(self, person: Person, command: Command | Unknown | SecretTyped) -> Message:
        """Run a command and draw its answer or its error."""
        if isinstance(command, SecretTyped):
            return secret_typed_card()
        if isinstance(command, Unknown):
            return help_card(self._slash, unknown=command.word, nearest=command.nearest)
        try:
            try:
                return await self._table[command.name](person, command)
            except SlackbotError as error:
                event = await self._services.accounts.event_of(person)
                context = ErrorContext(command, self._slash, event)
                return error_card(error, context, self._links, self._clock.now())
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect_card(error)

    async def _overview(self, person: Person, _: Command) -> Message:
        status = await self._services.availabilities.status(person)
        listing = await self._services.sessions.listing(person, View.LIVE)
        below = session_list(listing, 1, self._clock.now(), self._links)
        return status_card(status).above(below)

    async def _help(self, _person: Person, _: Command) -> Message:
        return help_card(self._slash)

    async def _connect(self, person: Person, command: Command) -> Message:
        if await self._services.accounts.event_of(person) is None:
            return connect_prompt(command, self._slash)
        return reconnect_prompt(command)

    async def _disconnect(self, person: Person, _: Command) -> Message:
        was_linked = await self._services.accounts.disconnect(person)
        return disconnected_card(was_linked=was_linked)

    async def _status(self, person: Person, _: Command) -> Message:
        return status_card(await self._services.availabilities.status(person))

    async def _list_sessions(self, person: Person, command: Command) -> Message:
        # `sessions past 2`: in any order, other words ignored.
        words = command.argument.casefold().split()
        view = next((View(word) for word in words if word in set(View)), View.CURRENT)
        page = next((int(word) for word in words if word.isascii() and word.isdecimal()), 1)
        listing = await self._services.sessions.listing(person, view)
        return session_list(listing, page, self._clock.now(), self._links)

    async def _join(self, person: Person, command: Command) -> Message:
        session = await self._services.sessions.join(person, command.argument)
        link = await self._services.accounts.link(person)
        return joined_card(session, link.event, self._links)

    async def _available(self, person: Person, command: Command) -> Message:
        status = await self._services.availabilities.start(person, command.argument)
        return status_card(status)

    async def _pause(self, person: Person, _: Command) -> Message:
        return paused_card(await self._services.availabilities.pause(person))

    async def _matches(self, person: Person, _: Command) -> Message:
        link = await self._services.accounts.link(person)
        return history(await self._services.matches.history(person, link.event), link.event)


def defect_card(error: BaseException) -> Message:
    """Log a defect of ours, and draw a card with its reference in the log."""
    reference = secrets.token_hex(4)
    log.error("defect", reference=reference, exc_info=error)
    return Draft().say(texts.DEFECT, reference=reference).buttons(HELP_BUTTON).done()
