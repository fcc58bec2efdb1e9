"""People and workspaces, to which the rows of all other tables refer.

The tables are created again because SQLite cannot add a foreign key to an existing table. Rows
that do not belong to a connected person are not copied.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
import structlog
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None

log = structlog.get_logger(__name__)

PERSON = ("team_id", "user_id", "person_epoch")
SAME_PERSON = "kept.team_id = {0}.team_id AND kept.user_id = {0}.user_id"
# 16 random hexadecimal digits.
EPOCH = {
    "sqlite": "lower(hex(randomblob(8)))",
    "postgresql": "left(replace(gen_random_uuid()::text, '-', ''), 16)",
}
INDEXES = {
    "ix_matches_unsettled": "settled_at IS NULL",
    "ix_matches_going_on": "over_at IS NULL AND answer IS NULL AND outcome = 'told'",
    "ix_matches_call": "call_sealed IS NOT NULL",
}
# On PostgreSQL, processes of an older version may still insert rows. They do not set the epoch,
# so a trigger adds the current one.
FILL = """
CREATE FUNCTION slackbot_fill_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.person_epoch IS NOT NULL THEN
        RETURN NEW;
    END IF;
    IF TG_TABLE_NAME = 'links' THEN
        INSERT INTO people (team_id, user_id, epoch, created_at)
        VALUES (NEW.team_id, NEW.user_id,
            left(replace(gen_random_uuid()::text, '-', ''), 16), NEW.linked_at)
        ON CONFLICT DO NOTHING;
    ELSIF TG_TABLE_NAME = 'matches' THEN
        SELECT coalesce(account_id::text, '') INTO NEW.account FROM links
        WHERE team_id = NEW.team_id AND user_id = NEW.user_id;
    END IF;
    SELECT epoch INTO NEW.person_epoch FROM people
    WHERE team_id = NEW.team_id AND user_id = NEW.user_id;
    RETURN NEW;
