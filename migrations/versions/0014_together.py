"""Links to several events, answers to swapping contacts, and reports.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels = None
depends_on = None

AGREED = sa.text("agreed_at IS NOT NULL AND settled_at IS NULL")
UNSETTLED = sa.text("settled_at IS NULL")


def upgrade() -> None:
    """Create three empty tables."""
    op.create_table(
        "other_links",
        *person(),
        text("event"),
        text("token_sealed"),
        text("auth_scheme"),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        text("account_name", nullable=True),
        moment("expires_at", nullable=True),
        moment("linked_at"),
        text("credential_digest"),
        moment("refused_at", nullable=True),
        moment("used_at", nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", "event", name="pk_other_links"),
        with_person("other_links"),
    )
    op.create_table(
        "contact_answers",
        *person(),
        text("partner_user_id"),
        text("partner_epoch"),
        text("match_id"),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        moment("answered_at"),
        moment("agreed_at", nullable=True),
        text("channel", nullable=True),
        moment("posting_at", nullable=True),
        moment("settled_at", nullable=True),
        text("outcome", nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", "partner_user_id", name="pk_contact_answers"),
        with_person("contact_answers"),
        with_person("contact_answers", "partner_user_id", "partner_epoch", suffix="_partner"),
        with_match("contact_answers"),
    )
    op.create_table(
        "reports",
        *person(),
        text("match_id"),
        text("reason_sealed", nullable=True),
        moment("reported_at"),
        moment("settled_at", nullable=True),
        sa.PrimaryKeyConstraint("team_id", "user_id", "match_id", name="pk_reports"),
        with_person("reports"),
        with_match("reports"),
    )
    index("ix_contact_answers_agreed", "contact_answers", "agreed_at", AGREED)
    index("ix_reports_unsettled", "reports", "reported_at", UNSETTLED)


def downgrade() -> None:
    """Drop them. People keep the link to their active event."""
    for table in ("reports", "contact_answers", "other_links"):
        op.drop_table(table)


def person() -> list[sa.Column[str]]:
    """Return the columns that identify a person."""
    return [text("team_id"), text("user_id"), text("person_epoch")]


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    """Return a column of a time."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def with_person(
    table: str, user: str = "user_id", epoch: str = "person_epoch", suffix: str = ""
) -> sa.ForeignKeyConstraint:
    """Return the key that deletes rows together with a person."""
    return sa.ForeignKeyConstraint(
        ["team_id", user, epoch],
        ["people.team_id", "people.user_id", "people.epoch"],
        name=f"fk_{table}_people{suffix}",
        ondelete="CASCADE",
    )


def with_match(table: str) -> sa.ForeignKeyConstraint:
    """Return the key that deletes rows together with a match."""
    return sa.ForeignKeyConstraint(
        ["team_id", "user_id", "match_id"],
        ["matches.team_id", "matches.user_id", "matches.id"],
        name=f"fk_{table}_matches",
        ondelete="CASCADE",
    )


def index(name: str, table: str, column: str, where: sa.TextClause) -> None:
    """Create an index by workspace and column over some of the rows."""
    op.create_index(name, table, ["team_id", column], sqlite_where=where, postgresql_where=where)
