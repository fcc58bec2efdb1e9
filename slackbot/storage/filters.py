"""Pieces of statements that all queries share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select

from slackbot.domain.model import Person
from slackbot.storage.tables import AvailabilityRow, Base, CallLinkRow, FeedRow, LinkRow, MatchRow


def every(table: type[Base]) -> Select[*tuple[Any, ...]]:
    """All columns as plain rows: nobody changes an object here, so nobody pays for one."""
    return select(*table.__table__.columns)


def of(
    table: type[LinkRow | AvailabilityRow | MatchRow | CallLinkRow], person: Person
) -> ColumnElement[bool]:
    return and_(table.team_id == person.team, table.user_id == person.user)


def every_of_one(table: type[LinkRow | AvailabilityRow | MatchRow]) -> Select[*tuple[Any, ...]]:
    """All rows of a person given with `whose`: made once, since making one costs as much again."""
    return every(table).where(of_one(table))


def of_one(table: type[LinkRow | AvailabilityRow | MatchRow]) -> ColumnElement[bool]:
    """The rows of a person given with `whose`."""
    columns = table.__table__.c
    return and_(columns.team_id == bindparam("of_team"), columns.user_id == bindparam("of_user"))


def whose(person: Person) -> dict[str, Any]:
    """The values of `of_one`."""
    return {"of_team": person.team, "of_user": person.user}


def of_any(table: type[LinkRow | FeedRow], people: Iterable[Person]) -> ColumnElement[bool]:
    """The rows of these people. A list for each workspace: of pairs databases make many terms."""
    users = defaultdict(list)
    for person in people:
        users[person.team].append(person.user)
    return or_(
        false(),
        *(and_(table.team_id == team, table.user_id.in_(of)) for team, of in users.items()),
    )
