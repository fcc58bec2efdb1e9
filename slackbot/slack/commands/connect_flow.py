"""The connect flow, from opening the form to running the pending command."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import BadEventLink, MessageError, SlackbotError
from slackbot.domain.model import EventSlug, Link, Person, State
from slackbot.services.accounts import Accounts
from slackbot.slack.blocks import modals
from slackbot.slack.blocks.errors import defect_card
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.login import login_expired_card, token_help_card
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.modals import PendingCommand
from slackbot.slack.blocks.status import (
    connect_prompt,
    form_not_opened,
    linked_card,
    problem_card,
)
from slackbot.slack.command import Command, Name
from slackbot.slack.commands.arguments import typed_event
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.responder import Responder
from slackbot.slack.outbound.retry import send_with_retry
from slackbot.slack.request_context import arrived_at

log = structlog.get_logger(__name__)

# Commands that do not run after connecting.
NOT_PENDING: Final = frozenset({Name.OVERVIEW, Name.CONNECT, Name.DISCONNECT})


@dataclass(frozen=True, slots=True)
class Form:
    """The submitted form."""

    person: Person
    event: str
    credential: str = field(repr=False)
    pending: PendingCommand


@dataclass(frozen=True, slots=True)
class Problem:
    """An error for a form field (`block_id`)."""

    field: str
    sentence: str


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ConnectFlow:
    """Opens the form, handles its submission, and then runs the pending command."""

    accounts: Accounts
    handlers: CommandHandlers
    responder: Responder
    background: BackgroundTasks
    links: HubLinks
    slash: str
    event: EventSlug | None

    def open_form(self, person: Person, trigger_id: str, pending: PendingCommand) -> None:
        """Open the form in the background. The trigger expires after three seconds.

        An event that was typed after `connect` is filled in.
        """
        work = self._open(person, trigger_id, pending)
        self.background.start(self._answered(work, person, pending), "open_form")

    async def token_help(self, pending: PendingCommand) -> Message:
        """Explain where to find a token."""
        return token_help_card(pending.parsed, self.links)

    async def _open(self, person: Person, trigger_id: str, pending: PendingCommand) -> None:
        known, linked_to = await self.accounts.event_of(person, fresh=True), None
        with suppress(SlackbotError):  # not linked, or Accelevents rejected the token
            linked_to = (await self.accounts.link(person)).event
        event, command, problem = known or self.event, pending.parsed, ""
        if command.name is Name.CONNECT and command.argument:
            try:
                event = typed_event(command.argument, event)
            except BadEventLink as error:
                _, problem = modals.field_error(error, self.links)
                # What was typed may be a secret that was not recognised, so it goes no further.
                command = Command(Name.CONNECT)
                pending = replace(pending, command=command.text)
        view = modals.connect_form(
            pending,
            self.links,
            event=event or "",
            linked_to=self.links.name(linked_to) if linked_to else "",
            problem=problem,
        )
        try:
            await self.responder.views.open(person, trigger_id, view)
        except MessageError as error:
            # The trigger expired or Slack was too slow. Another button provides a new trigger.
            log.info("form_not_opened", reason=error.reason)
            if linked_to is not None:
                message = form_not_opened(self.links.name(linked_to), command)
            elif known is not None:
                message = login_expired_card(known, self.links, command, self.slash)
            else:
                message = connect_prompt(command, self.slash)
            await self._send(person, pending, message)

    async def submit(self, form: Form) -> Link | Problem:
        """Connect the account, and then run the pending command in the background."""
        try:
            link = await self.accounts.connect(form.person, form.event, form.credential)
        except SlackbotError as error:
            return Problem(*modals.field_error(error, self.links))
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            defect_card(error)
            return Problem(*modals.field_error(None, self.links))
        work = self._run_pending(form, link)
        self.background.start(self._answered(work, form.person, form.pending), "pending_command")
        # Slack opens only about 50 channels per minute, so open the channel in advance.
        self.background.start(self.responder.messenger.open_channel(form.person), "open_channel")
        return link

    async def _run_pending(self, form: Form, link: Link) -> None:
        command = form.pending.parsed
        availability = await self.accounts.availability(form.person)
        if command.name in NOT_PENDING and availability is not None:
            # If the person was available when their token was rejected, continue in that session.
            command = Command(Name.STATUS)
            if availability.state is State.AVAILABLE:
                command = Command(Name.AVAILABLE, str(availability.session_id))
        if command.name in NOT_PENDING:
            await self._send(
                form.person, form.pending, linked_card(link, self.links, next_steps=True)
            )
            return
        linked = linked_card(link, self.links, next_steps=False)

        async def send(answer: Message) -> None:
            await self._send(form.person, form.pending, linked.above(answer))

        arrived_at.set(time.monotonic())  # the command has all of its time from here on
        await self.responder.answer(self.handlers.start(form.person, command), send)

    async def _answered(
        self, work: Awaitable[None], person: Person, pending: PendingCommand
    ) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            await self._send(person, pending, defect_card(error))

    async def _send(self, person: Person, pending: PendingCommand, message: Message) -> None:
        url, posted = pending.response_url, pending.own_message
        if posted is not None:
            await self.responder.replace_own(person, url, posted, message)
        else:
            await self.responder.send(person, url, message, replace=pending.is_prompt)

    async def show(self, task: asyncio.Task[Link | Problem], form: Form, view_id: str) -> None:
        """Show the outcome in the modal as soon as it is available."""
        if not await self.responder.is_done_in_time(task):
            with suppress(MessageError):  # the modal may have been closed
                view = modals.still_checking(form.pending)
                await self.responder.views.update(form.person, view_id, view)
        outcome = await asyncio.shield(task)
        if isinstance(outcome, Link):
            view = modals.connected(form.pending, self.links.name(outcome.event))
        else:
            view = modals.connect_form(
                form.pending,
                self.links,
                event=form.event,
                credential=form.credential,
                problem=outcome.sentence,
            )
        try:
            await send_with_retry(lambda: self.responder.views.update(form.person, view_id, view))
        except MessageError:
            # The modal has been closed. After a success, the pending command sends its answer.
            if isinstance(outcome, Problem):
                card = problem_card(outcome.sentence)
                await self.responder.send(form.person, "", card, replace=False)
