"""Pieces of statements that all queries share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select

from slackbot.domain.model import Person
from slackbot.storage.tables import AvailabilityRow, Base, CallLinkRow, FeedRow, LinkRow, MatchRow


def every(table: type[Base]) -> Select[*tuple[Any, ...]]:
    """All columns as plain rows: nobody changes an object here, so nobody pays for one."""
    return select(*table.__table__.columns)


def of(
    table: type[LinkRow | AvailabilityRow | MatchRow | CallLinkRow], person: Person
) -> ColumnElement[bool]:
    return and_(table.team_id == person.team, table.user_id == person.user)


def of_any(table: type[LinkRow | FeedRow], people: Iterable[Person]) -> ColumnElement[bool]:
    """The rows of these people. A list for each workspace: of pairs databases make many terms."""
    users = defaultdict(list)
    for person in people:
        users[person.team].append(person.user)
    return or_(
        false(),
        *(and_(table.team_id == team, table.user_id.in_(of)) for team, of in users.items()),
    )
