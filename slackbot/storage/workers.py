"""The table of workers. Leases use the database's clock, because the clocks of hosts differ.

Workers serve every workspace, and these rows are never shown to people in Slack.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, DateTime, Row, and_, delete, func, insert, or_, select, update

from slackbot.domain.workers import (
    DOWNTIME,
    LEASE,
    RECOVERY,
    WARM_UP,
    DesiredFeed,
    HeartbeatResult,
    Role,
    fair_share,
    surplus,
)
from slackbot.storage import feeds
from slackbot.storage.database import Database
from slackbot.storage.failovers import record_unclean_start
from slackbot.storage.failures import raise_unavailable
from slackbot.storage.mappers import person_of
from slackbot.storage.tables import FeedRow, WorkerRow

Rows = Sequence[Row[Any]]

HEARTBEAT_TIMEOUT_SECONDS = 2.0  # shorter than the lease, so that it does not expire

_WORKERS = select(
    WorkerRow.boot_id,
    WorkerRow.role,
    WorkerRow.started_at,
    WorkerRow.expires_at,
    select(func.count()).select_from(FeedRow).scalar_subquery().label("feeds"),
)
_STOPS = select(WorkerRow.expires_at, WorkerRow.stopped_at)


class SqlWorkerRegistry:
    """Implements `WorkerRegistry` in SQL for one process."""

    def __init__(self, database: Database, *, boot_id: str, role: Role) -> None:
        self._database = database
        # A heartbeat must not queue behind other work, or the lease could expire.
        self._dedicated = database.dedicated_connection()
        self._boot_id = boot_id
        self._role = role

    async def register(self) -> bool:
        """See `WorkerRegistry`."""

        def work(connection: Connection) -> bool:
            now = feeds.current_time(self._database, connection)
            before = connection.execute(_STOPS).all()
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
                feeds.request_missing(self._database, connection)
            # On SQLite no other process is alive, even if its lease has not expired yet.
            alone = self._database.single_process
            killed = any(
                row.stopped_at is None and (alone or row.expires_at <= now) for row in before
            )
            last = max((row.expires_at for row in before), default=now)
            missing = killed or now - last >= DOWNTIME
            if missing and (alone or last <= now):
                # Nobody else can tell those who start later.
                record_unclean_start(self._database, connection, now)
            return missing

        return await self._database.transaction(work)

    async def heartbeat(self, *, detect_stalled: bool) -> HeartbeatResult | None:
        """See `WorkerRegistry`. It is not retried, because the lease would expire meanwhile."""

        def work(connection: Connection) -> HeartbeatResult | None:
            # Use few statements, because each one may have to wait on a busy host.
            now = self._renew(connection)
            if now is None:
                return None
            workers = connection.execute(_WORKERS).fetchall()
            stalled = tuple(
                row.boot_id for row in workers if detect_stalled and row.expires_at <= now
            )
            left = [row.expires_at - now for row in workers if row.boot_id != self._boot_id]
            next_expiry = min([LEASE, *(time for time in left if time > timedelta())])
            living = [row for row in workers if row.boot_id not in stalled]
            owned, claimed, spare = self._share(connection, living, workers[0].feeds, now)
            remote_health = None
            if self._role.answers:
                remote_health = feeds.remote_health(self._database, connection, self._boot_id)
            return HeartbeatResult(
                owned=tuple(
                    DesiredFeed(person_of(row), row.session_id, row.wanted_at, row.connected)
                    for row in (*owned, *claimed)
                ),
                taken_over=frozenset(person_of(row) for row in claimed if row.epoch > 0),
                surplus=tuple(map(person_of, spare)),
                stalled=stalled,
                remote_health=remote_health,
                next_expiry=next_expiry.total_seconds(),
            )

        with raise_unavailable():
            async with asyncio.timeout(HEARTBEAT_TIMEOUT_SECONDS):
                return await self._database.health.observe_heartbeat(self._dedicated.write(work))

    def _renew(self, connection: Connection) -> datetime | None:
        """Renew the lease. Return the database's time, or None if the lease is lost."""
        ours = (WorkerRow.boot_id == self._boot_id, WorkerRow.recovering_by.is_(None))
        until: Any = datetime.now(UTC) + LEASE
        if not self._database.single_process:
            until = func.clock_timestamp(type_=DateTime(timezone=True)) + LEASE
        renewed = update(WorkerRow).where(*ours).values(expires_at=until)
        expires_at = connection.scalar(renewed.returning(WorkerRow.expires_at))
        return expires_at - LEASE if expires_at is not None else None

    def _share(
        self, connection: Connection, living: Rows, total: int, now: datetime
    ) -> tuple[Rows, Rows, Rows]:
        """Claim feeds up to a fair share. Return the owned, claimed and surplus feeds."""
        if not self._role.holds_feeds:
            return [], [], []
        holders = [row for row in living if Role(row.role).holds_feeds]
        warm = [row for row in holders if row.started_at <= now - WARM_UP]
        share = fair_share(total, len(warm or holders))
        owned = connection.execute(feeds.FEEDS.where(FeedRow.owner == self._boot_id)).all()
        claimed: Rows = []
        if len(owned) < share:
            ids = [row.boot_id for row in holders]
            claimed = feeds.claim_feeds(connection, self._boot_id, ids, share - len(owned))
        # Release the latest feeds, starting with disconnected ones, which lose nothing.
        kept = len(owned) - surplus(len(owned), share)
        spare = sorted(owned, key=lambda row: not row.connected)[kept:]
        return owned, claimed, spare

    async def living(self) -> frozenset[str]:
        """See `WorkerRegistry`. A single process ignores the rows of earlier processes."""
        if self._database.single_process:
            return frozenset({self._boot_id})
        now = func.clock_timestamp(type_=DateTime(timezone=True))
        recovered_elsewhere = and_(
            WorkerRow.recovering_by != self._boot_id, WorkerRow.recovering_until >= now
        )
        theirs = or_(WorkerRow.recovering_by.is_(None), recovered_elsewhere)
        return frozenset(await self._database.fetch_column(select(WorkerRow.boot_id).where(theirs)))

    async def claim_recovery(self, stalled: str) -> bool:
        """See `WorkerRegistry`."""

        def work(connection: Connection) -> bool:
            now = feeds.current_time(self._database, connection)
            free = or_(WorkerRow.recovering_until.is_(None), WorkerRow.recovering_until < now)
            claimed = (
                update(WorkerRow)
                .where(WorkerRow.boot_id == stalled, WorkerRow.expires_at <= now, free)
                .values(recovering_by=self._boot_id, recovering_until=now + RECOVERY)
            )
            return connection.execute(claimed).rowcount > 0

        return await self._database.transaction(work)

    async def delete_worker(self, stalled: str) -> None:
        """See `WorkerRegistry`."""
        await self._database.execute(delete(WorkerRow).where(WorkerRow.boot_id == stalled))

    async def stop_claiming(self) -> None:
        """See `WorkerRegistry`. After this call, the process counts as one that holds no feeds."""
        self._role = Role.WEB
        await self._release(lambda _: {"role": Role.WEB.value})

    async def release_lease(self) -> None:
        """See `WorkerRegistry`. The row stays until another process has recovered the notices."""
        await self._release(lambda now: {"expires_at": now, "stopped_at": now})

    async def _release(self, changes: Callable[[datetime], dict[str, Any]]) -> None:
        def work(connection: Connection) -> None:
            now = feeds.current_time(self._database, connection)
            us = update(WorkerRow).where(WorkerRow.boot_id == self._boot_id).values(changes(now))
            released = feeds.release_statement(self._boot_id)
            for statement in (released, us, *feeds.notification(self._database)):
                connection.execute(statement)

        await self._database.transaction(work)
