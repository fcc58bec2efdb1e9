"""Baselines of availabilities.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Existing baselines were read when the person became available."""
    op.add_column("availabilities", sa.Column("baseline_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE availabilities SET baseline_at = since")


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("availabilities", "baseline_at")
