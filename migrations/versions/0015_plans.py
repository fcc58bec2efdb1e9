"""Planned sessions, recaps, when events end, and what people say about their matches.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create three empty tables, and add a column to two others."""
    op.create_table(
        "planned_sessions",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("person_epoch", sa.Text(), nullable=False),
        sa.Column("session_title", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joined", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=True),
        sa.Column("reminded_for", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint(
            "team_id", "user_id", "event", "session_id", name="pk_planned_sessions"
        ),
        _deleted_with_person("planned_sessions"),
    )
    op.create_index("ix_planned_sessions_starts_at", "planned_sessions", ["team_id", "starts_at"])
    op.create_table(
        "recaps",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("person_epoch", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", "event", name="pk_recaps"),
        _deleted_with_person("recaps"),
    )
    op.create_table(
        "event_ends",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "event", name="pk_event_ends"),
        sa.ForeignKeyConstraint(
            ["team_id"], ["workspaces.team_id"], name="fk_event_ends_workspaces", ondelete="CASCADE"
        ),
    )
    op.add_column("matches", sa.Column("talked", sa.Boolean(), nullable=True))
    read_at = sa.Column("sessions_read_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("links", read_at)


def _deleted_with_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["team_id", "user_id", "person_epoch"],
        ["people.team_id", "people.user_id", "people.epoch"],
        name=f"fk_{table}_people",
        ondelete="CASCADE",
    )


def downgrade() -> None:
    """Remove them again."""
    op.drop_column("links", "sessions_read_at")
    op.drop_column("matches", "talked")
    op.drop_table("event_ends")
    op.drop_table("recaps")
    op.drop_index("ix_planned_sessions_starts_at", "planned_sessions")
    op.drop_table("planned_sessions")
