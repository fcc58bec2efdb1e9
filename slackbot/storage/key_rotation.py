"""Resealing: after it nothing needs an older key any more.

It works beside a running bot. A row is written only if its sealed value is still the one that was
read; if not, somebody has just replaced it, and it is looked at once more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, and_, select, tuple_, union, update

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, DecryptionFailed
from slackbot.storage.mappers import CALL, TOKEN
from slackbot.storage.tables import LinkRow, MatchRow

BATCH = 200
"""Rows that are read and written at once; others may write in between."""

Key = tuple[str, ...]


@dataclass(slots=True)
class RotationResult:
    """How many sealed values there were of each kind."""

    resealed: int = 0
    already_new: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    """Those that no key opens, by reason. They are left as they are."""


@dataclass(frozen=True, slots=True)
class Place:
    """A column of sealed values."""

    column: Any
    key: tuple[Any, ...]
    """The primary key after the workspace; the person comes first."""
    purpose: str

    def batch(self, team: TeamId, after: Key | None, size: int) -> Select[Any]:
        """The next values of a workspace, by key."""
        table = self.column.class_
        wanted = select(*self.key, self.column).where(
            table.team_id == team, self.column.is_not(None)
        )
        if after is not None:
            wanted = wanted.where(tuple_(*self.key) > after)
        return wanted.order_by(*self.key).limit(size)

    def replaced(self, team: TeamId, key: Key, old: str, new: str) -> Executable:
        """The new value for the old one, if that is still there."""
        table = self.column.class_
        row: list[ColumnElement[bool]] = [
            column == value for column, value in zip(self.key, key, strict=True)
        ]
        same = and_(table.team_id == team, *row, self.column == old)
        return update(table).where(same).values({self.column.key: new})


PLACES = (
    Place(LinkRow.token_sealed, (LinkRow.user_id,), TOKEN),
    Place(MatchRow.call_sealed, (MatchRow.user_id, MatchRow.id), CALL),
)


async def rotate(database: Database, cipher: Cipher, *, batch: int = BATCH) -> RotationResult:
    """Seal everything with the newest key, so many rows at once.

    Raises:
        StoreUnavailable: the database does not answer. What is done is done; begin again.
    """
    total = RotationResult()
    work = _Work(database, cipher, batch, total)
    # The one question that is not about one workspace: which ones there are.
    teams = union(select(LinkRow.team_id), select(MatchRow.team_id)).subquery()
    for team in await database.all(select(teams.c.team_id).order_by(teams.c.team_id)):
        for place in PLACES:
            after: Key | None = None
            while (last := await work.batch(place, team, after)) is not None:
                after = last
    return total


@dataclass(frozen=True, slots=True)
class _Work:
    database: Database
    cipher: Cipher
    size: int
    total: RotationResult

    async def batch(self, place: Place, team: TeamId, after: Key | None) -> Key | None:
        """Reseal what follows `after`; the last key of it, or None at the end."""
        won: set[Key] = set()
        while True:
            found = await self.database.rows(place.batch(team, after, self.size))
            sealed: dict[Key, str] = {tuple(row[:-1]): row[-1] for row in found}
            fresh, broken = self._resealed(place, team, sealed)
            changes = [place.replaced(team, key, sealed[key], new) for key, new in fresh.items()]
            counts = await self.database.counts(*changes) if changes else []
            won |= {key for key, count in zip(fresh, counts, strict=True) if count}
            if all(counts):
                break
        self.total.resealed += len(won)
        self.total.unreadable.update(broken.values())
        self.total.already_new += len(sealed.keys() - won - broken.keys())
        return list(sealed)[-1] if sealed else None

    def _resealed(
        self, place: Place, team: TeamId, sealed: dict[Key, str]
    ) -> tuple[dict[Key, str], dict[Key, str]]:
        """New values for those of older keys, and why others cannot be opened."""
        fresh, broken = {}, {}
        for key, old in sealed.items():
            person = Person(team, UserId(key[0]))
            try:
                plain = self.cipher.open(old, person=person, purpose=place.purpose)
            except DecryptionFailed as why:
                broken[key] = str(why)
                continue
            if self.cipher.needs_resealing(old):
                fresh[key] = self.cipher.encrypt(plain, person=person, purpose=place.purpose)
        return fresh, broken
