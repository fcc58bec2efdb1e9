"""The immutable values of the domain. The glossary in CONTRIBUTING.md has the same terms."""

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
    """A Slack user, identified by workspace and user id because user ids alone are not unique."""

    team: TeamId
    user: UserId


class AuthScheme(StrEnum):
    """The format of the `Authorization` header: the token alone, or `Bearer` and the token."""

    BARE = "bare"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A person's Accelevents token for one event."""

    person: Person
    # A random value that is created when the person first connects and is never reused. Every row
    # of the person contains it, so a delayed write fails after the person has been deleted.
    person_epoch: Epoch
    event: EventSlug
    token: SecretStr
    auth_scheme: AuthScheme
    linked_at: datetime
    # SHA-256 of the event and the pasted credential, to recognise a repeated submission.
    credential_digest: str
    account_id: int | None = None
    account_name: str | None = None  # from the platform, so it is untrusted
    expires_at: datetime | None = None
    refused_at: datetime | None = None  # when Accelevents first rejected the token
    unreachable: str | None = None  # Slack's error code while messages to the person are rejected
    used_at: datetime | None = None  # a time on the day of the last use, if it is a later day

    @property
    def account(self) -> str:
        """The account id as a string, or "" if it is unknown."""
        return "" if self.account_id is None else str(self.account_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A token with its account and expiry, as Accelevents returns them for a magic link."""

    token: SecretStr
    account_id: int | None = None
    account_name: str | None = None
    expires_at: datetime | None = None


class SessionScope(StrEnum):
    """The phase by which an event's sessions are filtered."""

    LIVE = "live"
    UPCOMING = "upcoming"
    PAST = "past"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A networking session (`format` is `MEET_UP`). Times are in UTC, or None if unknown."""

    id: SessionId
    title: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    tracks: tuple[str, ...] = ()
    location: str | None = None
    registered: bool = False
    capacity: int | None = None
    taken: int | None = None
    description: str | None = None  # its first line
    speakers: tuple[str, ...] = ()
    recorded: bool = False
    private: bool = False  # only those who are registered see and join it

    @property
    def by_invitation(self) -> bool:
        """True if the person has no place, and cannot get one in the bot."""
        return self.private and not self.registered

    @property
    def is_full(self) -> bool:
        """True if all places are taken."""
        return bool(self.capacity) and (self.taken or 0) >= (self.capacity or 0)


class AttendeeStatus(StrEnum):
    """An attendee's status, named as in the platform's API."""

    AVAILABLE = "CHECK_IN_AVAILABLE"
    LEFT = "LEFT"


class State(StrEnum):
    """The state of an availability."""

    AVAILABLE = "available"
    IN_MEETING = "in_meeting"
    # The platform has not confirmed that the person left: the feed stays open, and the request to
    # leave is retried.
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """A person's request to be matched in a session, which lasts from `available` to its end."""

    person: Person
    person_epoch: Epoch
    event: EventSlug
    session_id: SessionId
    session_title: str
    state: State
    since: datetime
    session_ends_at: datetime | None = None
    # When the match list was first read. Matches that were listed then are not sent to the person.
    baseline_at: datetime | None = None
    # False while the platform may not know of it, because it has not responded to the request.
    confirmed: bool = True
    reacted_at: datetime | None = None  # the last command or press, as far as one was recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A person's departure from a session, which the platform has not confirmed yet."""

    person: Person
    person_epoch: Epoch
    event: EventSlug
    session_id: SessionId
    left_at: datetime
    tries: int = 0  # attempts after the first one, which was not confirmed


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """The other person of a match. All text comes from the platform and is untrusted."""

    name: str
    account_id: int | None = None
    title: str | None = None
    company: str | None = None
    picture: str | None = None  # an `https` address

    @property
    def role(self) -> str:
        """The title and the company, as far as they are known."""
        return ", ".join(part for part in (self.title, self.company) if part)


@dataclass(frozen=True, slots=True)
class Call:
    """A Chime meeting and the person's attendee credentials, which are never shown or logged."""

    meeting: Mapping[str, Any] = field(repr=False)
    attendee: Mapping[str, Any] = field(repr=False)


class Source(StrEnum):
    """The source of a match."""

    SOCKET = "socket"
    LIST = "list"
    BEFORE = "before"  # listed before the person became available, so never sent


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchReport:
    """A report of a match by the socket or the match list. A match may be reported repeatedly."""

    partner: Partner
    session_id: SessionId | None = None
    raw_time: str | None = None  # `matTimeDate` verbatim; only compared, as its zone is unknown
    matched_at: datetime | None = None  # the same time in the configured zone, for display only
    meeting_digest: str | None = None  # SHA-256 of the Chime `MeetingId`
    call: Call | None = None
    round_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A pairing of the person. `ordinal` numbers the pairings with the same partner from 1."""

    id: MatchId
    person: Person
    person_epoch: Epoch
    event: EventSlug
    account: str = ""  # the person's account, in the form of `Link.account`
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
    settled_at: datetime | None = None  # when its notice was sent or abandoned
    outcome: str | None = None  # the notice's outcome; see `services.notices` for the values
    channel: str | None = None
    ts: str | None = None
    over_at: datetime | None = None  # when the message was edited to say that the round is over
    answer: str | None = None  # the command of the button that was clicked first
    talked: bool | None = None  # what the person says, if anything
    declined_at: datetime | None = None  # when the person said that they can't make it
    declines: int = 0  # how often they said so or took it back

    @property
    def late(self) -> bool:
        """True if the match came from the match list because the socket missed it."""
        return self.source is Source.LIST


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """The state of a person's feed and the time of its last change."""

    connected: bool
    changed_at: datetime
    failure: str | None = None  # the last failure, such as `refused`, `timeout` or `unreachable`
