"""Pauses that end by themselves, openings that people wait for, and their store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slackbot.domain.model import Epoch, EventSlug, Person, SessionId, TeamId


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """A pause after which the person is available again in the session that they were in.

    If it `opens`, the person is not in the session yet, which opens at that time.
    """

    person: Person
    person_epoch: Epoch
    event: EventSlug
    session_id: SessionId
    session_title: str
    asked_at: datetime
    until: datetime
    session_ends_at: datetime | None = None
    tries: int = 0
    # When the availability was stored again. The notice of it may still have to be submitted.
    resumed_at: datetime | None = None
    opens: bool = False


class SnoozePostponed(Exception):
    """The person is in a round of another session when the one that they wait for opens."""


class SnoozeEnded(Exception):
    """The person has ended the pause themselves, or has left. Nobody hears of it."""


class SnoozeStore(Protocol):
    """The pauses that end by themselves, at most one for each person."""

    async def add(self, snooze: Snooze) -> None:
        """Insert the pause, or replace the person's.

        Raises:
            NotLinked: The person has been deleted since the epoch began.
        """

    async def get(self, person: Person) -> Snooze | None:
        """Return the person's pause, unless its end has been handled."""

    async def list_due(self, team: TeamId, now: datetime) -> list[Snooze]:
        """Return a batch of pauses whose end is due, the most overdue first."""

    async def claim(self, snooze: Snooze, next_try_at: datetime) -> bool:
        """Count an attempt and schedule the next one. Return True for the first caller only."""

    async def remove(self, person: Person, asked_at: datetime | None = None) -> bool:
        """Delete the person's pause, or only the one of this time. Return whether it existed."""
