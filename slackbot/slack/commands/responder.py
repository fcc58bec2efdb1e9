"""Deliver answers in the first reply, or later by `response_url` or direct message.

Slack requests time out after three seconds, so an answer is sent later if it is not ready two
seconds after the request arrived.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import MessageRefused
from slackbot.domain.model import Person
from slackbot.domain.ports import Posted
from slackbot.slack.blocks.message import Message
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.response_urls import ResponseUrls
from slackbot.slack.outbound.retry import send_with_retry
from slackbot.slack.outbound.views import Views
from slackbot.slack.request_context import hold_slot_for, seconds_left

T = TypeVar("T")
Above = Callable[[], Awaitable[Message | None]]

FIRST_REPLY_SECONDS: Final = 2.0


async def ready_in_time(task: asyncio.Task[T]) -> bool:
    """Return True if the task finishes within two seconds after the current request arrived."""
    await asyncio.sleep(0)  # a task that does not wait for I/O is now done
    if task.done():
        return True
    done, _ = await asyncio.wait({task}, timeout=seconds_left(FIRST_REPLY_SECONDS))
    return bool(done)


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """The message or view of a clicked button, which the answer replaces."""

    person: Person
    response_url: str = field(default="", repr=False)
    # A direct message from the bot, which is edited in place.
    own_message: Posted | None = None
    home: bool = False

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
        )


@dataclass(frozen=True, eq=False, repr=False)
class Responder:
    """Delivers answers in background tasks, with retries."""

    messenger: SlackMessenger
    response_urls: ResponseUrls
    views: Views
    background: BackgroundTasks

    def follow_up(self, task: asyncio.Task[Message], person: Person, response_url: str) -> None:
        """Send the answer to a command when it is ready."""

        async def send() -> None:
            await self.send(person, response_url, await asyncio.shield(task), replace=False)

        self._start(send())

    def reply(
        self, task: asyncio.Task[Message], target: ReplyTarget, above: Above | None = None
    ) -> None:
        """Replace the message or view of a clicked button with the answer when it is ready.

        In a message from the bot, the card that `above` returns is placed above the answer.
        """

        async def replace() -> None:
            person, posted, message = target.person, target.own_message, await asyncio.shield(task)
            if target.home:
                view = message.home_view()
                await send_with_retry(lambda: self.views.publish_home(person, view))
            elif posted is not None:
                whole = message
                if above is not None and (card := await above()) is not None:
                    whole = Message(message.text, [*card.blocks, *message.blocks])
                try:
                    await send_with_retry(lambda: self.messenger.update(person, posted, whole))
                except MessageRefused:
                    await send_with_retry(lambda: self.messenger.post(person, message))
            else:
                await self.send(person, target.response_url, message, replace=True)

        self._start(replace())

    async def send(self, person: Person, url: str, message: Message, *, replace: bool) -> None:
        """Send an answer to `url`, or as a direct message if `url` is empty or fails."""
        await send_with_retry(
            lambda: self.response_urls.send(person, url, message, replace=replace)
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        hold_slot_for(self.background.start(work, "reply"))
