"""Workers and the feeds that they own.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create empty tables, because feeds are requested again at the next start."""
    op.create_table(
        "workers",
        sa.Column("boot_id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recovering_by", sa.Text()),
        sa.Column("recovering_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("boot_id", name="pk_workers"),
    )
    op.create_table(
        "feeds",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.Text()),
        sa.PrimaryKeyConstraint("team_id", "user_id", name="pk_feeds"),
    )
    op.create_index("ix_feeds_owner", "feeds", ["owner"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("feeds")
    op.drop_table("workers")
