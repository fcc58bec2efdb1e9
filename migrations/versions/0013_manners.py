"""Preferences, pauses that end by themselves, reactions, and matches that a person cannot make.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels = None
depends_on = None

HAS_MEETING = sa.text("meeting_digest IS NOT NULL")


def upgrade() -> None:
    """Create two empty tables, and add three columns and an index to others."""
    op.create_table(
        "preferences",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("person_epoch", sa.Text(), nullable=False),
        sa.Column("reminder_minutes", sa.BigInteger(), nullable=False),
        sa.Column("quiet_from", sa.BigInteger(), nullable=True),
        sa.Column("quiet_to", sa.BigInteger(), nullable=True),
        sa.Column("zone", sa.Text(), nullable=True),
        sa.Column("muted", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_preferences"),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id", "person_epoch"],
            ["people.team_id", "people.user_id", "people.epoch"],
            name="fk_preferences_people",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "snoozes",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("person_epoch", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("session_title", sa.Text(), nullable=False),
        sa.Column("session_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_snoozes"),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id", "person_epoch"],
            ["links.team_id", "links.user_id", "links.person_epoch"],
            name="fk_snoozes_links",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_snoozes_due", "snoozes", ["team_id", "next_try_at"])
    reacted = sa.Column("reacted_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("availabilities", reacted)
    op.add_column("matches", sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True))
    declines = sa.Column("declines", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column("matches", declines)
    op.create_index(
        "ix_matches_meeting",
        "matches",
        ["team_id", "meeting_digest"],
        sqlite_where=HAS_MEETING,
        postgresql_where=HAS_MEETING,
    )


def downgrade() -> None:
    """Remove them again."""
    op.drop_index("ix_matches_meeting", "matches")
    op.drop_column("matches", "declines")
    op.drop_column("matches", "declined_at")
    op.drop_column("availabilities", "reacted_at")
    op.drop_table("snoozes")
    op.drop_table("preferences")