END $$
"""
FILLED = ("links", "availabilities", "matches", "feeds")
COPIED = ("call_links", "matches", "availabilities", "links", "feeds", "seen_events")


def upgrade() -> None:
    """Add an epoch to each connected person and to all of their rows."""
    if op.get_context().dialect.name == "postgresql":
        # Without a lock, rows that other processes insert during the copy would be lost.
        op.execute(f"LOCK TABLE {', '.join(COPIED)} IN ACCESS EXCLUSIVE MODE")
    workspaces_and_people()
    replace("links", links, "JOIN people ON " + SAME_PERSON.format("people"), epoch("people"))
    of_link = "JOIN links ON " + SAME_PERSON.format("links")
    replace("availabilities", availabilities, of_link, epoch("links"))
    replace("feeds", feeds, of_link, epoch("links"))
    account = {"account": "coalesce(CAST(links.account_id AS TEXT), '')"}
    replace("matches", matches, of_link, epoch("links") | account)
    of_match = SAME_PERSON.format("matches") + " AND kept.match_id = matches.id"
    replace("call_links", call_links, f"JOIN matches ON {of_match}")
    of_workspace = "JOIN workspaces ON kept.team_id = workspaces.team_id"
    replace("seen_events", seen_events, of_workspace)
    if op.get_context().dialect.name == "postgresql":
        op.execute(FILL)
        for table in FILLED:
            op.execute(
                f"CREATE TRIGGER slackbot_fill_epoch BEFORE INSERT ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION slackbot_fill_epoch()"
            )


def downgrade() -> None:
    """Remove the epochs and keep all rows."""
    for table, build in (
        ("call_links", call_links),
        ("matches", matches),
        ("feeds", feeds),
        ("availabilities", availabilities),
        ("links", links),
        ("seen_events", seen_events),
    ):
        replace(table, build, before=True)
    op.drop_table("people")
    op.drop_table("workspaces")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION slackbot_fill_epoch()")


def workspaces_and_people() -> None:
    """Create both tables and fill them from the links."""
    op.create_table(
        "workspaces",
        text("team_id"),
        moment("installed_at", nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False, server_default="1"),
        sa.PrimaryKeyConstraint("team_id", name="pk_workspaces"),
    )
    op.create_index("uq_workspaces_slot", "workspaces", ["slot"], unique=True)
    op.create_table(
        "people",
        text("team_id"),
        text("user_id"),
        text("epoch"),
        moment("created_at", nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_people"),
        sa.UniqueConstraint("team_id", "user_id", "epoch", name="uq_people_epoch"),
        deleted_with("people", "workspaces", ["team_id"]),
    )
    op.execute(
        "INSERT INTO workspaces (team_id, installed_at, slot) "
        "SELECT team_id, min(at), row_number() OVER (ORDER BY team_id) FROM "
        "(SELECT team_id, linked_at AS at FROM links "
        "UNION ALL SELECT team_id, seen_at FROM seen_events) AS known GROUP BY team_id"
    )
    op.execute(
        "INSERT INTO people (team_id, user_id, epoch, created_at) "  # noqa: S608 - ours
        f"SELECT team_id, user_id, {EPOCH[op.get_context().dialect.name]}, linked_at FROM links"
    )


Build = Callable[[bool], Sequence[sa.Column[object] | sa.Constraint]]


def replace(
    table: str,
    build: Build,
    join: str = "",
    new: dict[str, str] | None = None,
    *,
    before: bool = False,
) -> None:
    """Create a table again and copy its rows.

    `before` selects the schema from before this migration instead of the new one. `join` selects
    the rows to keep, and `new` contains the SQL expressions for the new columns.
    """
    op.execute(f"CREATE TABLE kept AS SELECT * FROM {table}")  # noqa: S608 - ours
    op.drop_table(table)
    parts = build(before)
    op.create_table(table, *parts)
    for name, where in INDEXES.items() if table == "matches" else ():
        condition = sa.text(where)
        columns = ["team_id", "received_at"]
        op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
    if table == "feeds":
        op.create_index("ix_feeds_owner", table, ["owner"])
    elif table == "call_links":
        op.create_index("ix_call_links_match", table, ["team_id", "user_id", "match_id"])
    elif table == "seen_events":
        op.create_index("ix_seen_events_seen_at", table, ["team_id", "seen_at"])
    values = {part.name: f"kept.{part.name}" for part in parts if isinstance(part, sa.Column)}
    values |= new or {}
    op.execute(
        f"INSERT INTO {table} ({', '.join(values)}) "  # noqa: S608 - ours
        f"SELECT {', '.join(values.values())} FROM kept {join} "
        # After a downgrade, the pairings of two accounts may have the same key.
        "WHERE true ON CONFLICT DO NOTHING"
    )
    count_orphans(table)
    op.drop_table("kept")


def count_orphans(table: str) -> None:
    """Log the number of rows that were not copied, if any."""
    if op.get_context().as_sql:
        return
    counted = f"SELECT (SELECT count(*) FROM kept) - (SELECT count(*) FROM {table})"  # noqa: S608 - ours
    if left := op.get_bind().scalar(sa.text(counted)):
        log.warning("orphans_removed", table=table, count=left)


def links(before: bool) -> Sequence[sa.Column[object] | sa.Constraint]:
    """Return the columns and constraints of links, with at most one per person."""
    return [
        text("team_id"),
        text("user_id"),
        *epoch_column(before),
        text("event"),
        text("token_sealed"),
        text("auth_scheme"),
        sa.Column("account_id", sa.BigInteger()),
        moment("expires_at"),
        moment("linked_at", nullable=False),
        text("credential_digest"),
        moment("refused_at"),
        text("dm_channel", nullable=True),
        text("unreachable", nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_links"),
        *after(
            before,
            sa.UniqueConstraint(*PERSON, name="uq_links_person"),
            deleted_with("links", "people", PERSON, ("team_id", "user_id", "epoch")),
        ),
    ]


def availabilities(before: bool) -> Sequence[sa.Column[object] | sa.Constraint]:
    """Return the columns and constraints of availabilities, with at most one per person."""
    return [
        text("team_id"),
        text("user_id"),
        *epoch_column(before),
        text("event"),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        text("session_title"),
        text("state"),
        moment("since", nullable=False),
        moment("session_ends_at"),
        moment("baseline_at"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_availabilities"),
        *after(before, deleted_with("availabilities", "links", PERSON)),
    ]


def feeds(before: bool) -> Sequence[sa.Column[object] | sa.Constraint]:
    """Return the columns and constraints of desired feeds, with at most one per person."""
    return [
        text("team_id"),
        text("user_id"),
        *epoch_column(before),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        text("owner", nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        moment("wanted_at", nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        moment("changed_at", nullable=False),
        text("failure", nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_feeds"),
        *after(before, deleted_with("feeds", "links", PERSON)),
    ]


def matches(before: bool) -> Sequence[sa.Column[object] | sa.Constraint]:
    """Return the columns and constraints of matches, with one row per person and pairing."""
    pairing = ("event", "session_id", "partner_key", "ordinal")
    pairing_of_account = ("event", "account", "session_id", "partner_key", "ordinal")
    key = ("team_id", "user_id", *pairing) if before else (*PERSON, *pairing_of_account)
    return [
        text("team_id"),
        text("user_id"),
        text("id"),
        *epoch_column(before),
        text("event"),
        *after(before, sa.Column("account", sa.Text(), nullable=False, server_default="")),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        text("session_title"),
        text("partner_name"),
        sa.Column("partner_account_id", sa.BigInteger()),
        text("partner_title", nullable=True),
        text("partner_company", nullable=True),
        text("partner_picture", nullable=True),
        text("partner_key"),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        text("source"),
        moment("received_at", nullable=False),
        text("raw_time", nullable=True),
        moment("matched_at"),
        text("meeting_digest", nullable=True),
        text("call_sealed", nullable=True),
        moment("ends_at"),
        moment("settled_at"),
        text("outcome", nullable=True),
        text("channel", nullable=True),
        text("ts", nullable=True),
        moment("over_at"),
        text("answer", nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", "id", name="pk_matches"),
        sa.UniqueConstraint(*key, name="uq_matches_pairing"),
        *after(before, deleted_with("matches", "people", PERSON, ("team_id", "user_id", "epoch"))),
    ]


def call_links(before: bool) -> Sequence[sa.Column[object] | sa.Constraint]:
    """Return the columns and constraints of call links."""
    match = ("team_id", "user_id", "match_id"), ("team_id", "user_id", "id")
    return [
        text("team_id"),
        text("id_digest"),
        text("user_id"),
        text("match_id"),
        moment("made_at", nullable=False),
        moment("expires_at", nullable=False),
        moment("revoked_at"),
        text("browser_digest", nullable=True),
        moment("opened_at"),
        moment("joined_at"),
        moment("left_at"),
        sa.PrimaryKeyConstraint("team_id", "id_digest", name="pk_call_links"),
        *after(before, deleted_with("call_links", "matches", *match)),
    ]


def seen_events(before: bool) -> Sequence[sa.Column[object] | sa.Constraint]:
    """Return the columns and constraints of Slack events that have been handled."""
    return [
        text("team_id"),
        text("event_id"),
        moment("seen_at", nullable=False),
        sa.PrimaryKeyConstraint("team_id", "event_id", name="pk_seen_events"),
        *after(before, deleted_with("seen_events", "workspaces", ["team_id"])),
    ]


def after(before: bool, *parts: sa.SchemaItem) -> tuple[sa.SchemaItem, ...]:
    """Return the parts that this migration adds, or nothing for the schema `before` it."""
    return () if before else parts


def epoch_column(before: bool) -> tuple[sa.SchemaItem, ...]:
    """Return the column for the person's epoch, which this migration adds."""
    return after(before, text("person_epoch"))


def epoch(parent: str) -> dict[str, str]:
    """Return the SQL expression that copies the epoch from the parent row."""
    return {"person_epoch": "people.epoch" if parent == "people" else f"{parent}.person_epoch"}


def deleted_with(
    table: str, parent: str, columns: Sequence[str], referred: Sequence[str] | None = None
) -> sa.ForeignKeyConstraint:
    """Return a foreign key that deletes a row together with its parent row."""
    target = [f"{parent}.{column}" for column in referred or columns]
    name = f"fk_{table}_{parent}"
    return sa.ForeignKeyConstraint(columns, target, name=name, ondelete="CASCADE")


def text(name: str, *, nullable: bool = False) -> sa.Column[object]:
    """Return a text column."""
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    """Return a column for a time in UTC."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
