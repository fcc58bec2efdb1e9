"""The repository of links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Update,
    delete,
    exists,
    or_,
    update,
)

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Link, Person, TeamId
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import KEEP_ROW_COUNT, Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.mappers import link_values, person_of, readable_link
from slackbot.storage.other_links import changing_active, now_active, of_person, set_aside
from slackbot.storage.statements import (
    of,
    of_any,
    person_params,
    select_by_person,
    select_columns,
    upsert,
)
from slackbot.storage.tables import AvailabilityRow, LinkRow, SnoozeRow

_GET = select_by_person(LinkRow)


class Links:
    """Implements `LinkStore` in SQL, with encrypted tokens and cached reads.

    A link whose token cannot be decrypted is treated as missing, and a warning is logged.
    """

    def __init__(self, database: Database, cipher: Cipher, caches: Caches) -> None:
        self._database = database
        self._cipher = cipher
        self._caches = caches

    async def get(self, person: Person, *, fresh: bool = False) -> Link | None:
        """Return the person's link. Without `fresh`, the value may be a few seconds old."""

        async def load() -> Link | None:
            row = await self._database.fetch_one(_GET, person_params(person))
            return readable_link(row, self._cipher) if row is not None else None

        if fresh:
            self._caches.links.invalidate(person)
        return await self._caches.links.get(person, load)

    async def get_many(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """Return the current links of these people, and cache them."""
        if not people:
            return {}

        async def load() -> Mapping[Person, Link | None]:
            wanted = select_columns(LinkRow).where(of_any(LinkRow, people))
            rows = await self._database.fetch_all(wanted)
            return {person_of(row): readable_link(row, self._cipher) for row in rows}

        return await self._caches.links.refresh(people, load)

    async def list_expiring(self, team: TeamId, after: datetime, until: datetime) -> list[Link]:
        """Return the links that are not refused and expire within this time."""
        expiring = select_columns(LinkRow).where(
            LinkRow.team_id == team,
            LinkRow.refused_at.is_(None),
            LinkRow.expires_at > after,
            LinkRow.expires_at <= until,
        )
        rows = await self._database.fetch_all(expiring)
        return [link for row in rows if (link := readable_link(row, self._cipher)) is not None]

    async def save(self, link: Link) -> None:
        """Make this link the active one, and delete an availability for another event or account.

        A pause that ends by itself is deleted in the same way. The active link to another event is
        kept among the others. An availability that remains loses its baseline unless the account is
        known to be the same.

        Raises:
            NotLinked: the person has disconnected since the link's epoch began.
        """
        other_account: list[ColumnElement[bool]] = []
        if link.account_id is not None:
            known = (of(LinkRow, link.person), LinkRow.account_id != link.account_id)
            other_account = [exists().where(*known)]
        deleted = [
            delete(table).where(
                of(table, link.person), or_(table.event != link.event, *other_account)
            )
            for table in (AvailabilityRow, SnoozeRow)
        ]
        same = LinkRow.credential_digest == link.credential_digest
        if link.account_id is not None:
            same = or_(same, LinkRow.account_id == link.account_id)
        unknown = update(AvailabilityRow).where(
            of(AvailabilityRow, link.person), ~exists().where(of(LinkRow, link.person), same)
        )
        # What the new login has joined is read at once.
        values = link_values(link, self._cipher) | {"sessions_read_at": None}
        unknown = unknown.values(baseline_at=None)

        def work(connection: Connection) -> None:
            with changing_active(self._database, connection, link.person):
                before = set_aside(self._database, connection, link.person, link.event)
                connection.execute(now_active(link.person, link.event))
                for ended in deleted:
                    connection.execute(ended)
                connection.execute(unknown)
                connection.execute(_retried_now(link.person))
                kept = of_person(before) | values  # messages may reach the person again
                saved = upsert(self._database, LinkRow, kept)
                if not connection.execute(saved, execution_options=KEEP_ROW_COUNT).rowcount:
                    raise NotLinked

        write = self._database.transaction(work)
        await invalidate_after(write, lambda: self._caches.invalidate(link.person))

    async def mark_refused(self, link: Link, at: datetime) -> bool:
        """Record that the link's token was refused. Return True only to the first caller.

        A link that has replaced this one is not changed.
        """
        first = _update(link).where(LinkRow.refused_at.is_(None))
        return await self._write(link.person, first.values(refused_at=at)) > 0

    async def set_unreachable(self, person: Person, reason: str | None) -> None:
        """Record why Slack rejects messages to the person, or None once it accepts them again."""
        link = update(LinkRow).where(of(LinkRow, person))
        await self._write(person, link.values(unreachable=reason))

    async def mark_used(self, link: Link, at: datetime) -> None:
        """Record when the link was last used, which nothing in Slack shows."""
        write = self._database.execute(_update(link).values(used_at=at), synced=False)
        await invalidate_after(write, lambda: self._caches.links.invalidate(link.person))

    async def _write(self, person: Person, *statements: Executable) -> int:
        write = self._database.execute(*statements)
        return await invalidate_after(write, lambda: self._caches.invalidate(person))


def _update(link: Link) -> Update:
    """Update the link's row, unless another link has replaced it."""
    return update(LinkRow).where(
        of(LinkRow, link.person),
        LinkRow.person_epoch == link.person_epoch,
        LinkRow.credential_digest == link.credential_digest,
    )


def _retried_now(person: Person) -> Executable:
    """Build the statement that tries a pause again that ended while the login was refused."""
    is_refused = exists().where(of(LinkRow, person), LinkRow.refused_at.is_not(None))
    waiting = of(SnoozeRow, person), SnoozeRow.resumed_at.is_(None), is_refused
    return update(SnoozeRow).where(*waiting).values(next_try_at=SnoozeRow.until)
