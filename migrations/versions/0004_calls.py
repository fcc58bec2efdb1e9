"""Links to calls.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

WITH_CALL = "call_sealed IS NOT NULL"


def upgrade() -> None:
    """Create an empty table."""
    op.create_table(
        "call_links",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("id_digest", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("match_id", sa.Text(), nullable=False),
        moment("made_at", nullable=False),
        moment("expires_at", nullable=False),
        moment("revoked_at"),
        sa.Column("browser_digest", sa.Text()),
        moment("opened_at"),
        moment("joined_at"),
        moment("left_at"),
        sa.PrimaryKeyConstraint("team_id", "id_digest", name="pk_call_links"),
    )
    op.create_index("ix_call_links_match", "call_links", ["team_id", "user_id", "match_id"])
    op.create_index(
        "ix_matches_call",
        "matches",
        ["team_id", "received_at"],
        sqlite_where=sa.text(WITH_CALL),
        postgresql_where=sa.text(WITH_CALL),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_index("ix_matches_call", "matches")
    op.drop_table("call_links")


def moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    """Return a column for a time in UTC."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)
