"""What people say about those whom they met: swapping contacts, and reports to admins."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from slackbot.domain.matching import person_key
from slackbot.domain.model import (
    Epoch,
    EventSlug,
    Link,
    Match,
    MatchId,
    Partner,
    Person,
    TeamId,
    UserId,
)


@dataclass(frozen=True, slots=True)
class Known:
    """A partner who is connected in the same workspace."""

    person: Person
    epoch: Epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """Contacts that two people swap, seen from one of them."""

    match: Match
    partner: Known
    # The person of the match as the platform has shown them to the partner, if that is known.
    person_as_met: Partner | None = None
    agreed_at: datetime
    channel: str | None = None  # their shared conversation, once it is open
    posting_at: datetime | None = None  # when the first attempt to post in it began
    settled_at: datetime | None = None

    @property
    def people(self) -> tuple[Person, Person]:
        """Both people."""
        return self.match.person, self.partner.person

    @property
    def key(self) -> str:
        """The key of the notice, which is sent once for each two people."""
        return swap_key(self.match.person_epoch, self.partner.epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A person's report of the partner of a match."""

    match: Match
    reason: str = field(repr=False)
    reported_at: datetime
    settled_at: datetime | None = None

    @property
    def key(self) -> str:
        """The key of the notice, which each admin gets once."""
        return report_key(self.match, self.reported_at)


def swap_key(one: Epoch, other: Epoch) -> str:
    """Return the key of the notice that two people swap contacts. It names only the first."""
    return person_key(one, "contacts_swapped", other)


def report_key(match: Match, reported_at: datetime) -> str:
    """Return the key of the notice that a match's partner was reported, at this time the latest."""
    return person_key(match.person_epoch, "report", match.id, reported_at.timestamp())


class ContactStore(Protocol):
    """Answers to swapping contacts. What one person has answered is never part of the other's."""

    async def partner_of(self, match: Match) -> Known | None:
        """Return the partner if they are connected here and the match is theirs too.

        That is decided by the Chime meeting or by both account ids, never by a name.
        """

    async def may_be_partner(self, match: Match) -> set[UserId]:
        """Return all who may be the partner, also if that is not sure or they have left."""

    async def has_answered(self, person: Person, partner: Person) -> bool:
        """Return whether the person has answered about this partner."""

    async def answer(self, match: Match, partner: Known, at: datetime, *, wanted: bool) -> bool:
        """Record the person's answer, which replaces an earlier one. Return whether both agree.

        Once both have agreed, nothing is changed.

        Raises:
            NotLinked: One of them has been deleted.
        """

    async def withdraw(self, match: Match, partner: Known) -> bool:
        """Delete the person's answer, unless both have agreed. Return whether they have."""

    async def get_swap(self, person: Person, match_id: MatchId) -> Swap | None:
        """Return what the person and the partner of this match have agreed on, or None."""

    async def save_channel(self, swap: Swap, channel: str) -> None:
        """Record the shared conversation."""

    async def claim_post(self, swap: Swap, at: datetime) -> bool:
        """Record that the first attempt to post begins. Return True for the first call only."""

    async def release_post(self, swap: Swap) -> None:
        """Record that the attempt has certainly had no effect."""

    async def settle(self, swap: Swap, outcome: str, at: datetime) -> None:
        """Record how the swap ended."""

    async def list_pending(self, team: TeamId) -> list[tuple[Person, MatchId]]:
        """Return the swaps that have not been settled, by their first person."""


class ReportStore(Protocol):
    """Reports of partners."""

    async def add(self, report: Report) -> None:
        """Add a report, together with the words of an earlier one that not all admins have."""

    async def get(self, person: Person, match_id: MatchId) -> Report | None:
        """Return the report of a match."""

    async def settle(self, report: Report, at: datetime) -> None:
        """Record that all admins have the report, and delete its words, unless it was added to."""

    async def list_pending(self, team: TeamId) -> list[tuple[Person, MatchId]]:
        """Return the reports that not all admins have."""


class OtherLinkStore(Protocol):
    """A person's links to events that are not their active one."""

    async def list_all(self, person: Person) -> list[Link]:
        """Return the links, by the name of the event."""

    async def activate(self, person: Person, event: EventSlug, at: datetime) -> Link | None:
        """Make this event the active one and end the availability. Return its link, if any.

        That counts as a use of the link.
        """

    async def remove(self, person: Person, event: EventSlug, at: datetime) -> bool:
        """Delete the link to this event. Matches stay. Return True if there was one.

        If it was the active event, the latest other link that can be used `at` this time takes its
        place, or else the latest one.
        """
