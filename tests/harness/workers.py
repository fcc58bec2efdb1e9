"""The tables of workers and feeds, as each of several processes on one database uses them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.domain.workers import HeartbeatResult, Role
from slackbot.storage.database import Database
from slackbot.storage.feeds import SqlDesiredFeeds
from slackbot.storage.workers import SqlWorkerRegistry


class Process:
    """One process. It is not registered yet."""

    def __init__(self, database: Database, boot_id: str, role: Role = Role.WORKER) -> None:
        self.registry = SqlWorkerRegistry(database, boot_id=boot_id, role=role)
        self.desired = SqlDesiredFeeds(database, boot_id=boot_id)

    async def heartbeat(self, *, detect_stalled: bool = True) -> HeartbeatResult:
        """Send a heartbeat that must not find the lease lost."""
        result = await self.registry.heartbeat(detect_stalled=detect_stalled)
        assert result is not None
        return result

    async def owned(self, *, detect_stalled: bool = True) -> set[Person]:
        """Send a heartbeat, and return the people whose feeds the process then owns."""
        result = await self.heartbeat(detect_stalled=detect_stalled)
        return {feed.person for feed in result.owned}

    async def is_up(self, person: Person) -> bool:
        """Return whether the feed is connected as far as the process knows."""
        health = await self.desired.health(person)
        return health is not None and health.connected


class Workers:
    """The processes on one database."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def process(self, boot_id: str, role: Role = Role.WORKER) -> Process:
        """Return a process that is not registered."""
        return Process(self.database, boot_id, role)

    async def start(self, boot_id: str, role: Role = Role.WORKER) -> Process:
        """Return a registered process."""
        process = self.process(boot_id, role)
        await process.registry.register()
        return process

    async def expire(self, boot_id: str) -> None:
        """Let a worker's lease expire now."""
        expired = text("UPDATE workers SET expires_at = clock_timestamp() WHERE boot_id = :boot_id")
        await self.database.write(lambda c: c.execute(expired, {"boot_id": boot_id}))

    async def move_back(self, column: str, time: timedelta) -> None:
        """Move a time of every worker into the past."""
        earlier = text(f"UPDATE workers SET {column} = {column} - :time")
        await self.database.write(lambda c: c.execute(earlier, {"time": time}))


def people(number: int) -> list[Person]:
    """Return this many people of one workspace."""
    return [Person(TeamId("T1"), UserId(f"U{n:03}")) for n in range(number)]
