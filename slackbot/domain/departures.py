"""The port of departures: sessions that people have left, until the platform confirms it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from slackbot.domain.model import Departure, Person, SessionId, TeamId


class DepartureStore(Protocol):
    """Sessions that linked people have left, until the platform confirms it."""

    async def add(self, departure: Departure, next_try_at: datetime) -> None:
        """Add a departure, or replace the one from this session."""

    async def list_of(self, person: Person) -> list[Departure]:
        """Return the person's departures."""

    async def list_due(self, team: TeamId, now: datetime) -> list[Departure]:
        """Return some departures whose next try is due, the longest overdue first."""

    async def claim(self, departure: Departure, next_try_at: datetime) -> bool:
        """Count a try and set the time of the next. Return True only to the first caller."""

    async def remove(self, person: Person, session_id: SessionId) -> bool:
        """Delete a departure. Return True only to the caller that deleted it."""
