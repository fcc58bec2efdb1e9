"""Homes that people have opened, and direct messages that show a state.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create two empty tables."""
    op.create_table(
        "homes",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("view_hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_homes"),
        sa.ForeignKeyConstraint(
            ["team_id"], ["workspaces.team_id"], name="fk_homes_workspaces", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_homes_opened_at", "homes", ["team_id", "opened_at"])
    op.create_table(
        "state_cards",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("person_epoch", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("session_title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", "channel", "ts", name="pk_state_cards"),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id", "person_epoch"],
            ["people.team_id", "people.user_id", "people.epoch"],
            name="fk_state_cards_people",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("state_cards")
    op.drop_table("homes")
