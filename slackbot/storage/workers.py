"""Leases and feeds in the database. What time it is, the database says: clocks differ.

These tables are the workers', who serve every workspace; nothing in them is told to anybody.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    DateTime,
    Row,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from slackbot.domain.model import FeedHealth, Person, SessionId
from slackbot.domain.workers import (
    LEASE,
    RECOVERY,
    SETTLED,
    HeartbeatResult,
    Role,
    fair_share,
    surplus,
)
from slackbot.storage import feeds as feed_rows
from slackbot.storage.database import Database, raise_unavailable
from slackbot.storage.executors import Work
from slackbot.storage.mappers import person_of
from slackbot.storage.tables import FeedRow, WorkerRow

T = TypeVar("T")

_WORKERS = select(
    WorkerRow.boot_id,
    WorkerRow.role,
    WorkerRow.started_at,
    WorkerRow.expires_at,
    select(func.count()).select_from(FeedRow).scalar_subquery().label("feeds"),
)

BEAT_TIMEOUT_SECONDS = 2.0
FEEDS_CHANNEL = "slackbot_feeds"
"""Of NOTIFY: a feed is wanted, or no longer."""


class SqlLeases:
    """The port `Leases` for one process."""

    def __init__(self, database: Database, *, boot_id: str, role: Role) -> None:
        self._database = database
        # However many others wait for the database: a beat that waits with them costs the lease.
        self._beats = database.dedicated_connection()
        self._boot_id = boot_id
        self._role = role

    async def register(self) -> timedelta | None:
        """Become a worker, and ask for the feeds of wishes that stand without one.

        Returns:
            How long nobody was alive before that; None when nobody ever was.
        """

        def work(connection: Connection) -> timedelta | None:
            now = self._now(connection)
            last = connection.scalar(select(func.max(WorkerRow.expires_at)))
            connection.execute(
                insert(WorkerRow).values(
                    boot_id=self._boot_id,
                    host=socket.gethostname(),
                    role=self._role.value,
                    started_at=now,
                    expires_at=now + LEASE,
                )
            )
            if not self._database.single_process:
                connection.execute(self._missing(now))
            return max(now - last, timedelta()) if last is not None else None

        return await self._write(work)

    async def heartbeat(self, *, judge: bool) -> HeartbeatResult | None:
        """Renew the lease and look round, in one transaction; None when the lease is lost."""

        def work(connection: Connection) -> HeartbeatResult | None:
            # Few statements: on a busy machine each waits for everything else that goes on here.
            now = self._renewed(connection)
            if now is None:
                return None
            workers = connection.execute(_WORKERS).fetchall()
            dead = tuple(it.boot_id for it in workers if judge and it.expires_at <= now)
            lapse = self._lapse(workers, now)
            if not self._role.holds_feeds:
                health = self._health_of_others(connection)
                return HeartbeatResult((), frozenset(), (), dead, health, lapse)
            holders = [it for it in workers if it.boot_id not in dead and Role(it.role).holds_feeds]
            total = workers[0].feeds
            return replace(self._share(connection, holders, total, now), dead=dead, lapse=lapse)

        return await self._once(work)

    def _renewed(self, connection: Connection) -> datetime | None:
        """Renew the lease; what time it is, or None when the lease is lost."""
        ours = (WorkerRow.boot_id == self._boot_id, WorkerRow.recovering_by.is_(None))
        until: Any = datetime.now(UTC) + LEASE
        if not self._database.single_process:
            until = func.clock_timestamp(type_=DateTime(timezone=True)) + LEASE
        renewed = update(WorkerRow).where(*ours).values(expires_at=until)
        at = connection.scalar(renewed.returning(WorkerRow.expires_at))
        return at - LEASE if at is not None else None

    def _lapse(self, workers: Sequence[Any], now: datetime) -> float:
        others: list[timedelta] = [
            it.expires_at - now for it in workers if it.boot_id != self._boot_id
        ]
        return min([LEASE, *(left for left in others if left > timedelta())]).total_seconds()

    def _share(
        self, connection: Connection, holders: Sequence[Any], total: int, now: datetime
    ) -> HeartbeatResult:
        settled = [it for it in holders if it.started_at <= now - SETTLED]
        share = fair_share(total, len(settled or holders))
        mine = connection.execute(feed_rows.feeds().where(FeedRow.owner == self._boot_id)).all()
        lost: list[Row[Any]] = []
        if len(mine) < share:
            living = [it.boot_id for it in holders]
            lost = self._claim(connection, living, share - len(mine))
        over = surplus(len(mine), share)
        # The latest go, and those first that are not up: they have nothing to lose.
        spare = sorted(mine, key=lambda it: not it.connected)[len(mine) - over :]
        return HeartbeatResult(
            mine=tuple(feed_rows.wanted(it) for it in (*mine, *lost)),
            taken_over=frozenset(person_of(it) for it in lost if it.epoch > 0),
            surplus=tuple(map(person_of, spare)),
            dead=(),
            health=self._health_of_others(connection) if self._role.answers else None,
        )

    def _claim(self, connection: Connection, living: Sequence[str], most: int) -> list[Row[Any]]:
        """Take feeds that nobody living owns; two who look at once do not take the same."""
        ownerless = or_(FeedRow.owner.is_(None), FeedRow.owner.not_in(living))
        found = connection.execute(
            feed_rows.feeds().where(ownerless).limit(most).with_for_update(skip_locked=True)
        ).all()
        if found:
            taken = update(FeedRow).where(feed_rows.of_any(person_of(it) for it in found))
            owned = {"owner": self._boot_id, "epoch": FeedRow.epoch + 1, "connected": False}
            connection.execute(taken.values(owned))
        return list(found)

    async def request_feed(self, person: Person, session_id: SessionId) -> None:
        """Ask for a feed; who holds feeds takes it at once unless a living worker has it."""

        def work(connection: Connection) -> None:
            now = self._now(connection)
            owner = self._boot_id if self._role.holds_feeds else None
            new = self._database.insert(FeedRow).values(
                feed_rows.asked_for(person, session_id, now)
                | {"owner": owner, "epoch": int(bool(owner))}
            )
            held = FeedRow.owner.in_(feed_rows.living(now))
            changed = {
                "session_id": session_id,
                "wanted_at": now,
                "owner": case((held, FeedRow.owner), else_=literal(owner)),
                # What a dead holder said last is not true any more.
                "connected": case((held, FeedRow.connected), else_=literal(False)),
            }
            connection.execute(
                new.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=changed)
            )
            self._wake(connection)

        await self._write(work)

    async def request_missing_feeds(self) -> None:
        """Ask for the feeds of standing wishes that have none, whatever became of them."""
        await self._write(
            lambda connection: connection.execute(self._missing(self._now(connection)))
        )

    async def cancel_feed(self, person: Person, version: datetime | None = None) -> None:
        """The feed is no longer needed; given a version, only if it was not asked for since."""

        def work(connection: Connection) -> None:
            unwanted = delete(FeedRow).where(feed_rows.of_any([person]))
            if version is not None:
                unwanted = unwanted.where(FeedRow.wanted_at == version)
            connection.execute(unwanted)
            self._wake(connection)

        await self._write(work)

    async def release(self, people: Sequence[Person]) -> None:
        """Give feeds up, to be taken by others."""

        def work(connection: Connection) -> None:
            ours = and_(feed_rows.of_any(people), FeedRow.owner == self._boot_id)
            connection.execute(update(FeedRow).where(ours).values(owner=None, connected=False))
            self._wake(connection)

        if people:
            await self._write(work)

    async def note(self, healths: Mapping[Person, FeedHealth]) -> None:
        """Tell the others how feeds of ours are."""
        # Always in the same order, so that two who write many do not wait for each other.
        people = sorted(healths, key=lambda it: (it.team, it.user))
        values = [feed_rows.health_values(it, healths[it]) for it in people]
        if values:
            noted = feed_rows.noted(self._boot_id)
            await self._write(lambda connection: connection.execute(noted, values))

    async def health(self, person: Person) -> FeedHealth | None:
        """How a feed is, as its owner says."""
        now = datetime.now(UTC) if self._database.single_process else func.clock_timestamp()
        row = await self._database.fetch_one(
            feed_rows.health(now).where(feed_rows.of_any([person]))
        )
        return feed_rows.health_of(row) if row is not None else None

    async def claim_recovery(self, dead: str) -> bool:
        """Whether it is us who take over from a dead worker."""

        def work(connection: Connection) -> bool:
            now = self._now(connection)
            free = or_(WorkerRow.recovering_until.is_(None), WorkerRow.recovering_until < now)
            won = (
                update(WorkerRow)
                .where(WorkerRow.boot_id == dead, WorkerRow.expires_at <= now, free)
                .values(recovering_by=self._boot_id, recovering_until=now + RECOVERY)
            )
            return connection.execute(won).rowcount > 0

        return await self._write(work)

    async def delete_worker(self, dead: str) -> None:
        """Forget a dead worker from whom everything was taken over."""
        await self._database.execute(delete(WorkerRow).where(WorkerRow.boot_id == dead))

    async def retire(self) -> None:
        """Give up all feeds and take no more: from now on we count as one that holds none."""
        self._role = Role.WEB

        def work(connection: Connection) -> None:
            ours = update(FeedRow).where(FeedRow.owner == self._boot_id)
            connection.execute(ours.values(owner=None, connected=False))
            us = update(WorkerRow).where(WorkerRow.boot_id == self._boot_id)
            connection.execute(us.values(role=self._role.value))
            self._wake(connection)

        await self._write(work)

    async def leave(self) -> None:
        """Give up all feeds; the row stays, lapsed, until somebody has taken over our notices."""

        def work(connection: Connection) -> None:
            now = self._now(connection)
            ours = update(FeedRow).where(FeedRow.owner == self._boot_id)
            connection.execute(ours.values(owner=None, connected=False))
            lapsed = update(WorkerRow).where(WorkerRow.boot_id == self._boot_id)
            connection.execute(lapsed.values(expires_at=now))
            self._wake(connection)

        await self._write(work)

    async def _write(self, work: Work[T]) -> T:
        return await self._database.transaction(work)

    async def _once(self, work: Work[T]) -> T:
        """Tried once: who waits for a lease longer than it lasts has lost it."""
        with raise_unavailable():
            async with asyncio.timeout(BEAT_TIMEOUT_SECONDS):
                return await self._beats.write(work)

    def _health_of_others(self, connection: Connection) -> dict[Person, FeedHealth]:
        others = feed_rows.health(self._now(connection)).where(
            FeedRow.owner.is_distinct_from(self._boot_id)
        )
        return {person_of(it): feed_rows.health_of(it) for it in connection.execute(others)}

    def _missing(self, now: datetime) -> Any:
        """Feeds for wishes that stand without one. Several processes may ask at once."""
        columns, missing = feed_rows.wishes_without_feed(now)
        asked = self._database.insert(FeedRow).from_select(columns, missing)
        return asked.on_conflict_do_nothing()

    def _now(self, connection: Connection) -> datetime:
        if self._database.single_process:
            return datetime.now(UTC)
        now: datetime = connection.scalar(select(func.clock_timestamp()))  # type: ignore[assignment] # it has one row
        return now

    def _wake(self, connection: Connection) -> None:
        if not self._database.single_process:
            connection.execute(select(func.pg_notify(FEEDS_CHANNEL, "")))
