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


class Clock(Protocol):
    """A clock that tells the time and sleeps."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait for this many seconds."""


class Platform(Protocol):
    """Accelevents over HTTP. Every method may raise a `PlatformError`."""

    async def redeem(self, event: EventSlug, user_key: str) -> Grant:
        """Exchange a magic link's user key, which works once, for a token."""

    async def check(self, event: EventSlug, token: SecretStr) -> AuthScheme:
        """Check the token against the event and return how to send it."""

    async def sessions(self, link: Link, scope: SessionScope) -> list[Session]:
        """Return the event's networking sessions in this scope, all pages.

        The platform filters LIVE and PAST. UPCOMING returns everything else, so callers determine
        each session's phase from its times (`sessions.phase`).
        """

    async def registered_sessions(self, link: Link) -> list[Session]:
        """Return the event's sessions that the person is registered for, in any phase."""

    async def join(self, link: Link, session_id: SessionId) -> None:
        """Register for a live session. Joining again is harmless. Never retried."""

    async def set_status(self, link: Link, session_id: SessionId, status: AttendeeStatus) -> None:
        """Set the attendee's status in the session. Never retried."""

    async def matches(self, link: Link, session_id: SessionId) -> list[MatchReport]:
        """Return the platform's list of the person's matches in the session."""


class MatchFeed(Protocol):
    """The feeds of match events: one Socket.IO connection per available person."""

    def open(self, link: Link, session_id: SessionId) -> None:
        """Connect, and stay connected until closed. Repeating the call is harmless."""

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        """Wait up to this many seconds for the feed; return whether it is connected."""

    def health(self, person: Person) -> FeedHealth | None:
        """Return the feed's state, or None if there is no feed."""

    def holds(self, person: Person) -> bool:
        """Return whether this process, not another one, holds the person's feed."""

    async def publish_health(self, person: Person) -> None:
        """Publish the state of a feed that this process holds to the other processes."""

    async def close(self, person: Person) -> None:
        """Disconnect. Harmless if there is no feed."""


@dataclass(frozen=True, slots=True)
class Posted:
    """The location of a message in Slack."""

    channel: str
    ts: str


class Messenger(Protocol):
    """Direct messages to people."""

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        """Post the notice as a direct message, with the key by which `find` recognises it.

        The key of a match's notice is the match's id.

        Raises:
            PersonUnreachable: Final: no message can reach the person.
            MessageRefused: Not accepted, as plain text neither; may be accepted later.
            MessageDelayed: Not accepted; may be sent again later.
            MessageUnsure: Slack may or may not have accepted it.
        """

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        """Replace a posted message with a notice. Idempotent. Raises as `send` does.

        Raises:
            EditRefused: Final: the message is gone, or can no longer be edited.
        """

    async def find(self, person: Person, key: str, since: datetime | None) -> Posted | None:
        """Search our latest direct messages to the person for the one with this key.

        Raises:
            PersonUnreachable: Final: there is no place for messages to the person.
            MessageDelayed: The messages cannot be read now.
            MessageRefused: Slack refuses to show them; it may do so later.
        """


class DmChannelStore(Protocol):
    """The Slack channels of people's direct messages with the bot. May raise `StoreUnavailable`."""

    async def get(self, person: Person) -> str | None:
        """Return the Slack id of the person's channel, or None if it is unknown."""

    async def save(self, person: Person, channel: str) -> None:
        """Save the channel with the person's link. Without a link nothing is saved."""


# Creates the URL at which the match's person enters its call, or None if there is no call to enter.
# Every invocation creates a new URL, and earlier ones stay valid. Never raises.
CallOffer = Callable[[Match], Awaitable[str | None]]


PendingMatch = tuple[Person, MatchId]  # a stored match whose notice has no outcome yet


class Delivery(Protocol):
    """Durable delivery: each notice is sent exactly once, even if the process crashes."""

    async def submit(self, person: Person, match_id: MatchId, *, fresh: bool) -> None:
        """Accept a stored match whose notice is pending. Harmless when repeated.

        Unless the match is `fresh` (just stored), its notice may already have been sent, so the
        person's direct messages are searched for it first.
        """

    async def finish(self, person: Person, match_id: MatchId) -> None:
        """Accept the end of a match's round. Harmless when repeated."""

    async def remark(self, person: Person, key: str, remark: Remark) -> None:
        """Accept a notice that has no row of its own; each key is sent once."""

    async def recover(self, pending: Sequence[PendingMatch]) -> None:
        """Take over every accepted notice, and every pending match, that nobody alive is sending.

        They may already have been sent, so the people's direct messages are searched first.
        """

    async def forget(self, epoch: str) -> None:
        """Delete what is kept of the notices whose match id or key begins with the epoch."""


class StoreUnavailable(Exception):
    """The database does not respond. A change may or may not have been made.

    Not a `SlackbotError`: people see it as any other failure on our side.
    """


