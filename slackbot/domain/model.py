"""The domain's values, all immutable. The README uses the same terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from pydantic import SecretStr

TeamId = NewType("TeamId", str)
UserId = NewType("UserId", str)
EventSlug = NewType("EventSlug", str)
SessionId = NewType("SessionId", int)
MatchId = NewType("MatchId", str)
Epoch = NewType("Epoch", str)


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user. User ids are unique only within a workspace, so the two go together."""

    team: TeamId
    user: UserId


class AuthScheme(StrEnum):
    """Forms of the `Authorization` header: the bare token, or `Bearer` and the token."""

    BARE = "bare"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A person's Accelevents token for one event."""

    person: Person
    # Random, drawn when the person first connects; after they are deleted it never returns. What
    # is kept of the person names it, so nothing can be written for somebody who has left.
    person_epoch: Epoch
    event: EventSlug
    token: SecretStr
    auth_scheme: AuthScheme
    linked_at: datetime
    # SHA-256 of the event and the pasted credential: submitting both again changes nothing.
    credential_digest: str
    account_id: int | None = None
    expires_at: datetime | None = None
    refused_at: datetime | None = None  # when Accelevents first refused the token
    unreachable: str | None = None  # Slack's error code, while it rejects messages to the person

    @property
    def account(self) -> str:
        """The account's id as a word, or "" if it is unknown."""
        return "" if self.account_id is None else str(self.account_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A token, with the account and expiry that Accelevents returns for a magic link."""

    token: SecretStr
    account_id: int | None = None
    expires_at: datetime | None = None


class SessionScope(StrEnum):
    """A selection of an event's sessions."""

    LIVE = "live"
    UPCOMING = "upcoming"
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A networking session of an event (`format` `MEET_UP`). Times are UTC, or None if unknown."""

    id: SessionId
    title: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    tracks: tuple[str, ...] = ()
    location: str | None = None
    registered: bool = False
    capacity: int | None = None
    taken: int | None = None


class AttendeeStatus(StrEnum):
    """An attendee's status, named as in the platform's API."""

    AVAILABLE = "CHECK_IN_AVAILABLE"
    LEFT = "LEFT"


class State(StrEnum):
    """The state of an availability. A person who is not available has none."""

    AVAILABLE = "available"
    IN_MEETING = "in_meeting"
    # Paused but not confirmed: the feed stays open and the request to leave is repeated.
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """A person's request to be matched in one session, from `available` until it ends."""

    person: Person
    person_epoch: Epoch
    event: EventSlug
    session_id: SessionId
    session_title: str
    state: State
    since: datetime
    session_ends_at: datetime | None = None
    # When the match list was first read. Until then, what it lists is not known to be missed.
    baseline_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A session that a person has left and that the platform has not confirmed yet."""

    person: Person
    person_epoch: Epoch
    event: EventSlug
    session_id: SessionId
    left_at: datetime
    tries: int = 0  # since the first, which was not confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """The other person of a match. All texts come from the platform and are untrusted."""

    name: str
    account_id: int | None = None
    title: str | None = None
    company: str | None = None
    picture: str | None = None  # an `https` address

    @property
    def role(self) -> str:
        """Title and company, as far as known."""
        return ", ".join(part for part in (self.title, self.company) if part)


@dataclass(frozen=True, slots=True)
class Call:
    """The Chime meeting and this person's attendee: a credential, never shown or logged."""

    meeting: Mapping[str, Any] = field(repr=False)
    attendee: Mapping[str, Any] = field(repr=False)


class Source(StrEnum):
    """The source of a match."""

    SOCKET = "socket"
    LIST = "list"
    BEFORE = "before"  # listed before the person became available: known, never sent


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchReport:
    """One report of a match, by socket or match list. Several may concern the same match."""

    partner: Partner
    session_id: SessionId | None = None
    raw_time: str | None = None  # `matTimeDate` verbatim; its zone is unknown, so only compared
    matched_at: datetime | None = None  # the same, read in the configured zone; only displayed
    meeting_digest: str | None = None  # SHA-256 of the Chime `MeetingId`
    call: Call | None = None
    round_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One pairing of the person; `ordinal` counts those with the same partner, from 1."""

    id: MatchId
    person: Person
    person_epoch: Epoch
    event: EventSlug
    account: str = ""  # the person's account that was matched, as `Link.account`
    session_id: SessionId
    session_title: str
    partner: Partner
    partner_key: str
    ordinal: int
    source: Source
    received_at: datetime
    raw_time: str | None = None
    matched_at: datetime | None = None
    meeting_digest: str | None = None
    call: Call | None = None
    ends_at: datetime | None = None
    settled_at: datetime | None = None  # when its notice was sent or given up
    outcome: str | None = None  # of the notice; the values are in `services.notices`
    channel: str | None = None
    ts: str | None = None
    over_at: datetime | None = None  # when the message was edited to say that the round is over
    answer: str | None = None  # the command of the button that was pressed first

    @property
    def late(self) -> bool:
        """True if the match came from the match list because the socket missed it."""
        return self.source is Source.LIST


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """The state of a person's feed, and since when."""

    connected: bool
    changed_at: datetime
    failure: str | None = None  # the last one in a word: `refused`, `timeout`, `unreachable`, …
