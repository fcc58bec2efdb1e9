"""Clean shutdowns and database servers, from which missing rows can be detected.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Record no clean shutdown, so the next start searches for messages before sending them."""
    op.add_column("workers", sa.Column("stopped_at", sa.DateTime(timezone=True)))
    op.create_table(
        "servers",
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_servers"),
    )


def downgrade() -> None:
    """Drop the table and the column."""
    op.drop_table("servers")
    op.drop_column("workers", "stopped_at")
