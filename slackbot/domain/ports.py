"""Protocols of the services' external dependencies. `slackbot.bootstrap` builds them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from slackbot.domain.calls import CallLink, Visit
from slackbot.domain.departures import DepartureStore
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    Availability,
    Epoch,
    EventSlug,
    FeedHealth,
    Grant,
    Link,
    Match,
    MatchId,
    MatchReport,
    Partner,
    Person,
    Session,
    SessionId,
    SessionScope,
    State,
    TeamId,
)
from slackbot.domain.notices import Backlog, Notice, Remark
from slackbot.domain.workers import FailoverStore


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


class DmChannelStore(Protocol):
    """The Slack channels of direct messages with people. May raise `StoreUnavailable`."""

    async def get(self, person: Person) -> str | None:
        """Return the id of the person's Slack channel, or None if it is unknown."""

    async def save(self, person: Person, channel: str) -> None:
        """Save the channel with the person's link. Do nothing if there is no link."""


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

    async def recover(self, pending: Sequence[PendingMatch]) -> None:
        """Take over all enqueued notices and pending matches that no live process is sending.

        They may already have been sent, so the direct messages are searched first.
        """

    async def forget(self, epoch: str) -> None:
        """Delete all data of the notices whose match id or key begins with the epoch."""


class StoreUnavailable(Exception):
    """The database is not responding. A change may or may not have been made.

    This is not a `SlackbotError` because people see it as an internal error.
    """


