"""Sessions in which people are available once they open, and when to remind of each session.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to each of two tables, without rewriting their rows."""
    op.add_column(
        "snoozes", sa.Column("opens", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("planned_sessions", sa.Column("lead_minutes", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("planned_sessions", "lead_minutes")
    op.drop_column("snoozes", "opens")
