"""The types, keys and constraints of which the tables are made."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC. SQLite does not store the time zone, so it is added when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC.

        Raises:
            ValueError: the time has no zone.
        """
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the time in UTC, including its time zone."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def db_safe(text: str) -> str:
    """Replace characters that databases cannot store (NUL, lone surrogates) with U+FFFD."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


class UntrustedText(TypeDecorator[str]):
    """Untrusted text, passed through `db_safe` before it is stored."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace characters that cannot be stored."""
        del dialect
        return db_safe(value) if value is not None else None


Key = Annotated[str, mapped_column(primary_key=True)]
Untrusted = Annotated[str, mapped_column(UntrustedText)]


class Base(DeclarativeBase):
    """The base of all tables. Constraints are named so that later migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(referred_table_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: Text, int: BigInteger, datetime: UtcDateTime}


# The columns that identify a person within their current epoch.
PERSON = ("team_id", "user_id", "person_epoch")


def deleted_with(
    parent: str,
    columns: Sequence[str],
    referred: Sequence[str] | None = None,
    name: str | None = None,
) -> ForeignKeyConstraint:
    """Return a foreign key that deletes a row together with its parent row."""
    target = [f"{parent}.{column}" for column in referred or columns]
    return ForeignKeyConstraint(columns, target, name=name, ondelete="CASCADE")


class PersonRow(Base):
    """A row that belongs to a person."""

    __abstract__ = True

    team_id: Mapped[Key]
    user_id: Mapped[Key]


def partial_index(name: str, column: str, where: str) -> Index:
    """Return an index by team and a column over the rows that `where` selects."""
    condition = text(where)
    return Index(name, "team_id", column, sqlite_where=condition, postgresql_where=condition)