class LinkStore(Protocol):
    """Links between Slack people and their Accelevents accounts."""

    async def get(self, person: Person, *, fresh: bool = False) -> Link | None:
        """Return the person's link. It may be a few seconds old unless `fresh`."""

    async def get_many(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """Return the current links of these people. People without a link are missing or None."""

    async def save(self, link: Link) -> None:
        """Insert or replace a link. An availability of another event or account is deleted.

        Raises:
            NotLinked: The person has left since the link's epoch began.
        """

    async def mark_refused(self, link: Link, at: datetime) -> bool:
        """Record that the link's token was refused. Return True only for the first record.

        A link that has replaced it is left alone.
        """

    async def set_unreachable(self, person: Person, reason: str | None) -> None:
        """Record why Slack rejects messages to the person, or None once it accepts them."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A person who was deleted."""

    epoch: Epoch
    linked: bool  # False if they had only begun to connect


class PeopleStore(Protocol):
    """The workspaces and people that are there. All that is kept of them is deleted with them."""

    async def enter_workspace(self, team: TeamId, at: datetime) -> TeamId:
        """Add the workspace unless it is known; return the one that the store belongs to."""

    async def enter(self, person: Person, epoch: Epoch, at: datetime) -> Epoch:
        """Add the person with this epoch unless they are known; return their epoch.

        Raises `NotLinked` if the workspace is not known: it removed the app.
        """

    async def forget(self, person: Person, until: datetime | None = None) -> Forgotten | None:
        """Delete the person, unless they connected after `until`."""

    async def forget_workspace(self, team: TeamId, until: datetime | None = None) -> list[Epoch]:
        """Delete the workspace with its people, but for who connected after `until`.

        Returns:
            The epochs of the people who were deleted.
        """

    async def delete_unlinked(self, team: TeamId, before: datetime) -> int:
        """Delete people who began to connect before this time and never did."""


class AvailabilityStore(Protocol):
    """Availabilities, at most one per person."""

    async def get(self, person: Person) -> Availability | None:
        """Return the person's availability."""

    async def list_all(self, team: TeamId) -> list[Availability]:
        """Return the availabilities of the workspace, oldest first."""

    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """Return the session's title from a recent availability, or ""."""

    async def save(self, availability: Availability) -> None:
        """Insert or replace an availability. Without a baseline it keeps its session's.

        Raises:
            NotLinked: The person has left since the availability's epoch began.
        """

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state. Return False if the person is no longer available in this session."""

    async def end(self, person: Person) -> bool:
        """Delete the person's availability. Return True only to the caller that deleted it."""


class MatchStore(Protocol):
    """Matches and the outcomes of their notices."""

    async def add(self, match: Match) -> bool:
        """Add a match. Return False if its id, or its (partner, ordinal), already exists.

        Unless its source is BEFORE, the person's availability in its session becomes IN_MEETING
        in the same transaction.

        Raises:
            NotLinked: The person has left since the match's epoch began.
        """

    async def add_baseline(
        self, availability: Availability, matches: Sequence[Match], at: datetime
    ) -> bool:
        """Add the matches of an availability's baseline, and record when that was read.

        Return False, and add nothing, if the availability has a baseline or has ended.
        """

    async def enrich(self, person: Person, match_id: MatchId, report: MatchReport) -> None:
        """Fill empty columns from a later report. Nothing is replaced."""

    async def get(self, person: Person, key: MatchId | Posted) -> Match | None:
        """Return the match with this id, including its call; or of this message, without it."""

    async def list_for(
        self, person: Person, event: EventSlug, session_id: SessionId | None = None
    ) -> list[Match]:
        """Return the matches at the event or in one session, newest first, without calls."""

    async def list_with(
        self, person: Person, event: EventSlug, session_id: SessionId, partner: Partner
    ) -> list[Match]:
        """Return at least the matches that may be with this partner, like `list_for`."""

    async def record_outcome(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None, at: datetime
    ) -> None:
        """Record the outcome of the match's notice. Later outcomes are ignored."""

    async def list_pending(self, team: TeamId) -> list[PendingMatch]:
        """Return the matches whose notices have no outcome yet, oldest first."""

    async def backlog(self, team: TeamId) -> Backlog:
        """Count the pending matches. The cost does not grow with the number of all matches."""

    async def list_rounds_over(
        self, team: TeamId, now: datetime, after: MatchId | None = None
    ) -> list[tuple[Person, MatchId]]:
        """Return sent matches whose round has ended but whose message does not say so yet.

        Oldest first, a few hundred at most, from the one `after` this match on. Answered and late
        ones are left out.
        """

    async def mark_round_over(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record that the message was edited for the end of the round, or will never be."""

    async def mark_answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Record which button of a match's message was pressed. Later presses are ignored."""


class CallLinkStore(Protocol):
    """Links to calls, and the deletion of closed calls' details."""

    async def add(self, link: CallLink) -> None:
        """Add a link; earlier ones remain valid. Raises `NotLinked` if the match is gone."""

    async def replace(self, link: CallLink) -> None:
        """Add a link and revoke the person's earlier ones to the same call. Raises like `add`."""

    async def get(self, team: TeamId, id_digest: str) -> CallLink | None:
        """Return a link by the digest of its id."""

    async def bind(self, team: TeamId, id_digest: str, browser_digest: str, at: datetime) -> bool:
        """Bind a valid link to a browser. True only for the first browser."""

    async def mark_opened(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record the first time that the button with the link was pressed."""

    async def record_visit(self, team: TeamId, id_digest: str, visit: Visit, at: datetime) -> None:
        """Record the first time that the call was joined, or the last time that it was left."""

    async def end_calls(self, team: TeamId, now: datetime) -> int:
        """Delete the details of closed calls and return the number of calls."""


class EventStore(Protocol):
    """Slack events that have already been handled."""

    async def record(self, team: TeamId, event_id: str, at: datetime) -> bool:
        """Record an event. Return True if it is new."""


class FailoverStore(Protocol):
    """The knowledge that the database may lack its latest rows."""

    async def recent(self) -> bool:
        """Return whether the rows moved to another server lately, which may lack the latest."""


class Store(Protocol):
    """All stored data, by aggregate.

    Every method identifies the workspace by a person or a team. It may raise
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
