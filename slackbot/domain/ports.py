"""Protocols of the services' external dependencies, except the repositories of `stores.py`.

`slackbot.bootstrap` builds them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import SecretStr

from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    EventSlug,
    FeedHealth,
    Grant,
    Link,
    Match,
    MatchId,
    MatchReport,
    Person,
    Session,
    SessionId,
    SessionScope,
)
from slackbot.domain.notices import Notice, Remark


class Clock(Protocol):
    """A source of the current time that can also sleep."""

    def now(self) -> datetime:
        """Return the current time as an aware datetime in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait for the given number of seconds."""


class Platform(Protocol):
    """The HTTP API of Accelevents. Every method may raise a `PlatformError`."""

    async def redeem(self, event: EventSlug, user_key: str) -> Grant:
        """Exchange a magic link's single-use user key for a token."""

    async def check(self, event: EventSlug, token: SecretStr) -> AuthScheme:
        """Check that the event accepts the token, and return how to send the token."""

    async def sessions(self, link: Link, scope: SessionScope) -> list[Session]:
        """Return the event's networking sessions in this scope, from all pages.

        The platform filters LIVE and PAST, and UPCOMING returns all other sessions. Callers
        determine each session's phase from its times (see `sessions.phase`).
        """

    async def other_sessions(self, link: Link) -> list[Session]:
        """Return the event's sessions of other formats, such as keynotes, from all pages."""

    async def registered_sessions(self, link: Link) -> list[Session]:
        """Return all sessions of the event for which the person is registered."""

    async def join(self, link: Link, session_id: SessionId) -> None:
        """Register for a live session. Joining is idempotent and never retried."""

    async def set_status(self, link: Link, session_id: SessionId, status: AttendeeStatus) -> None:
        """Set the attendee's status in the session. The request is never retried."""

    async def matches(self, link: Link, session_id: SessionId) -> list[MatchReport]:
        """Return the platform's list of the person's matches in the session."""


class MatchFeed(Protocol):
    """The feeds of match events, with one Socket.IO connection per available person."""

    def open(self, link: Link, session_id: SessionId) -> None:
        """Connect, and stay connected until the feed is closed. The call is idempotent."""

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        """Wait up to `seconds` for the feed, and return whether it is connected."""

    def health(self, person: Person) -> FeedHealth | None:
        """Return the feed's state, or None if there is no feed."""

    def holds(self, person: Person) -> bool:
        """Return True if the person's feed is held by this process rather than another one."""

    async def publish_health(self, person: Person) -> None:
        """Publish the state of a feed that this process holds to the other processes."""

    async def close(self, person: Person) -> None:
        """Disconnect the feed, if there is one."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The location of a message in Slack."""

    channel: str
    ts: str


class Messenger(Protocol):
    """Direct messages to people."""

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        """Post the notice as a direct message with a key that `find` can search for.

        The key of a match's notice is always the match's id.

        Raises:
            PersonUnreachable: No message can reach the person. Do not retry.
            MessageRefused: Slack rejected the message, even as plain text. A retry may succeed.
            MessageDelayed: Slack did not accept the message. It may be sent again later.
            MessageUnsure: Slack may or may not have accepted the message.
        """

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Replace a posted message with a notice. This is idempotent and raises as `send` does.

        Raises:
            EditRefused: The message no longer exists or can no longer be edited. Do not retry.
        """

    async def find(
        self, person: Person, key: str, since: datetime | None, earlier: Sequence[str] = ()
    ) -> Posted | None:
        """Search the bot's latest messages to the person, all or those `since`, for this key.

        `earlier` are the keys of earlier matches with the same partner. If there are more messages
        than keys, one key served twice after rows had been lost, and the first message with it is
        returned.

        Raises:
            PersonUnreachable: No conversation with the person is possible. Do not retry.
            MessageDelayed: The messages cannot be read at the moment.
            MessageRefused: Slack rejected the request for the messages. A retry may succeed.
        """


class SharedConversations(Protocol):
    """Conversations of two people with the bot. Raises as `Messenger.send` does."""

    async def open(self, people: Sequence[Person]) -> str:
        """Open the conversation of these people, and return its Slack channel. Idempotent."""

    async def post(self, person: Person, channel: str, notice: Notice) -> None:
        """Post the notice in the channel."""


# Creates a URL at which the person can enter the match's call, or None if there is no call. Every
# invocation creates a new URL, and earlier URLs remain valid. Never raises.
CallOffer = Callable[[Match], Awaitable[str | None]]


PendingMatch = tuple[Person, MatchId]  # a stored match whose notice has no outcome yet


class Delivery(Protocol):
    """Durable delivery, which sends each notice exactly once even if the process crashes."""

    async def submit(self, person: Person, match_id: MatchId, *, fresh: bool) -> None:
        """Enqueue the pending notice of a stored match. The call is idempotent.

        Unless the match is `fresh` (just stored), its notice may already have been sent, so the
        person's direct messages are searched first.
        """

    async def finish(self, person: Person, match_id: MatchId) -> None:
        """Enqueue the notice that a match's round has ended. The call is idempotent."""

    async def remark(self, person: Person, key: str, remark: Remark) -> None:
        """Enqueue a notice that has no row of its own. Each key is sent only once."""

    async def contact(self, kind: str, person: Person, match_id: MatchId, key: str) -> None:
        """Enqueue what follows a person's word on the partner of a match. Idempotent for the key.

        The `kind` is "swap", for which the person is either of the two, or "report".
        """

    async def recover(self, pending: Sequence[PendingMatch]) -> None:
        """Take over all enqueued notices and pending matches that no live process is sending.

        They may already have been sent, so the direct messages are searched first.
        """

    async def stored(self, epoch: str) -> list[dict[str, Any]]:
        """Return what is stored of the notices of this epoch, with `NOTICE_FIELDS`."""

    async def forget(self, epoch: str) -> None:
        """Delete all data of the notices whose match id or key begins with the epoch."""
