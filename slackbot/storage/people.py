"""The repository of people and of the workspaces that they belong to.

Foreign keys delete all of a person's data with their row in `people`, and all people with their
workspace. These rows decide whether a person is connected, so they are never cached.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, case, delete, exists, func, or_, select

from slackbot.domain.model import Epoch, Person, TeamId
from slackbot.domain.stores import Forgotten
from slackbot.domain.surfaces import NO_SURFACES
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import Database
from slackbot.storage.statements import of, select_columns
from slackbot.storage.surfaces import surfaces_of
from slackbot.storage.tables import (
    HomeRow,
    IdentityRow,
    LinkRow,
    MatchRow,
    OtherLinkRow,
    StateCardRow,
    WelcomeRow,
    WorkspaceRow,
)

_LINKED_AT = (
    select(LinkRow.linked_at)
    .where(LinkRow.team_id == IdentityRow.team_id, LinkRow.user_id == IdentityRow.user_id)
    .correlate(IdentityRow)
    .scalar_subquery()
)
# What is kept of somebody who has connected before, when they are connected to no event.
_HAS_CONNECTED = or_(
    _LINKED_AT.is_not(None),
    *(
        exists().where(table.team_id == IdentityRow.team_id, table.user_id == IdentityRow.user_id)
        for table in (OtherLinkRow, MatchRow)
    ),
)
# When the person last connected or started to connect.
_SINCE = func.coalesce(_LINKED_AT, IdentityRow.created_at, type_=IdentityRow.created_at.type)


class People:
    """Implements `PeopleStore` in SQL."""

    def __init__(self, database: Database, caches: Caches) -> None:
        self._database = database
        self._caches = caches

    async def enter_workspace(self, team: TeamId, at: datetime) -> TeamId:
        """Insert the workspace unless it exists. Return the workspace that owns the database."""
        new = self._database.insert(WorkspaceRow).values(team_id=team, installed_at=at)
        ours_first = case((WorkspaceRow.team_id == team, 0), else_=1)

        def work(connection: Connection) -> TeamId:
            connection.execute(new.on_conflict_do_nothing())
            owner = connection.scalar(select(WorkspaceRow.team_id).order_by(ours_first))
            return TeamId(owner or team)

        return await self._database.transaction(work)

    async def enter(self, person: Person, epoch: Epoch, at: datetime) -> Epoch:
        """Insert the person with this epoch, or return their existing epoch.

        Raises:
            NotLinked: the workspace has removed the app.
        """
        new = self._database.insert(IdentityRow).values(
            team_id=person.team, user_id=person.user, epoch=epoch, created_at=at
        )
        # A person without a link starts over, so `delete_unlinked` must not delete them meanwhile.
        entered = new.on_conflict_do_update(
            index_elements=["team_id", "user_id"],
            set_={"created_at": new.excluded.created_at},
            where=~exists().where(of(LinkRow, person)),
        )
        wanted = select(IdentityRow.epoch).where(of(IdentityRow, person))

        def work(connection: Connection) -> str | None:
            connection.execute(entered)
            return connection.scalar(wanted)

        while (known := await self._database.transaction(work)) is None:
            pass  # another process has just deleted the person
        return Epoch(known)

    async def forget(self, person: Person, until: datetime | None = None) -> Forgotten | None:
        """Delete the person and all of their data, unless they connected after `until`."""
        there = (of(IdentityRow, person), *_not_later(until))
        found = select(IdentityRow.epoch, _HAS_CONNECTED.label("linked")).where(*there)
        known = select(IdentityRow.epoch).where(of(IdentityRow, person))
        closed = delete(HomeRow).where(of(HomeRow, person), *_opened_by(until))
        cards = select_columns(StateCardRow).where(of(StateCardRow, person))
        deleted = NO_SURFACES

        def work(connection: Connection) -> Forgotten | None:
            nonlocal deleted
            row = connection.execute(found.with_for_update(of=IdentityRow)).first()
            if row is None and connection.scalar(known) is not None:
                return None
            connection.execute(delete(WelcomeRow).where(of(WelcomeRow, person)))
            homes = connection.execute(closed.returning(*HomeRow.__table__.columns)).all()
            shown = connection.execute(cards).all() if row is not None else []
            deleted = surfaces_of(homes, shown).get(person, NO_SURFACES)
            if row is None:
                return None
            connection.execute(delete(IdentityRow).where(of(IdentityRow, person)))
            return Forgotten(Epoch(row.epoch), bool(row.linked))

        write = self._database.transaction(work)
        return await invalidate_after(write, lambda: self._caches.invalidate(person, deleted))

    async def forget_workspace(self, team: TeamId, until: datetime | None = None) -> list[Epoch]:
        """Delete all people who did not connect after `until`, and the workspace if it is empty."""
        people = delete(IdentityRow).where(IdentityRow.team_id == team, *_not_later(until))
        workspace = delete(WorkspaceRow).where(
            WorkspaceRow.team_id == team, ~exists().where(IdentityRow.team_id == team)
        )
        homes = delete(HomeRow).where(HomeRow.team_id == team, *_opened_by(until))
        if until is not None:
            workspace = workspace.where(WorkspaceRow.installed_at <= until)

        def work(connection: Connection) -> list[Epoch]:
            left = connection.execute(people.returning(IdentityRow.epoch)).all()
            connection.execute(homes)
            connection.execute(workspace)
            return [Epoch(row.epoch) for row in left]

        return await invalidate_after(self._database.transaction(work), self._caches.clear)

    async def delete_unlinked(self, team: TeamId, before: datetime) -> int:
        """Delete people who started to connect before this time and of whom nothing is kept."""
        unlinked = (
            IdentityRow.team_id == team,
            IdentityRow.created_at < before,
            ~_HAS_CONNECTED,
        )
        return await self._database.execute(delete(IdentityRow).where(*unlinked))

    async def known_epochs(self, team: TeamId, epochs: Collection[Epoch]) -> set[Epoch]:
        """Return those of the epochs that belong to a person of the workspace."""
        there = IdentityRow.team_id == team, IdentityRow.epoch.in_(epochs)
        known = await self._database.fetch_column(select(IdentityRow.epoch).where(*there))
        return {Epoch(epoch) for epoch in known}


def _opened_by(until: datetime | None) -> list[ColumnElement[bool]]:
    """Match Homes that were not opened after `until`."""
    return [] if until is None else [HomeRow.opened_at <= until]


def _not_later(until: datetime | None) -> list[ColumnElement[bool]]:
    """Match people who neither connected nor started to connect after `until`."""
    return [] if until is None else [until >= _SINCE]
