"""Statements shared by the repositories.

Building a statement costs several times as much as executing it, so frequent statements are built
once. For this reason, `select_by_person` and `by_person` take the person as bound parameters, whose
values come from `person_params`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import ColumnElement, Executable, Select, and_, bindparam, false, or_, select

from slackbot.domain.model import Person
from slackbot.storage.columns import Base, PersonRow
from slackbot.storage.database import Database
from slackbot.storage.tables import AvailabilityRow, CallLinkRow, HomeRow, LinkRow, WelcomeRow

# The outcome of a match's notice that was sent.
SENT: Final = "told"


def select_columns(table: type[Base]) -> Select[*tuple[Any, ...]]:
    """Select all columns as plain rows, which are cheaper than mapped objects."""
    return select(*table.__table__.columns)


def select_by_person(table: type[PersonRow | HomeRow]) -> Select[*tuple[Any, ...]]:
    """Select the rows of the person in `person_params`."""
    return select_columns(table).where(by_person(table))


def by_person(table: type[PersonRow | HomeRow]) -> ColumnElement[bool]:
    """Match the rows of the person in `person_params`."""
    columns = table.__table__.c
    return and_(columns.team_id == bindparam("by_team"), columns.user_id == bindparam("by_user"))


def person_params(person: Person) -> dict[str, Any]:
    """Return the parameters for `by_person`."""
    return {"by_team": person.team, "by_user": person.user}


def of(
    table: type[PersonRow | CallLinkRow | HomeRow | WelcomeRow], person: Person
) -> ColumnElement[bool]:
    """Match the rows of a person."""
    return and_(table.team_id == person.team, table.user_id == person.user)


def of_any(table: type[PersonRow | HomeRow], people: Iterable[Person]) -> ColumnElement[bool]:
    """Match the rows of these people.

    The condition has one `IN` list per workspace, because databases expand pairs of values into
    one term each.
    """
    users = defaultdict(list)
    for person in people:
        users[person.team].append(person.user)
    return or_(
        false(),
        *(and_(table.team_id == team, table.user_id.in_(ids)) for team, ids in users.items()),
    )


def upsert(
    database: Database, table: type[LinkRow | AvailabilityRow], values: dict[str, Any]
) -> Executable:
    """Insert or replace the person's row. A row with another epoch is not changed."""
    new = database.insert(table).values(**values)
    return new.on_conflict_do_update(
        index_elements=["team_id", "user_id"],
        set_={name: new.excluded[name] for name in values},
        where=table.person_epoch == new.excluded.person_epoch,
    )
