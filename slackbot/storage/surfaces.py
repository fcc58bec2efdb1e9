"""The repository of surfaces that show a person's state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, exists, or_, select, update

from slackbot.domain.model import Person, State, TeamId
from slackbot.domain.ports import Posted
from slackbot.domain.surfaces import CardKind, Home, StateCard, Surfaces
from slackbot.storage.database import Database
from slackbot.storage.mappers import person_of, values_of
from slackbot.storage.statements import (
    by_person,
    of,
    of_any,
    person_params,
    select_by_person,
    select_columns,
)
from slackbot.storage.tables import AvailabilityRow, HomeRow, LinkRow, StateCardRow

_HOME = select_by_person(HomeRow)
# The kinds that this version knows. During an update, another process may write newer ones.
_KINDS = frozenset(CardKind)
_IS_WAITING = exists().where(
    AvailabilityRow.team_id == StateCardRow.team_id,
    AvailabilityRow.user_id == StateCardRow.user_id,
    AvailabilityRow.session_id == StateCardRow.session_id,
    AvailabilityRow.since == StateCardRow.since,
    AvailabilityRow.state == State.AVAILABLE.value,
)
_IS_CONNECTED = exists().where(
    LinkRow.team_id == StateCardRow.team_id,
    LinkRow.user_id == StateCardRow.user_id,
    LinkRow.refused_at.is_(None),
)
_HAS_ENDED = or_(
    and_(StateCardRow.kind == CardKind.WAITING.value, ~_IS_WAITING),
    and_(StateCardRow.kind == CardKind.LOGIN_REFUSED.value, _IS_CONNECTED),
)
_SAVE_HASH = update(HomeRow).where(by_person(HomeRow)).values(view_hash=bindparam("new_hash"))


class SurfaceRows:
    """Implements `SurfaceStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_home(self, home: Home) -> None:
        """Insert or replace the person's Home."""
        values = values_of(home)
        new = self._database.insert(HomeRow).values(**values)
        replaced = {name: new.excluded[name] for name in values}
        await self._database.execute(
            new.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=replaced),
            synced=False,
        )

    async def save_hash(self, person: Person, view_hash: str) -> None:
        """Record the hash of the published view, if Home is open."""
        params = person_params(person) | {"new_hash": view_hash}
        await self._database.execute((_SAVE_HASH, params), synced=False)

    async def get_home(self, person: Person) -> Home | None:
        """Return the person's Home, or None."""
        row = await self._database.fetch_one(_HOME, person_params(person))
        return _home_of(row) if row is not None else None

    async def get_many(
        self, people: Sequence[Person], opened_since: datetime
    ) -> Mapping[Person, Surfaces]:
        """Return the open Homes of these people, and those of their cards whose state has ended."""
        homes = select_columns(HomeRow).where(
            of_any(HomeRow, people), HomeRow.opened_at >= opened_since
        )
        cards = select_columns(StateCardRow).where(of_any(StateCardRow, people), _HAS_ENDED)

        def work(connection: Connection) -> Mapping[Person, Surfaces]:
            rows = connection.execute(homes).all(), connection.execute(cards).all()
            return surfaces_of(*rows)

        return await self._database.reading(work)

    async def add_card(self, card: StateCard) -> None:
        """Insert or replace a card.

        Raises:
            NotLinked: the person has disconnected since the card's epoch began.
        """
        values = values_of(card, "posted") | {"channel": card.posted.channel, "ts": card.posted.ts}
        new = self._database.insert(StateCardRow).values(**values)
        await self._database.execute(
            new.on_conflict_do_update(
                index_elements=["team_id", "user_id", "channel", "ts"],
                set_={name: new.excluded[name] for name in values},
            )
        )

    async def get_card(self, person: Person, posted: Posted) -> StateCard | None:
        """Return the card at this place, or None."""
        wanted = select_columns(StateCardRow).where(*_at(person, posted))
        row = await self._database.fetch_one(wanted)
        return _card_of(row) if row is not None and row.kind in _KINDS else None

    async def remove_card(
        self, person: Person, posted: Posted, since: datetime | None = None
    ) -> None:
        """Delete the card at this place, of this state only if `since` is given."""
        shown = [] if since is None else [StateCardRow.since == since]
        await self._database.execute(delete(StateCardRow).where(*_at(person, posted), *shown))

    async def list_untrue(self, team: TeamId) -> list[Person]:
        """Return the people with a card whose state has ended."""
        wanted = select(StateCardRow.team_id, StateCardRow.user_id).distinct()
        ended = wanted.where(StateCardRow.team_id == team, _HAS_ENDED)
        rows = await self._database.fetch_all(ended)
        return [person_of(row) for row in rows]

    async def close_homes(self, team: TeamId, before: datetime) -> int:
        """Delete the Homes that were opened before this time, and return their number."""
        old = (HomeRow.team_id == team, HomeRow.opened_at < before)
        return await self._database.execute(delete(HomeRow).where(*old))


def surfaces_of(homes: Sequence[Row[Any]], cards: Sequence[Row[Any]]) -> dict[Person, Surfaces]:
    """Return the surfaces of each person with a row."""
    by_person: defaultdict[Person, list[StateCard]] = defaultdict(list)
    for row in cards:
        if row.kind in _KINDS:
            by_person[person_of(row)].append(_card_of(row))
    open_homes = {person_of(row): _home_of(row) for row in homes}
    return {
        person: Surfaces(open_homes.get(person), tuple(by_person[person]))
        for person in {*open_homes, *by_person}
    }


def _at(person: Person, posted: Posted) -> tuple[Any, ...]:
    place = (StateCardRow.channel == posted.channel, StateCardRow.ts == posted.ts)
    return of(StateCardRow, person), *place


def _home_of(row: Row[Any]) -> Home:
    return Home(person=person_of(row), opened_at=row.opened_at, view_hash=row.view_hash)


def _card_of(row: Row[Any]) -> StateCard:
    return StateCard(
        person=person_of(row),
        person_epoch=row.person_epoch,
        posted=Posted(row.channel, row.ts),
        kind=CardKind(row.kind),
        since=row.since,
        session_id=row.session_id,
        session_title=row.session_title,
    )
