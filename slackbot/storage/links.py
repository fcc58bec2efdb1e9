"""The repository of links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Executable, Row, delete, exists, or_, update

from slackbot.domain.model import Link, Person
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, DecryptionFailed
from slackbot.storage.filters import of, of_any, person_params, select_by_person, select_columns
from slackbot.storage.mappers import link_of, link_values, person_of
from slackbot.storage.tables import AvailabilityRow, LinkRow

log = structlog.get_logger(__name__)

_GET = select_by_person(LinkRow)


class Links:
    """Links over SQL, their tokens encrypted. `CachedLinks` makes them the port `LinkStore`."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    async def get(self, person: Person) -> Link | None:
        """Return the person's link; None and a warning if its token cannot be decrypted."""
        row = await self._database.fetch_one(_GET, person_params(person))
        return self._link(row) if row is not None else None

    async def get_many(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """Return the current links of these people. One without a link is missing or None."""
        if not people:
            return {}
        rows = await self._database.fetch_all(
            select_columns(LinkRow).where(of_any(LinkRow, people))
        )
        return {person_of(row): self._link(row) for row in rows}

    def _link(self, row: Row[Any]) -> Link | None:
        try:
            return link_of(row, self._cipher)
        except DecryptionFailed as error:
            log.warning("link_not_decrypted", reason=str(error), team=row.team_id, user=row.user_id)
            return None

    async def save(self, link: Link) -> None:
        """Insert or replace a link, and delete an availability that it is not valid for."""
        saved = self._database.upsert(LinkRow, link_values(link, self._cipher))
        await self._database.execute(_delete_foreign_availability(link), saved)

    async def mark_refused(self, person: Person, at: datetime) -> bool:
        """Record that the token was refused. True only for the first to record it."""
        first = update(LinkRow).where(of(LinkRow, person), LinkRow.refused_at.is_(None))
        return await self._database.execute(first.values(refused_at=at)) > 0

    async def set_unreachable(self, person: Person, reason: str | None) -> None:
        """Record why Slack takes no message to the person; None if it takes them again."""
        link = update(LinkRow).where(of(LinkRow, person))
        await self._database.execute(link.values(unreachable=reason))


def _delete_foreign_availability(link: Link) -> Executable:
    """Delete the person's availability if it is for another event or of another account."""
    foreign = [AvailabilityRow.event != link.event]
    if link.account_id is not None:
        other_account = exists().where(
            of(LinkRow, link.person), LinkRow.account_id != link.account_id
        )
        foreign.append(other_account)
    return delete(AvailabilityRow).where(of(AvailabilityRow, link.person), or_(*foreign))
