"""The end of a match, unreachable people, and the channels of direct messages.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None

GOING_ON = "over_at IS NULL AND answer IS NULL AND outcome = 'told'"


def upgrade() -> None:
    """Add the columns, and mark all matches that were already sent as over."""
    op.add_column("links", sa.Column("dm_channel", sa.Text()))
    op.add_column("links", sa.Column("unreachable", sa.Text()))
    op.add_column("matches", sa.Column("over_at", sa.DateTime(timezone=True)))
    op.add_column("matches", sa.Column("answer", sa.Text()))
    op.execute(sa.text("UPDATE matches SET over_at = settled_at"))
    op.create_index(
        "ix_matches_going_on",
        "matches",
        ["team_id", "received_at"],
        sqlite_where=sa.text(GOING_ON),
        postgresql_where=sa.text(GOING_ON),
    )


def downgrade() -> None:
    """Drop the columns."""
    op.drop_index("ix_matches_going_on", "matches")
    for table, column in (
        ("matches", "answer"),
        ("matches", "over_at"),
        ("links", "unreachable"),
        ("links", "dm_channel"),
    ):
        op.drop_column(table, column)
