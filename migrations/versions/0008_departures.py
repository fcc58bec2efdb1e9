"""Departures that the platform has not confirmed.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create an empty table."""
    op.create_table(
        "departures",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("person_epoch", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "user_id", "session_id", name="pk_departures"),
        sa.ForeignKeyConstraint(
            ["team_id", "user_id", "person_epoch"],
            ["links.team_id", "links.user_id", "links.person_epoch"],
            name="fk_departures_links",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_departures_due", "departures", ["team_id", "next_try_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("departures")
