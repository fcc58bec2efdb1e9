"""Links, availabilities, matches and seen events.

Revision ID: 0001
Revises: nothing
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables in an empty database."""
    links()
    availabilities()
    matches()
    seen_events()


def downgrade() -> None:
    """Drop all tables."""
    for table in ("seen_events", "matches", "availabilities", "links"):
        op.drop_table(table)


def links() -> None:
    """Create the table of links, with at most one per person."""
    op.create_table(
        "links",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("token_sealed", sa.Text(), nullable=False),
        sa.Column("auth_scheme", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger()),
        moment("expires_at"),
        moment("linked_at", nullable=False),
        sa.Column("credential_digest", sa.Text(), nullable=False),
        moment("refused_at"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_links"),
    )


def availabilities() -> None:
    """Create the table of availabilities, with at most one per person."""
    op.create_table(
        "availabilities",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("session_title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        moment("since", nullable=False),
        moment("session_ends_at"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_availabilities"),
    )


def matches() -> None:
    """Create the table of matches, with one row per person and pairing."""
    op.create_table(
        "matches",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("session_title", sa.Text(), nullable=False),
        sa.Column("partner_name", sa.Text(), nullable=False),
        sa.Column("partner_account_id", sa.BigInteger()),
        sa.Column("partner_title", sa.Text()),
        sa.Column("partner_company", sa.Text()),
        sa.Column("partner_picture", sa.Text()),
        sa.Column("partner_key", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        moment("received_at", nullable=False),
        sa.Column("raw_time", sa.Text()),
        moment("matched_at"),
        sa.Column("meeting_digest", sa.Text()),
        sa.Column("call_sealed", sa.Text()),
        moment("ends_at"),
        moment("settled_at"),
        sa.Column("outcome", sa.Text()),
        sa.Column("channel", sa.Text()),
        sa.Column("ts", sa.Text()),
        sa.PrimaryKeyConstraint("team_id", "user_id", "id", name="pk_matches"),
        sa.UniqueConstraint(
            "team_id",
            "user_id",
            "event",
            "session_id",
            "partner_key",
            "ordinal",
            name="uq_matches_pairing",
        ),
    )
    op.create_index(
        "ix_matches_unsettled",
        "matches",
        ["team_id", "received_at"],
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def seen_events() -> None:
    """Create the table of Slack events that have been handled."""
    op.create_table(
        "seen_events",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        moment("seen_at", nullable=False),
        sa.PrimaryKeyConstraint("team_id", "event_id", name="pk_seen_events"),
    )
    op.create_index("ix_seen_events_seen_at", "seen_events", ["team_id", "seen_at"])


def moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    """Return a column for a time in UTC."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
