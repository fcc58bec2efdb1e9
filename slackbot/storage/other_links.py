"""The repository of links to events that are not the active one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    and_,
    delete,
    false,
    func,
    or_,
    select,
)

from slackbot.domain.model import EventSlug, Link, Person
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.mappers import person_of, readable_link
from slackbot.storage.statements import of, select_columns
from slackbot.storage.tables import DepartureRow, IdentityRow, LinkRow, OtherLinkRow

T = TypeVar("T")

# The columns that a link keeps while another event is the active one.
_KEPT = tuple(column.name for column in OtherLinkRow.__table__.columns)


class OtherLinks:
    """Implements `OtherLinkStore` in SQL."""

    def __init__(self, database: Database, cipher: Cipher, caches: Caches) -> None:
        self._database = database
        self._cipher = cipher
        self._caches = caches

    async def list_all(self, person: Person) -> list[Link]:
        """Return the links, by the name of the event."""
        wanted = select_columns(OtherLinkRow).where(of(OtherLinkRow, person))
        rows = await self._database.fetch_all(wanted.order_by(OtherLinkRow.event))
        return [link for row in rows if (link := readable_link(row, self._cipher)) is not None]

    async def activate(self, person: Person, event: EventSlug, at: datetime) -> Link | None:
        """Make this event the active one and end the availability. Return its link, if any.

        That is a use of the link, so the active one is never unused for longer than the others.
        """
        wanted = select_columns(OtherLinkRow).where(_to(person, event)).with_for_update()

        def work(connection: Connection) -> Row[Any] | None:
            with changing_active(self._database, connection, person):
                row = connection.execute(wanted).first()
                if row is not None:
                    kept = set_aside(self._database, connection, person, event)
                    make_active(self._database, connection, row, of_person(kept) | {"used_at": at})
            return row

        row = await self._write(person, work)
        return readable_link(row, self._cipher) if row is not None else None

    async def remove(self, person: Person, event: EventSlug, at: datetime) -> bool:
        """Delete the link to this event. Matches stay. Return True if there was one.

        If it was the active event, the latest other link that can be used `at` this time takes its
        place, or else the latest one.
        """
        is_useless = or_(OtherLinkRow.refused_at.is_not(None), OtherLinkRow.expires_at <= at)
        latest = (func.coalesce(is_useless, false()), OtherLinkRow.linked_at.desc())
        next_one = select_columns(OtherLinkRow).where(of(OtherLinkRow, person)).order_by(*latest)

        def work(connection: Connection) -> bool:
            with changing_active(self._database, connection, person):
                if connection.execute(now_active(person, event)).rowcount:
                    return True
                if (kept := end_active(connection, person, LinkRow.event == event)) is None:
                    return False
                if (row := connection.execute(next_one).first()) is not None:
                    make_active(self._database, connection, row, of_person(kept))
                return True

        return await self._write(person, work)

    async def _write(self, person: Person, work: Callable[[Connection], T]) -> T:
        write = self._database.transaction(work)
        return await invalidate_after(write, lambda: self._caches.invalidate(person))


# The following functions run inside the caller's transaction.


@contextmanager
def changing_active(database: Database, connection: Connection, person: Person) -> Iterator[None]:
    """Wait for other changes of the person's active event, and keep their departures.

    A link that moves between two tables is missed by a statement that began before it moved.
    Departures are deleted with the active link, so they are stored again if another replaces it.
    """
    row = select(IdentityRow.epoch).where(of(IdentityRow, person))
    connection.execute(row.with_for_update(key_share=True))
    left = connection.execute(select_columns(DepartureRow).where(of(DepartureRow, person))).all()
    yield
    is_linked = select(LinkRow.event).where(of(LinkRow, person))
    if left and connection.scalar(is_linked) is not None:
        kept = database.insert(DepartureRow).values([each._asdict() for each in left])
        connection.execute(kept.on_conflict_do_nothing())


def end_active(
    connection: Connection, person: Person, *where: ColumnElement[bool]
) -> Row[Any] | None:
    """Delete the person's active link with all that hangs on it. Return the row, if any."""
    ended = delete(LinkRow).where(of(LinkRow, person), *where)
    return connection.execute(ended.returning(*LinkRow.__table__.columns)).first()


def set_aside(
    database: Database, connection: Connection, person: Person, event: EventSlug
) -> Row[Any] | None:
    """Move the active link to the others, unless it is to this event. Return its row, if any."""
    row = end_active(connection, person, LinkRow.event != event)
    if row is not None:
        new = database.insert(OtherLinkRow).values(_kept(row))
        replaced = {name: new.excluded[name] for name in _KEPT}
        keys = ["team_id", "user_id", "event"]
        connection.execute(new.on_conflict_do_update(index_elements=keys, set_=replaced))
    return row


def make_active(
    database: Database, connection: Connection, row: Row[Any], more: dict[str, Any]
) -> None:
    """Make the link in this row of `other_links` the active one, with these `more` values."""
    connection.execute(database.insert(LinkRow).values(_kept(row) | more))
    connection.execute(now_active(person_of(row), row.event))


def of_person(before: Row[Any] | None) -> dict[str, Any]:
    """Return what a row of an active link holds about the person rather than the login."""
    if before is None:
        return {}
    return {"dm_channel": before.dm_channel, "unreachable": before.unreachable}


def now_active(person: Person, event: EventSlug) -> Executable:
    """Build the statement that takes the active event out of the others."""
    return delete(OtherLinkRow).where(_to(person, event))


def _to(person: Person, event: str) -> ColumnElement[bool]:
    return and_(of(OtherLinkRow, person), OtherLinkRow.event == event)


def _kept(row: Row[Any]) -> dict[str, Any]:
    columns = row._asdict()
    return {name: columns[name] for name in _KEPT}
