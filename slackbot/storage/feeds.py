"""The table of desired feeds, shared by all workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    Update,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)

from slackbot.domain.model import FeedHealth, Link, Person, SessionId
from slackbot.domain.workers import Role
from slackbot.storage.database import Database
from slackbot.storage.mappers import person_of
from slackbot.storage.statements import by_person, of, of_any, person_params, select_columns
from slackbot.storage.tables import AvailabilityRow, FeedRow, LinkRow, WorkerRow

FEEDS_CHANNEL = "slackbot_feeds"  # for NOTIFY when a feed is requested, cancelled or released

# Feeds in the order in which they were requested.
FEEDS = select_columns(FeedRow).order_by(FeedRow.wanted_at, FeedRow.user_id)


class SqlDesiredFeeds:
    """Implements `DesiredFeeds` in SQL for one process."""

    def __init__(self, database: Database, *, boot_id: str) -> None:
        self._database = database
        self._boot_id = boot_id

    async def request(self, link: Link, session_id: SessionId) -> None:
        """See `DesiredFeeds`."""
        person = link.person
        holding = [role.value for role in Role if role.holds_feeds]
        us = select(WorkerRow.boot_id).where(
            WorkerRow.boot_id == self._boot_id, WorkerRow.role.in_(holding)
        )

        def work(connection: Connection) -> None:
            now = current_time(self._database, connection)
            owner = connection.scalar(us)
            new = self._database.insert(FeedRow).values(
                team_id=person.team,
                user_id=person.user,
                person_epoch=link.person_epoch,
                session_id=session_id,
                owner=owner,
                epoch=int(owner is not None),
                wanted_at=now,
                connected=False,
                changed_at=now,
            )
            held = FeedRow.owner.in_(_living(now))
            changed = {
                "session_id": session_id,
                "wanted_at": now,
                "owner": case((held, FeedRow.owner), else_=literal(owner)),
                # A stalled owner's last report is no longer true.
                "connected": case((held, FeedRow.connected), else_=literal(False)),
            }
            connection.execute(
                new.on_conflict_do_update(
                    index_elements=["team_id", "user_id"],
                    set_=changed,
                    where=FeedRow.person_epoch == link.person_epoch,
                )
            )
            for statement in notification(self._database):
                connection.execute(statement)

        await self._database.transaction(work)

    async def request_missing(self) -> None:
        """See `DesiredFeeds`."""
        await self._database.transaction(partial(request_missing, self._database))

    async def cancel(self, person: Person, version: datetime | None = None) -> None:
        """See `DesiredFeeds`."""
        cancelled = delete(FeedRow).where(of(FeedRow, person))
        if version is not None:
            cancelled = cancelled.where(FeedRow.wanted_at == version)
        await self._database.execute(cancelled, *notification(self._database))

    async def release(self, people: Sequence[Person]) -> None:
        """See `DesiredFeeds`."""
        if people:
            released = release_statement(self._boot_id).where(of_any(FeedRow, people))
            await self._database.execute(released, *notification(self._database))

    async def report_health(self, healths: Mapping[Person, FeedHealth]) -> None:
        """See `DesiredFeeds`."""
        if not healths:
            return
        ours = update(FeedRow).where(by_person(FeedRow), FeedRow.owner == self._boot_id)
        reported = ours.values(
            connected=bindparam("is_connected"),
            changed_at=bindparam("since", type_=FeedRow.changed_at.type),
            failure=bindparam("word"),
        )
        # Use a fixed order so that two processes that write many rows cannot deadlock.
        values = [
            {
                **person_params(person),
                "is_connected": healths[person].connected,
                "since": healths[person].changed_at,
                "word": healths[person].failure,
            }
            for person in sorted(healths, key=lambda person: (person.team, person.user))
        ]
        await self._database.transaction(lambda connection: connection.execute(reported, values))

    async def health(self, person: Person) -> FeedHealth | None:
        """See `DesiredFeeds`."""
        now = datetime.now(UTC) if self._database.single_process else func.clock_timestamp()
        row = await self._database.fetch_one(_health(now).where(of(FeedRow, person)))
        return FeedHealth(row.connected, row.changed_at, row.failure) if row is not None else None


# The following functions run inside the caller's transaction.


def current_time(database: Database, connection: Connection) -> datetime:
    """Return the database's time in UTC, because the clocks of processes may differ."""
    if database.single_process:
        return datetime.now(UTC)
    now: datetime = connection.scalar(select(func.clock_timestamp()))  # type: ignore[assignment] # one row
    return now


def notification(database: Database) -> list[Executable]:
    """Build the statement, if any, that notifies other processes when the transaction commits."""
    return [] if database.single_process else [select(func.pg_notify(FEEDS_CHANNEL, ""))]


def request_missing(database: Database, connection: Connection) -> None:
    """Request a feed for each availability without one, unless its token was refused."""
    now = literal(current_time(database, connection), FeedRow.wanted_at.type)
    available = AvailabilityRow
    usable = select(LinkRow.user_id).where(
        LinkRow.team_id == available.team_id,
        LinkRow.user_id == available.user_id,
        LinkRow.refused_at.is_(None),
    )
    known = select(FeedRow.user_id).where(
        FeedRow.team_id == available.team_id, FeedRow.user_id == available.user_id
    )
    columns = {
        "team_id": available.team_id,
        "user_id": available.user_id,
        "person_epoch": available.person_epoch,
        "session_id": available.session_id,
        "epoch": literal(0),
        "wanted_at": now,
        "connected": literal(False),
        "changed_at": now,
    }
    missing = select(*columns.values()).where(usable.exists(), ~known.exists())
    requested = database.insert(FeedRow).from_select(list(columns), missing)
    # Several processes may request them at the same time.
    connection.execute(requested.on_conflict_do_nothing())


def claim_feeds(
    connection: Connection, boot_id: str, living: Iterable[str], limit: int
) -> Sequence[Row[Any]]:
    """Claim up to `limit` feeds that no live worker owns. Return their rows before the claim.

    Two workers never claim the same feed.
    """
    ownerless = or_(FeedRow.owner.is_(None), FeedRow.owner.not_in(list(living)))
    free = FEEDS.where(ownerless).limit(limit).with_for_update(skip_locked=True)
    found = connection.execute(free).all()
    if found:
        claimed = update(FeedRow).where(of_any(FeedRow, map(person_of, found)))
        owned = {"owner": boot_id, "epoch": FeedRow.epoch + 1, "connected": False}
        connection.execute(claimed.values(owned))
    return found


def release_statement(boot_id: str) -> Update:
    """Build the statement that releases every feed that the worker owns."""
    return update(FeedRow).where(FeedRow.owner == boot_id).values(owner=None, connected=False)


def remote_health(
    database: Database, connection: Connection, boot_id: str
) -> dict[Person, FeedHealth]:
    """Return the health of all feeds that this worker does not own."""
    others = _health(current_time(database, connection)).where(
        FeedRow.owner.is_distinct_from(boot_id)
    )
    return {
        person_of(row): FeedHealth(row.connected, row.changed_at, row.failure)
        for row in connection.execute(others)
    }


def _living(now: Any) -> Any:
    return select(WorkerRow.boot_id).where(WorkerRow.expires_at > now)


def _health(now: Any) -> Any:
    """Select the health of feeds. A stalled worker's feeds count as disconnected."""
    held: ColumnElement[bool] = FeedRow.owner.in_(_living(now))
    return select(
        FeedRow.team_id,
        FeedRow.user_id,
        case((held, FeedRow.connected), else_=literal(False)).label("connected"),
        FeedRow.changed_at,
        FeedRow.failure,
    )
