"""The people whose state has changed since the last time that somebody asked."""

from __future__ import annotations

import asyncio

from slackbot.domain.model import Person
from slackbot.domain.surfaces import NO_SURFACES, Surfaces

# How long changes are collected before they are returned together, in seconds. One command often
# writes several rows.
TOGETHER_SECONDS = 0.2


class ChangedPeople:
    """Implements `Changes`. A person who changes several times is returned once."""

    def __init__(self) -> None:
        self._people: dict[Person, Surfaces] = {}
        self._added = asyncio.Event()

    def add(self, person: Person, deleted: Surfaces = NO_SURFACES) -> None:
        """Add a person, with the surfaces whose rows were deleted."""
        known = self._people.get(person, NO_SURFACES)
        self._people[person] = known if deleted == NO_SURFACES else deleted
        self._added.set()

    async def take(self) -> dict[Person, Surfaces]:
        """Wait for changes, and return those of the next moment together."""
        await self._added.wait()
        await asyncio.sleep(TOGETHER_SECONDS)
        self._added.clear()
        people, self._people = self._people, {}
        return people
