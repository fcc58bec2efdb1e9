"""The connect form from opening to the answer of what was typed before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import MessageError, SlackbotError
from slackbot.domain.model import Availability, EventSlug, Link, Person, State
from slackbot.services.accounts import Accounts
from slackbot.slack.blocks import modals
from slackbot.slack.blocks import status as account
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.handlers import CommandHandlers, defect
from slackbot.slack.commands.responder import joined_with
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.retry import send_with_retry

NO_PENDING_COMMAND: Final = frozenset({Name.OVERVIEW, Name.CONNECT, Name.DISCONNECT})
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Form:
    """The form as it was filled in."""

    person: Person
    event: str
    credential: str = field(repr=False)
    pending: PendingCommand


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and at which field (`block_id`)."""

    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Linked, or a problem."""

    link: Link | None = None
    problem: Problem | None = None


class ConnectFlow:
    """Opens the form, submits it, and does afterwards what the person had asked for."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        answers: CommandHandlers,
        messenger: SlackMessenger,
        background: BackgroundTasks,
        links: HubLinks,
        slash: str,
        event: EventSlug | None,
    ) -> None:
        self._accounts = accounts
        self._answers = answers
        self._messenger = messenger
        self._background = background
        self._links = links
        self._slash = slash
        self._event = event

    def open_form(self, person: Person, trigger_id: str, pending: PendingCommand) -> None:
        """Open it in the background: the trigger lives three seconds, so at once."""
        self._background.start(self._open_surely(person, trigger_id, pending), "open_form")

    async def _open_surely(self, person: Person, trigger_id: str, pending: PendingCommand) -> None:
        try:
            await self._open(person, trigger_id, pending)
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            await self._tell(person, pending, defect(error))

    async def _open(self, person: Person, trigger_id: str, pending: PendingCommand) -> None:
        event = await self._accounts.event_of(person)
        linked_to = event if await self._speaks(person) else None
        view = modals.connect_form(
            pending,
            self._links,
            event=event or self._event or "",
            linked_to=linked_to or "",
        )
        try:
            await self._messenger.open_view(person, trigger_id, view)
        except MessageError as error:
            # The trigger was too old, or Slack too slow: another button brings another trigger.
            log.info("form_not_opened", reason=error.reason)
            prompt = account.connect_prompt(pending.parsed, self._slash)
            await self._tell(person, pending, prompt)

    async def _speaks(self, person: Person) -> bool:
        """Whether there is a link that Accelevents has not refused."""
        try:
            await self._accounts.link(person)
        except SlackbotError:
            return False
        return True

    def token_help(self, pending: PendingCommand) -> asyncio.Task[Message]:
        """Where a token is found."""

        async def draw() -> Message:
            return account.token_help(pending.parsed, self._links)

        return self._background.start(draw(), "token_help")

    def checking(self, form: Form) -> dict[str, Any]:
        """What stands in the form's place while Accelevents takes its time."""
        return modals.checking(form.pending)

    def submit(self, form: Form) -> asyncio.Task[Outcome]:
        """Connect. Once linked, the errand is carried out by itself."""
        return self._background.start(self._submit(form), "submit")

    async def _submit(self, form: Form) -> Outcome:
        try:
            link = await self._accounts.connect(form.person, form.event, form.credential)
        except SlackbotError as error:
            return Outcome(problem=Problem(*modals.field_error(error, self._links)))
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            defect(error)
            return Outcome(problem=Problem(*modals.field_error(None, self._links)))
        self._background.start(self._carry_out_surely(form, link), "errand")
        # Slack opens some fifty conversations a minute, so not all at once when matches come.
        self._background.start(self._messenger.get_ready(form.person), "get_ready")
        return Outcome(link=link)

    async def _carry_out_surely(self, form: Form, link: Link) -> None:
        try:
            await self._carry_out(form, link)
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            await self._tell(form.person, form.pending, defect(error))

    async def _carry_out(self, form: Form, link: Link) -> None:
        command = form.pending.parsed
        wish = await self._accounts.availability(form.person)
        if command.name in NO_PENDING_COMMAND and wish is not None:
            command = _going_on(wish)
        if command.name in NO_PENDING_COMMAND:
            message = account.linked(link, next_steps=True)
        else:
            answer = await asyncio.shield(self._answers.start(form.person, command))
            message = joined_with(account.linked(link, next_steps=False), answer)
        await self._tell(form.person, form.pending, message)

    async def _tell(self, person: Person, pending: PendingCommand, message: Message) -> None:
        if pending.response_url:
            url, replace = pending.response_url, pending.is_prompt
            await send_with_retry(
                lambda: self._messenger.respond(person, url, message, replace=replace)
            )
        else:
            await send_with_retry(lambda: self._messenger.post(person, message))

    def show_later(self, task: asyncio.Task[Outcome], form: Form, view_id: str) -> None:
        """Put the outcome into the modal once it is there."""
        self._background.start(self._show(task, form, view_id), "show_later")

    async def _show(self, task: asyncio.Task[Outcome], form: Form, view_id: str) -> None:
        outcome = await asyncio.shield(task)
        if outcome.link is not None:
            view = modals.connected(form.pending, outcome.link.event)
        else:
            assert outcome.problem is not None
            view = modals.connect_form(
                form.pending,
                self._links,
                event=form.event,
                credential=form.credential,
                problem=outcome.problem.sentence,
            )
        try:
            await send_with_retry(lambda: self._messenger.update_view(form.person, view_id, view))
        except MessageError:
            # The modal was closed meanwhile. Linked, the errand's answer tells; else nothing has
            # changed and the prompt still stands.
            if outcome.problem is not None:
                told = account.problem(outcome.problem.sentence)
                await send_with_retry(lambda: self._messenger.post(form.person, told))


def _going_on(wish: Availability) -> Command:
    """Somebody who was available when their token was refused goes on where they stopped."""
    if wish.state is State.AVAILABLE:
        return Command(Name.AVAILABLE, str(wish.session_id))
    return Command(Name.STATUS)
