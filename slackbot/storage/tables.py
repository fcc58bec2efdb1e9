"""The database tables. Tables with workspace data have `team_id` as their first key column.

Foreign keys delete rows together with their parent: availabilities, departures and feeds with
`links`, links and matches with `people`, and people with `workspaces`. The foreign keys include the
person's epoch, so a process with stale data cannot write rows for a person who has disconnected.
"""

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
    UniqueConstraint,
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


def _deleted_with(
    parent: str, columns: Sequence[str], referred: Sequence[str] | None = None
) -> ForeignKeyConstraint:
    """Return a foreign key that deletes a row together with its parent row."""
    target = [f"{parent}.{column}" for column in referred or columns]
    return ForeignKeyConstraint(columns, target, ondelete="CASCADE")


class PersonRow(Base):
    """A row that belongs to a person."""

    __abstract__ = True

    team_id: Mapped[Key]
    user_id: Mapped[Key]


class WorkspaceRow(Base):
    """A workspace that has installed the app. Without this row, none of its data can be stored."""

    __tablename__ = "workspaces"
    # `slot` is always the same, so there is one row as long as the bot serves one workspace.
    __table_args__ = (Index("uq_workspaces_slot", "slot", unique=True),)

    team_id: Mapped[Key]
    installed_at: Mapped[datetime]
    slot: Mapped[int] = mapped_column(server_default="1")


class IdentityRow(PersonRow):
    """A person who is connected or is connecting."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("team_id", "user_id", "epoch", name="uq_people_epoch"),
        _deleted_with("workspaces", ["team_id"]),
    )

    epoch: Mapped[str]
    created_at: Mapped[datetime]


def _partial_index(name: str, where: str) -> Index:
    """Return a partial index of matches by time, over the rows that `where` selects."""
    condition = text(where)
    return Index(name, "team_id", "received_at", sqlite_where=condition, postgresql_where=condition)


class LinkRow(PersonRow):
    """A link between a Slack user and an Accelevents account. A person has at most one."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint(*PERSON, name="uq_links_person"),
        _deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),
    )

    person_epoch: Mapped[str]
    event: Mapped[str]
    token_sealed: Mapped[str]
    auth_scheme: Mapped[str]
    account_id: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    linked_at: Mapped[datetime]
    credential_digest: Mapped[str]
    refused_at: Mapped[datetime | None]
    dm_channel: Mapped[str | None]
    unreachable: Mapped[str | None]


class AvailabilityRow(PersonRow):
    """A person's availability. A person has at most one."""

    __tablename__ = "availabilities"
    __table_args__ = (_deleted_with("links", PERSON),)

    person_epoch: Mapped[str]
    event: Mapped[str]
    session_id: Mapped[int]
    session_title: Mapped[Untrusted]
    state: Mapped[str]
    since: Mapped[datetime]
    session_ends_at: Mapped[datetime | None]
    baseline_at: Mapped[datetime | None]


class DepartureRow(PersonRow):
    """A session that a linked person has left, stored until the platform confirms it."""

    __tablename__ = "departures"
    __table_args__ = (
        _deleted_with("links", PERSON),
        Index("ix_departures_due", "team_id", "next_try_at"),
    )

    session_id: Mapped[int] = mapped_column(primary_key=True)
    person_epoch: Mapped[str]
    event: Mapped[str]
    left_at: Mapped[datetime]
    tries: Mapped[int]
    next_try_at: Mapped[datetime]


class MatchRow(PersonRow):
    """A match as one person sees it, with the state of its notice."""

    __tablename__ = "matches"
    __table_args__ = (
        UniqueConstraint(
            *PERSON,
            "event",
            "account",
            "session_id",
            "partner_key",
            "ordinal",
            name="uq_matches_pairing",
        ),
        _partial_index("ix_matches_unsettled", "settled_at IS NULL"),
        _partial_index(
            "ix_matches_going_on", "over_at IS NULL AND answer IS NULL AND outcome = 'told'"
        ),
        _partial_index("ix_matches_call", "call_sealed IS NOT NULL"),
        _deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),
    )

    id: Mapped[Key]
    person_epoch: Mapped[str]
    event: Mapped[str]
    account: Mapped[str]
    session_id: Mapped[int]
    session_title: Mapped[Untrusted]
    partner_name: Mapped[Untrusted]
    partner_account_id: Mapped[int | None]
    partner_title: Mapped[Untrusted | None]
    partner_company: Mapped[Untrusted | None]
    partner_picture: Mapped[Untrusted | None]
    partner_key: Mapped[Untrusted]
    ordinal: Mapped[int]
    source: Mapped[str]
    received_at: Mapped[datetime]
    raw_time: Mapped[Untrusted | None]
    matched_at: Mapped[datetime | None]
    meeting_digest: Mapped[str | None]
    call_sealed: Mapped[str | None]
    ends_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    channel: Mapped[str | None]
    ts: Mapped[str | None]
    over_at: Mapped[datetime | None]
    answer: Mapped[str | None]


class SeenEventRow(Base):
    """A Slack event that was handled, kept for a day."""

    __tablename__ = "seen_events"
    __table_args__ = (
        Index("ix_seen_events_seen_at", "team_id", "seen_at"),
        _deleted_with("workspaces", ["team_id"]),
    )

    team_id: Mapped[Key]
    event_id: Mapped[Key]
    seen_at: Mapped[datetime]


class WorkerRow(Base):
    """A process that runs the bot. It serves all workspaces and belongs to none."""

    __tablename__ = "workers"

    boot_id: Mapped[Key]
    host: Mapped[str]
    role: Mapped[str]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    recovering_by: Mapped[str | None]
    recovering_until: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]


class ServerRow(Base):
    """A database server and timeline that has held these rows, or the last unclean start."""

    __tablename__ = "servers"

    identity: Mapped[Key]
    seen_at: Mapped[datetime]


class FeedRow(PersonRow):
    """A desired feed with its owner and its health."""

    __tablename__ = "feeds"
    __table_args__ = (Index("ix_feeds_owner", "owner"), _deleted_with("links", PERSON))

    person_epoch: Mapped[str]
    session_id: Mapped[int]
    owner: Mapped[str | None]
    epoch: Mapped[int]
    wanted_at: Mapped[datetime]
    connected: Mapped[bool]
    changed_at: Mapped[datetime]
    failure: Mapped[str | None]


class CallLinkRow(Base):
    """A link to a match's call, stored by the digest of its id. Revoked links are kept."""

    __tablename__ = "call_links"
    __table_args__ = (
        Index("ix_call_links_match", "team_id", "user_id", "match_id"),
        _deleted_with("matches", ("team_id", "user_id", "match_id"), ("team_id", "user_id", "id")),
    )

    team_id: Mapped[Key]
    id_digest: Mapped[Key]
    user_id: Mapped[str]
    match_id: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    browser_digest: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
