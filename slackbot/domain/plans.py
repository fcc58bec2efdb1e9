"""The sessions that a person plans to be in, and the recap after an event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slackbot.domain.model import Epoch, EventSlug, Link, Person, Session, SessionId, TeamId
from slackbot.domain.preferences import REMINDER_MINUTES, NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSession:
    """A session that a person has joined, or asked to be reminded of. Its text is untrusted."""

    person: Person
    person_epoch: Epoch
    event: EventSlug
    session_id: SessionId
    session_title: str
    location: str | None = None
    starts_at: datetime
    ends_at: datetime | None = None
    joined: bool = False  # as the platform said when it was last asked
    # Whether they want to be reminded, if they said so. Otherwise who has joined is reminded.
    wanted: bool | None = None
    # How long before its start, if they said so. Otherwise what they have set for all.
    lead_minutes: int | None = None
    # The start of which they were reminded. A session that is moved is another occasion.
    reminded_for: datetime | None = None

    @property
    def is_wanted(self) -> bool:
        """True if the person is to be reminded."""
        return self.joined if self.wanted is None else self.wanted


def planned(link: Link, session: Session, *, joined: bool) -> PlannedSession | None:
    """Return the plan for a session, or None if it is unknown when it starts."""
    if session.starts_at is None:
        return None
    return PlannedSession(
        person=link.person,
        person_epoch=link.person_epoch,
        event=link.event,
        session_id=session.id,
        session_title=session.title,
        location=session.location,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        joined=joined,
    )


@dataclass(frozen=True, slots=True)
class UpcomingReminder:
    """A plan of which its person was not reminded yet, and what they have set."""

    plan: PlannedSession
    minutes: int = REMINDER_MINUTES  # before the start; 0 means never
    muted: frozenset[NoticeKind] = frozenset()


class PlanStore(Protocol):
    """The planned sessions of people. May raise `StoreUnavailable`."""

    async def get(
        self, person: Person, event: EventSlug, session_id: SessionId
    ) -> PlannedSession | None:
        """Return the person's plan for the session."""

    async def save(self, plans: Sequence[PlannedSession]) -> None:
        """Insert plans, or update what the platform says. What the person wants is kept.

        Raises:
            NotLinked: The person has been deleted since the plan's epoch began.
        """

    async def sync(self, link: Link, joined: Sequence[PlannedSession], now: datetime) -> None:
        """Save the sessions that the person has joined at the event.

        Others that start later are not joined any more. Plans of sessions that began more than two
        days ago are deleted.

        Raises:
            NotLinked: The person has been deleted since the link's epoch began.
        """

    async def set_wanted(self, plan: PlannedSession, wanted: bool) -> None:
        """Record whether the person wants to be reminded. The plan is inserted if it is new.

        Its lead time is recorded too, if it has one.

        Raises:
            NotLinked: The person has been deleted since the plan's epoch began.
        """

    async def list_upcoming(
        self, team: TeamId, now: datetime, until: datetime
    ) -> list[UpcomingReminder]:
        """Return the wanted plans that start within this time, of which nobody was reminded."""

    async def mark_reminded(self, plan: PlannedSession) -> None:
        """Record that the person was reminded of this start."""

    async def claim_reads(
        self, team: TeamId, now: datetime, before: datetime, limit: int
    ) -> list[Person]:
        """Return linked people whose joined sessions were not read since, each to one caller.

        What is not recorded as read within a minute can be claimed again.
        """

    async def record_read(self, link: Link, at: datetime) -> None:
        """Record that what the person has joined was read."""


class RecapStore(Protocol):
    """Who was sent a recap of which event. May raise `StoreUnavailable`."""

    async def list_due(
        self, team: TeamId, since: datetime
    ) -> list[tuple[Person, Epoch, EventSlug]]:
        """Return who was matched at an event since then, and has no recap of it."""

    async def record(self, person: Person, epoch: Epoch, event: EventSlug, at: datetime) -> None:
        """Record that the person was sent the recap of the event."""

    async def claim_read(
        self, team: TeamId, event: EventSlug, now: datetime, before: datetime
    ) -> bool:
        """Return True to one caller if the event's sessions were not read since `before`."""

    async def save_end(self, team: TeamId, event: EventSlug, ends_at: datetime | None) -> None:
        """Record when the last session of the event ends."""

    async def get_end(self, team: TeamId, event: EventSlug) -> datetime | None:
        """Return when the last session of the event ends, as far as that is known."""
