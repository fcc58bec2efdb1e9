"""Deliver answers in the first reply, or later by `response_url` or direct message.

Slack requests time out after three seconds, so an answer is sent later if it is not ready two
seconds after the request arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

from slackbot.aio.deadline import timeout
from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import MessageError, MessageRefused
from slackbot.domain.model import Match, Person
from slackbot.domain.ports import Clock, Posted
from slackbot.domain.stores import StoreUnavailable
from slackbot.slack.blocks.errors import defect_card
from slackbot.slack.blocks.match import met_card
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.blocks.status import still_asking_card
from slackbot.slack.commands.attempts import ANSWER_SECONDS
from slackbot.slack.commands.home import Homes
from slackbot.slack.commands.state_cards import StateCards
from slackbot.slack.outbound.messenger import MATCH_NOTICE, Place, SlackMessenger, metadata_of
from slackbot.slack.outbound.response_urls import ResponseUrls
from slackbot.slack.outbound.retry import send_with_retry
from slackbot.slack.outbound.views import Views
from slackbot.slack.request_context import hold_slot_for, seconds_left

T = TypeVar("T")
# Returns the match of the message whose button was clicked, if it has one.
FindMatch = Callable[[], Awaitable[Match | None]]
Send = Callable[[Message], Awaitable[None]]

FIRST_REPLY_SECONDS: Final = 2.0
# How long an answer waits for each read or write of the database, without which it is sent too.
STORED_SECONDS: Final = 2.0


async def ready_in_time(task: asyncio.Task[T]) -> bool:
    """Return True if the task finishes within two seconds after the current request arrived."""
    await asyncio.sleep(0)  # a task that does not wait for I/O is now done
    if task.done():
        return True
    done, _ = await asyncio.wait({task}, timeout=seconds_left(FIRST_REPLY_SECONDS))
    return bool(done)


async def stored_in_time(work: Awaitable[T]) -> T | None:
    """Wait a moment for a read or write of the database. Return None if it does not respond."""
    with suppress(TimeoutError, StoreUnavailable):
        async with asyncio.timeout(STORED_SECONDS):
            return await work
    return None


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """The message or view of a clicked button, which the answer replaces."""

    person: Person
    response_url: str = field(default="", repr=False)
    # A direct message from the bot, which is edited in place.
    own_message: Posted | None = None
    home: bool = False
    # The hash of the Home view that the person sees.
    home_hash: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any], person: Person) -> ReplyTarget:
        """Parse the `block_actions` payload of a person."""
        container = body.get("container") or {}
        view = body.get("view") or {}
        message = body.get("message") or {}
        channel, ts = str(container.get("channel_id") or ""), str(container.get("message_ts"))
        is_message = channel.startswith("D") and message and not container.get("is_ephemeral")
        # Databases reject invalid text such as lone surrogates.
        ours = is_message and (channel + ts).isascii()
        return cls(
            person=person,
            response_url=str(body.get("response_url") or ""),
            own_message=Posted(channel, ts) if ours else None,
            home=view.get("type") == "home",
            home_hash=hash_of(view),
        )


def hash_of(view: Mapping[str, Any]) -> str | None:
    """Return the hash of a view in a payload."""
    found = view.get("hash")
    return found if isinstance(found, str) and found.isascii() else None


@dataclass(frozen=True, eq=False, repr=False)
class Responder:
    """Delivers answers in background tasks, with retries."""

    messenger: SlackMessenger
    response_urls: ResponseUrls
    views: Views
    homes: Homes
    cards: StateCards
    background: BackgroundTasks
    clock: Clock

    def follow_up(self, task: asyncio.Task[Message], person: Person, response_url: str) -> None:
        """Send the answer to a command when it is ready."""

        async def send(message: Message) -> None:
            await self.send(person, response_url, message, replace=False)

        self._start(self.answer(task, send, late=self._by_message(person, send)), person)

    def reply(
        self,
        start: Callable[[], asyncio.Task[Message]],
        target: ReplyTarget,
        find_match: FindMatch | None = None,
        *,
        below_match: bool = False,
    ) -> None:
        """Start the work of a clicked button, and show its answer in the message or view.

        In the message of a match, the answer is placed `below_match`, or replaces all.
        """

        async def reply_in_home() -> None:
            # Before the command, which may delete all that is stored about the person.
            await self.homes.record(target.person, target.home_hash)
            await self.answer(start(), partial(self.homes.show, target.person, again=start))

        async def replace_own(posted: Posted, message: Message) -> None:
            match = await stored_in_time(find_match()) if find_match is not None else None
            person, url = target.person, target.response_url
            await self.replace_own(person, url, posted, message, match, below_match=below_match)

        async def replace(message: Message) -> None:
            await self.send(target.person, target.response_url, message, replace=True)

        if target.home:
            work = reply_in_home()
        elif target.own_message is not None:
            work = self.answer(start(), partial(replace_own, target.own_message))
        else:
            late = self._by_message(target.person, replace)
            work = self.answer(start(), replace, late=late)
        self._start(work, target.person)

    async def replace_own(
        self,
        person: Person,
        url: str,
        posted: Posted,
        message: Message,
        match: Match | None = None,
        *,
        below_match: bool = False,
    ) -> None:
        """Replace the bot's own message by way of the click, which no rate limit delays.

        Edits of it that are queued are dropped. In the message of a match, the answer is placed
        `below_match`, or replaces all.
        """
        whole, metadata = message, None
        if match is not None:
            metadata = metadata_of(MATCH_NOTICE, match.id)
            if below_match:
                whole = Draft().then(met_card(match)).then(message).done()
        await stored_in_time(self.cards.clear(person, posted))
        if not await self.response_urls.replace(posted, url, whole, metadata):
            try:
                await send_with_retry(lambda: self.messenger.update(person, posted, whole))
            except MessageRefused:
                posted = await send_with_retry(lambda: self.messenger.post(person, message))
        await self.cards.record(person, posted, message)

    async def answer(
        self, task: asyncio.Task[Message], send: Send, *, late: Send | None = None
    ) -> None:
        """Send the task's result when it is ready.

        If that is not in time for the current request, first send that the work goes on. The result
        is then sent `late`, which is the same way by default.
        """
        if not await self.is_done_in_time(task):
            with suppress(MessageError):  # the result is sent all the same
                await send(still_asking_card())
            send = late or send
        await send(await asyncio.shield(task))

    def _by_message(self, person: Person, otherwise: Send) -> Send:
        """Return a way to send an answer as a direct message, or `otherwise` if Slack refuses it.

        An answer that only the person sees in a channel notifies nobody, and is gone when they
        reload Slack. That is enough only for somebody who waits for it.
        """

        async def send(message: Message) -> None:
            try:
                posted = await send_with_retry(lambda: self.messenger.post(person, message))
            except MessageRefused:
                await otherwise(message)
            else:
                await self.cards.record(person, posted, message)

        return send

    async def answered(self, work: Awaitable[None], person: Person) -> None:
        """Run work that answers a person. If it fails, a direct message says so.

        Raises:
            MessageError: Slack has not accepted the answer.
        """
        try:
            await work
        except MessageError:
            raise
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            card = defect_card(error)
            await send_with_retry(lambda: self.messenger.post(person, card))

    async def is_done_in_time(self, task: asyncio.Task[Any]) -> bool:
        """Wait for the task as long as the person who sent the current request may wait."""
        with suppress(TimeoutError):
            async with timeout(self.clock, seconds_left(ANSWER_SECONDS)):
                await asyncio.wait({task})
        return task.done()

    async def send_to(self, person: Person, place: Place, message: Message) -> None:
        """Answer a message where it was written. In a channel, only the person sees the answer."""
        if place.is_direct:
            posted = await send_with_retry(
                lambda: self.messenger.post(person, message, place.thread)
            )
            await self.cards.record(person, posted, message)
        else:
            await send_with_retry(lambda: self.messenger.whisper(person, place, message))

    async def send(self, person: Person, url: str, message: Message, *, replace: bool) -> None:
        """Send an answer to `url`, or as a direct message if `url` is empty or fails."""
        posted = await send_with_retry(
            lambda: self.response_urls.send(person, url, message, replace=replace)
        )
        if posted is not None:
            await self.cards.record(person, posted, message)

    def _start(self, work: Coroutine[Any, Any, None], person: Person) -> None:
        hold_slot_for(self.background.start(self.answered(work, person), "reply"))
