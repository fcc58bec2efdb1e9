"""When and where an answer goes: in the first reply if it is ready in time, else afterwards.

Slack gives up on a request after three seconds, so what is not ready two seconds after the
request arrived follows by `response_url`, or by direct message where that no longer works.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import MessageRefused
from slackbot.domain.model import Person, TeamId, UserId
from slackbot.domain.ports import Posted
from slackbot.slack.blocks.home import home
from slackbot.slack.blocks.match import looking_back
from slackbot.slack.blocks.message import Draft, Message
from slackbot.slack.inbound.admission import hold_slot_for
from slackbot.slack.inbound.http import arrived_at
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.retry import send_with_retry

T = TypeVar("T")

FIRST_REPLY_SECONDS: Final = 2.0
_ID: Final = re.compile(r"[A-Z][A-Z0-9]{1,63}")


async def ready_in_time(task: asyncio.Task[T]) -> bool:
    """Wait for the task until two seconds after the request in hand arrived."""
    await asyncio.sleep(0)  # an answer from memory needs no more than its turn, and no timer
    if task.done():
        return True
    now = time.monotonic()
    left = arrived_at.get(now) + FIRST_REPLY_SECONDS - now
    done, _ = await asyncio.wait({task}, timeout=max(left, 0.0))
    return bool(done)


def person_of(body: Mapping[str, Any]) -> Person:
    """Who sent a command, a click or a submission; the workspace is that of the installation.

    Raises:
        ValueError: an id that is none.
    """
    if "command" in body:
        return person(body["team_id"], body["user_id"])
    user = body["user"]
    view, team = body.get("view") or {}, body.get("team") or {}
    # In the order in which Bolt looks for the workspace that it asks `authorize` about.
    installed = view.get("app_installed_team_id") or team.get("id") or user["team_id"]
    return person(installed, user["id"])


def person(team: object, user: object) -> Person:
    """A person by what a payload has as ids.

    Raises:
        ValueError: an id that is none.
    """
    return Person(TeamId(_slack_id(team)), UserId(_slack_id(user)))


def _slack_id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError("not a Slack id")
    return value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a button stands, and so where its answer goes."""

    person: Person
    response_url: str = field(default="", repr=False)
    own_message: Posted | None = None
    """A direct message of ours, which is edited in place."""
    kept: tuple[dict[str, Any], ...] = ()
    """What stays of it above the answer."""
    home: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Place:
        """Read it from a `block_actions` payload."""
        person = person_of(body)
        container = body.get("container") or {}
        view = body.get("view") or {}
        message = body.get("message") or {}
        channel = str(container.get("channel_id") or "")
        ours = channel.startswith("D") and message and not container.get("is_ephemeral")
        return cls(
            person=person,
            response_url=str(body.get("response_url") or ""),
            own_message=Posted(channel, str(container.get("message_ts"))) if ours else None,
            kept=tuple(looking_back(message.get("blocks") or ())),
            home=view.get("type") == "home",
        )


class Responder:
    """Brings answers to where they belong, in tasks of their own."""

    def __init__(self, messenger: SlackMessenger, background: BackgroundTasks) -> None:
        self._messenger = messenger
        self._background = background

    def seen(self, person: Person) -> None:
        """Somebody did something in Slack."""
        self._messenger.seen(person)

    def follow(
        self, task: asyncio.Task[Message], person: Person, response_url: str, *, replace: bool
    ) -> None:
        """Send a command's answer when it is there."""

        async def send() -> None:
            message = await asyncio.shield(task)
            await send_with_retry(
                lambda: self._messenger.respond(person, response_url, message, replace=replace)
            )

        self._start(send())

    def put(self, task: asyncio.Task[Message], place: Place) -> None:
        """Put a button's answer in the place of what the button stood in."""

        async def send() -> None:
            message = await asyncio.shield(task)
            await self._put(message, place)

        self._start(send())

    async def _put(self, message: Message, place: Place) -> None:
        person, url = place.person, place.response_url
        if place.home:
            await send_with_retry(lambda: self._messenger.publish_home(person, home(message)))
        elif place.own_message is not None:
            await self._edit(message, place, place.own_message)
        elif url:
            await send_with_retry(
                lambda: self._messenger.respond(person, url, message, replace=True)
            )
        else:
            await send_with_retry(lambda: self._messenger.post(person, message))

    async def _edit(self, message: Message, place: Place, posted: Posted) -> None:
        whole = Message(message.text, [*place.kept, *message.blocks])
        try:
            await send_with_retry(lambda: self._messenger.update(place.person, posted, whole))
        except MessageRefused:
            await send_with_retry(lambda: self._messenger.post(place.person, message))

    def _start(self, work: Any) -> None:
        hold_slot_for(self._background.start(work, "reply"))


def joined_with(first: Message, second: Message) -> Message:
    """Two messages as one, a line between them."""
    return Draft().then(first).divider().then(second).done()
