"""When a link was last used, when old rows were last deleted, and an index of matches by age.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two empty columns and the index. Until its next use, a link counts from its connect."""
    op.add_column("links", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("workspaces", sa.Column("cleaned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_matches_received_at", "matches", ["received_at", "team_id"])


def downgrade() -> None:
    """Remove all three."""
    op.drop_index("ix_matches_received_at", "matches")
    op.drop_column("workspaces", "cleaned_at")
    op.drop_column("links", "used_at")