class LinkStore(Protocol):
    """Links between Slack users and their Accelevents accounts."""

    async def get(self, person: Person, *, fresh: bool = False) -> Link | None:
        """Return the person's link. It may be a few seconds old unless `fresh` is set."""

    async def get_many(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """Return the current links of these people. The value is None or missing without a link."""

    async def save(self, link: Link) -> None:
        """Insert or replace a link, and delete an availability of another event or account.

        Raises:
            NotLinked: The person has been deleted since the link's epoch began.
        """

    async def mark_refused(self, link: Link, at: datetime) -> bool:
        """Record that the link's token was rejected. Return True for the first call only.

        A link that has replaced this one is not changed.
        """

    async def set_unreachable(self, person: Person, reason: str | None) -> None:
        """Record why Slack rejects messages to the person, or None if it accepts them again."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A person who was deleted."""

    epoch: Epoch
    linked: bool  # False if they had not finished connecting


class PeopleStore(Protocol):
    """The known workspaces and people. Deleting one also deletes all of its data."""

    async def enter_workspace(self, team: TeamId, at: datetime) -> TeamId:
        """Add the workspace unless it is known, and return the store's workspace."""

    async def enter(self, person: Person, epoch: Epoch, at: datetime) -> Epoch:
        """Add the person with this epoch unless they are known, and return their epoch.

        Raises `NotLinked` if the workspace is unknown because it removed the app.
        """

    async def forget(self, person: Person, until: datetime | None = None) -> Forgotten | None:
        """Delete the person unless they connected after `until`."""

    async def forget_workspace(self, team: TeamId, until: datetime | None = None) -> list[Epoch]:
        """Delete the workspace and its people, except those who connected after `until`.

        Returns:
            The epochs of the people who were deleted.
        """

    async def delete_unlinked(self, team: TeamId, before: datetime) -> int:
        """Delete people who began to connect before this time and never finished."""


class AvailabilityStore(Protocol):
    """Availabilities, at most one per person."""

    async def get(self, person: Person) -> Availability | None:
        """Return the person's availability."""

    async def list_all(self, team: TeamId) -> list[Availability]:
        """Return the availabilities of the workspace, oldest first."""

    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """Return the session's title from a recent availability, or "" if there is none."""

    async def save(self, availability: Availability) -> None:
        """Insert or replace an availability. Keep the baseline of the same session if it has none.

        Raises:
            NotLinked: The person has been deleted since the availability's epoch began.
        """

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state. Return False if the person is no longer available in this session."""

    async def end(self, person: Person) -> bool:
        """Delete the person's availability. Return True if this call deleted it."""


class MatchStore(Protocol):
    """Matches and the outcomes of their notices."""

    async def add(self, match: Match) -> bool:
        """Add a match. Return False if its id, or its partner and ordinal, already exists.

        Unless its source is BEFORE, the person's availability in the session is set to IN_MEETING
        in the same transaction.

        Raises:
            NotLinked: The person has been deleted since the match's epoch began.
        """

    async def add_baseline(
        self, availability: Availability, matches: Sequence[Match], at: datetime
    ) -> bool:
        """Add the matches of an availability's baseline, and record when it was read.

        Return False without adding any if the availability has a baseline or has ended.
        """

    async def enrich(self, person: Person, match_id: MatchId, report: MatchReport) -> None:
        """Fill empty columns from a later report. Existing values are kept."""

    async def get(self, person: Person, key: MatchId | Posted) -> Match | None:
        """Return the match by id with its call, or by message without its call."""

    async def list_for(
        self, person: Person, event: EventSlug, session_id: SessionId | None = None
    ) -> list[Match]:
        """Return the matches at the event or in one session, newest first, without calls."""

    async def list_with(
        self, person: Person, event: EventSlug, session_id: SessionId, partner: Partner
    ) -> list[Match]:
        """Like `list_for`, but return at least all matches that may be with this partner."""

    async def record_outcome(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None, at: datetime
    ) -> None:
        """Record the outcome of the match's notice. Later outcomes are ignored."""

    async def list_pending(self, team: TeamId) -> list[PendingMatch]:
        """Return the matches whose notices have no outcome yet, oldest first."""

    async def backlog(self, team: TeamId) -> Backlog:
        """Count the pending matches. The cost depends only on the number of pending matches."""

    async def list_rounds_over(
        self, team: TeamId, now: datetime, after: MatchId | None = None
    ) -> list[tuple[Person, MatchId]]:
        """Return sent matches whose round has ended but whose message has not been edited yet.

        Return at most a few hundred matches, oldest first, that follow the match `after`. Answered
        and late matches are excluded.
        """

    async def mark_round_over(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record that the message was edited for the end of the round, or need not be edited."""

    async def mark_answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Record which button of a match's message was clicked. Later clicks are ignored."""


class CallLinkStore(Protocol):
    """Links to calls, and the deletion of closed calls' details."""

    async def add(self, link: CallLink) -> None:
        """Add a link. Earlier links remain valid. Raises `NotLinked` if the match was deleted."""

    async def replace(self, link: CallLink) -> None:
        """Add a link and revoke earlier links to the same call. Raises like `add`."""

    async def get(self, team: TeamId, id_digest: str) -> CallLink | None:
        """Return the link whose id has this digest."""

    async def bind(self, team: TeamId, id_digest: str, browser_digest: str, at: datetime) -> bool:
        """Bind a valid link to a browser. Return True for the first browser only."""

    async def mark_opened(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record the first time that the button with the link was clicked."""

    async def record_visit(self, team: TeamId, id_digest: str, visit: Visit, at: datetime) -> None:
        """Record the first time that the person joined, or the last time that they left."""

    async def end_calls(self, team: TeamId, now: datetime) -> int:
        """Delete the details of closed calls, and return the number of calls."""


class EventStore(Protocol):
    """Slack events that have already been handled."""

    async def record(self, team: TeamId, event_id: str, at: datetime) -> bool:
        """Record an event. Return True if it is new."""


class Store(Protocol):
    """All stored data, grouped by aggregate.

    Every method identifies the workspace by a person or a team, and may raise
    `StoreUnavailable` after several seconds of retries.
    """

    @property
    def links(self) -> LinkStore: ...
    @property
    def people(self) -> PeopleStore: ...
    @property
    def availabilities(self) -> AvailabilityStore: ...
    @property
    def departures(self) -> DepartureStore: ...
    @property
    def matches(self) -> MatchStore: ...
    @property
    def call_links(self) -> CallLinkStore: ...
    @property
    def events(self) -> EventStore: ...
    @property
    def failovers(self) -> FailoverStore: ...
