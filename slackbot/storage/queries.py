"""Pieces of statements that all queries share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from slackbot.domain.model import Person
from slackbot.storage.tables import AvailabilityRow, Base, CallLinkRow, LinkRow, MatchRow


def every(table: type[Base]) -> Select[*tuple[Any, ...]]:
    """All columns as plain rows: nobody changes an object here, so nobody pays for one."""
    return select(*table.__table__.columns)


def of(
    table: type[LinkRow | AvailabilityRow | MatchRow | CallLinkRow], person: Person
) -> ColumnElement[bool]:
    return and_(table.team_id == person.team, table.user_id == person.user)
