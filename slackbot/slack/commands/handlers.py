"""From a command to its answer: one call of a service, drawn by `blocks/`.

The same table serves what is typed, the buttons, and what is carried out after linking.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock, Posted
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.matches import Matches
from slackbot.services.sessions import Sessions, View
from slackbot.slack import texts as words
from slackbot.slack.blocks import errors as trouble
from slackbot.slack.blocks import match, sessions
from slackbot.slack.blocks import status as account
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.command import Command, Name, SecretTyped, Unknown
from slackbot.slack.commands.responder import joined_with

log = structlog.get_logger(__name__)

CHANGES: Final = frozenset({Name.JOIN, Name.AVAILABLE, Name.PAUSE, Name.DISCONNECT})


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases that people reach from Slack."""

    accounts: Accounts
    sessions: Sessions
    availabilities: Availabilities
    matches: Matches


class CommandHandlers:
    """Carries out commands. `answer` never raises: whatever happens is told in words."""

    def __init__(
        self,
        services: Services,
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
        self._running: dict[tuple[Person, Command], asyncio.Task[Message]] = {}
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
        self, person: Person, asked: Command | Unknown | SecretTyped
    ) -> asyncio.Task[Message]:
        """Begin to carry out what was asked.

        A change that is already under way for this person is not begun a second time: whoever
        presses twice gets the one answer twice.
        """
        if not isinstance(asked, Command) or asked.name not in CHANGES:
            return self._background.start(self.answer(person, asked), "answer")
        key = (person, asked)
        task = self._running.get(key)
        if task is None:
            task = self._background.start(self.answer(person, asked), "answer")
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return task

    def note_answer(self, person: Person, posted: Posted, command: Command) -> None:
        """Remember that a message was answered with one of its buttons.

        It is then nobody's any more to say that the round is over: the answer stands there.
        """
        work = self._services.matches.answered(person, posted, command.name.value)
        self._background.start(work, "note")

    async def answer(self, person: Person, asked: Command | Unknown | SecretTyped) -> Message:
        """Carry it out and draw the answer, or the trouble."""
        if isinstance(asked, SecretTyped):
            return account.secret_typed()
        if isinstance(asked, Unknown):
            return account.help_card(self._slash, unknown=asked.word, nearest=asked.nearest)
        try:
            return await self._table[asked.name](person, asked)
        except SlackbotError as error:
            return await self._trouble(person, asked, error)
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect(error)

    async def _trouble(self, person: Person, asked: Command, error: SlackbotError) -> Message:
        try:
            event = await self._services.accounts.event_of(person)
        except Exception as unforeseen:  # noqa: BLE001 - the database may be away just now
            return defect(unforeseen)
        scene = trouble.ErrorContext(asked, self._slash, event)
        return trouble.trouble(error, scene, self._links, self._clock.now())

    async def _overview(self, person: Person, _: Command) -> Message:
        status = await self._services.availabilities.status(person)
        listing = await self._services.sessions.listing(person, View.LIVE)
        below = sessions.session_list(listing, 1, self._clock.now(), self._links)
        return joined_with(account.status_card(status), below)

    async def _help(self, _person: Person, _: Command) -> Message:
        return account.help_card(self._slash)

    async def _connect(self, person: Person, command: Command) -> Message:
        if await self._services.accounts.event_of(person) is None:
            return account.connect_prompt(command, self._slash)
        return account.reconnect_prompt(command)

    async def _disconnect(self, person: Person, _: Command) -> Message:
        was_linked = await self._services.accounts.disconnect(person)
        return account.disconnected(was_linked=was_linked)

    async def _status(self, person: Person, _: Command) -> Message:
        return account.status_card(await self._services.availabilities.status(person))

    async def _list_sessions(self, person: Person, command: Command) -> Message:
        view, page = _view_and_page(command.argument)
        listing = await self._services.sessions.listing(person, view)
        return sessions.session_list(listing, page, self._clock.now(), self._links)

    async def _join(self, person: Person, command: Command) -> Message:
        session = await self._services.sessions.join(person, command.argument)
        link = await self._services.accounts.link(person)
        return sessions.joined(session, link.event, self._links)

    async def _available(self, person: Person, command: Command) -> Message:
        status = await self._services.availabilities.start(person, command.argument)
        return account.status_card(status)

    async def _pause(self, person: Person, _: Command) -> Message:
        return account.paused(await self._services.availabilities.pause(person))

    async def _matches(self, person: Person, _: Command) -> Message:
        link = await self._services.accounts.link(person)
        return match.history(await self._services.matches.history(person, link.event), link.event)


def _view_and_page(argument: str) -> tuple[View, int]:
    """`sessions past 2`: any order, anything else ignored."""
    asked = argument.casefold().split()
    view = next((View(word) for word in asked if word in set(View)), View.CURRENT)
    page = next((int(word) for word in asked if word.isascii() and word.isdecimal()), 1)
    return view, page


def defect(error: BaseException) -> Message:
    """A defect of ours: told plainly, with a reference that stands in the log."""
    reference = secrets.token_hex(4)
    log.error("defect", reference=reference, exc_info=error)
    draft = Draft().say(words.DEFECT, reference=reference)
    return draft.buttons(account.help_button()).done()
