"""The account's name, an index of the logins that run out, and unconfirmed availabilities.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels = None
depends_on = None

CAN_EXPIRE = sa.text("refused_at IS NULL AND expires_at IS NOT NULL")


def upgrade() -> None:
    """Add two columns and the index. Every availability so far counts as confirmed."""
    op.add_column("links", sa.Column("account_name", sa.Text(), nullable=True))
    confirmed = sa.Column("confirmed", sa.Boolean(), server_default=sa.true(), nullable=False)
    op.add_column("availabilities", confirmed)
    op.create_index(
        "ix_links_expires_at",
        "links",
        ["team_id", "expires_at"],
        sqlite_where=CAN_EXPIRE,
        postgresql_where=CAN_EXPIRE,
    )


def downgrade() -> None:
    """Remove all three."""
    op.drop_index("ix_links_expires_at", "links")
    op.drop_column("availabilities", "confirmed")
    op.drop_column("links", "account_name")
