"""The protocol for deleting rows that are older than anybody may keep them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from slackbot.domain.model import Epoch, Person, TeamId


class RetentionStore(Protocol):
    """Deletes old rows of a workspace, in batches that hold no lock for long.

    A method that deletes has to be called again until it deletes nothing.
    """

    async def claim(self, team: TeamId, now: datetime, every: timedelta) -> bool:
        """Return True for the first process that calls it in this period, and False for others.

        It is False for all of them after a gap that a wrong clock would explain.
        """

    async def delete_matches(self, team: TeamId, before: datetime) -> int:
        """Delete matches that were received before this time, with the links to their calls."""

    async def delete_notices(self, team: TeamId, before: datetime) -> int:
        """Delete what is stored about messages that were sent before this time."""

    async def delete_links(self, team: TeamId, before: datetime) -> list[Person]:
        """Delete the links that nobody has used since, unless the person is available."""

    async def delete_people(self, team: TeamId, before: datetime) -> list[Epoch]:
        """Delete people who have neither a link nor a match, and return their epochs."""
