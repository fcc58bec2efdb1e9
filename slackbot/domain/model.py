"""The things the bot speaks of, each an immutable value. The words are those of the README."""

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


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack person. User ids are unique only within a workspace, so both travel together."""

    team: TeamId
    user: UserId


class AuthScheme(StrEnum):
    """How the token stands in the `Authorization` header."""

    BARE = "bare"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A Slack person ↔ their Accelevents token for one event."""

    person: Person
    event: EventSlug
    token: SecretStr
    auth_scheme: AuthScheme
    linked_at: datetime
    credential_digest: str
    """SHA-256 of what was pasted: the same credential submitted again is already done."""
    account_id: int | None = None
    expires_at: datetime | None = None
    refused_at: datetime | None = None
    """When Accelevents stopped taking the token; the person was told then."""
    unreachable: str | None = None
    """Slack's word for why it takes no message to the person, while that is so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What Accelevents gives for a magic link."""

    token: SecretStr
    account_id: int | None
    expires_at: datetime | None


class SessionScope(StrEnum):
    """Which sessions of an event are asked for."""

    LIVE = "live"
    UPCOMING = "upcoming"
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A networking session (`format` `MEET_UP`) of an event. Times are UTC, unknown as None."""

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
    """Values of the platform's status call."""

    AVAILABLE = "CHECK_IN_AVAILABLE"
    LEFT = "LEFT"


class State(StrEnum):
    """Where a person stands between two matches; no availability at all means off."""

    AVAILABLE = "available"
    IN_MEETING = "in_meeting"
    LEAVING = "leaving"
    """They paused, but the platform has not confirmed it: it is told again, and we still listen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """A person's wish to be matched in one session."""

    person: Person
    event: EventSlug
    session_id: SessionId
    session_title: str
    state: State
    since: datetime
    session_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """The other person of a match, as the platform tells it: foreign text throughout."""

    name: str
    account_id: int | None = None
    title: str | None = None
    company: str | None = None
    picture: str | None = None
    """An `https` address, or None."""

    @property
    def role(self) -> str:
        """Title and company, as far as they are known."""
        return ", ".join(part for part in (self.title, self.company) if part)


@dataclass(frozen=True, slots=True)
class Call:
    """The Chime meeting and this person's attendee: a credential, never shown, never in a log."""

    meeting: Mapping[str, Any] = field(repr=False)
    attendee: Mapping[str, Any] = field(repr=False)


class Source(StrEnum):
    """Who told us of a match."""

    SOCKET = "socket"
    LIST = "list"
    BEFORE = "before"
    """In the match list already when the person became available: known, never told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchReport:
    """One telling of a match by socket or match list; several may speak of the same match."""

    partner: Partner
    session_id: SessionId | None = None
    raw_time: str | None = None
    """`matTimeDate` as the platform wrote it; its zone is unknown, so it is only compared."""
    matched_at: datetime | None = None
    """The same moment read in the configured zone: for people's eyes, never for decisions."""
    meeting_digest: str | None = None
    """SHA-256 of the Chime `MeetingId`, which itself is kept only inside the sealed call."""
    call: Call | None = None
    round_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One pairing told by the platform; `ordinal` counts those of the same two people."""

    id: MatchId
    person: Person
    event: EventSlug
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
    settled_at: datetime | None = None
    outcome: str | None = None
    """`told`, or the reason why the notice was finally refused."""
    channel: str | None = None
    ts: str | None = None
    over_at: datetime | None = None
    """When the message came to say that the round is over."""
    answer: str | None = None
    """Which of the message's buttons was pressed first, by its command's name; None is silence."""

    @property
    def late(self) -> bool:
        """Found through the match list only: the socket missed it."""
        return self.source is Source.LIST


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """What is known of a person's feed: connected or not, and since when."""

    connected: bool
    changed_at: datetime
    failure: str | None = None
    """A word for the last failure (`refused`, `timeout`, `unreachable`, …), never its text."""
