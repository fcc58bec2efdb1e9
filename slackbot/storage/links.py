"""The repository of links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, Executable, Row, delete, exists, or_, update

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Link, Person
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import KEEP_ROW_COUNT, Database
from slackbot.storage.encryption import Cipher, DecryptionFailed
from slackbot.storage.mappers import link_of, link_values, person_of
from slackbot.storage.statements import (
    of,
    of_any,
    person_params,
    select_by_person,
    select_columns,
    upsert,
)
from slackbot.storage.tables import AvailabilityRow, LinkRow

log = structlog.get_logger(__name__)

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
            return self._link(row) if row is not None else None

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
            return {person_of(row): self._link(row) for row in rows}

        return await self._caches.links.refresh(people, load)

    def _link(self, row: Row[Any]) -> Link | None:
        try:
            return link_of(row, self._cipher)
        except DecryptionFailed as error:
            log.warning("link_not_decrypted", reason=str(error), team=row.team_id, user=row.user_id)
            return None

    async def save(self, link: Link) -> None:
        """Insert or replace a link, and delete an availability for another event or account.

        An availability that remains loses its baseline unless the account is known to be the same.

        Raises:
            NotLinked: the person has disconnected since the link's epoch began.
        """
        foreign = [AvailabilityRow.event != link.event]
        if link.account_id is not None:
            other_account = (of(LinkRow, link.person), LinkRow.account_id != link.account_id)
            foreign.append(exists().where(*other_account))
        deleted = delete(AvailabilityRow).where(of(AvailabilityRow, link.person), or_(*foreign))
        same = LinkRow.credential_digest == link.credential_digest
        if link.account_id is not None:
            same = or_(same, LinkRow.account_id == link.account_id)
        unknown = update(AvailabilityRow).where(
            of(AvailabilityRow, link.person), ~exists().where(of(LinkRow, link.person), same)
        )
        saved = upsert(self._database, LinkRow, link_values(link, self._cipher))
        unknown = unknown.values(baseline_at=None)

        def work(connection: Connection) -> None:
            connection.execute(deleted)
            connection.execute(unknown)
            if not connection.execute(saved, execution_options=KEEP_ROW_COUNT).rowcount:
                raise NotLinked

        write = self._database.transaction(work)
        await invalidate_after(write, lambda: self._caches.invalidate(link.person))

    async def mark_refused(self, link: Link, at: datetime) -> bool:
        """Record that the link's token was refused. Return True only to the first caller.

        A link that has replaced this one is not changed.
        """
        first = update(LinkRow).where(
            of(LinkRow, link.person),
            LinkRow.person_epoch == link.person_epoch,
            LinkRow.credential_digest == link.credential_digest,
            LinkRow.refused_at.is_(None),
        )
        return await self._write(link.person, first.values(refused_at=at)) > 0

    async def set_unreachable(self, person: Person, reason: str | None) -> None:
        """Record why Slack rejects messages to the person, or None once it accepts them again."""
        link = update(LinkRow).where(of(LinkRow, person))
        await self._write(person, link.values(unreachable=reason))

    async def _write(self, person: Person, *statements: Executable) -> int:
        write = self._database.execute(*statements)
        return await invalidate_after(write, lambda: self._caches.invalidate(person))
