"""The protocol for storing departures from sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from slackbot.domain.model import Departure, Person, SessionId, TeamId


class DepartureStore(Protocol):
    """A store for departures that the platform has not confirmed yet."""

    async def add(self, departure: Departure, next_try_at: datetime) -> None:
        """Insert the departure, or replace the person's departure from the same session."""

    async def list_of(self, person: Person) -> list[Departure]:
        """Return the person's departures."""

    async def list_all(self, team: TeamId) -> list[Departure]:
        """Return all departures of the workspace, oldest first."""

    async def list_due(self, team: TeamId, now: datetime) -> list[Departure]:
        """Return a batch of departures whose next attempt is due, the most overdue first."""

    async def claim(self, departure: Departure, next_try_at: datetime) -> bool:
        """Count an attempt and schedule the next one. Return True for the first caller only."""

    async def remove(self, person: Person, session_id: SessionId) -> bool:
        """Delete a departure. Return True if this call deleted it."""
