"""The tables of what people say about those they met: swapping contacts, and reports.

A row about a partner is deleted with either of the two people, and with the match it is about.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped

from slackbot.storage.columns import (
    PERSON,
    Key,
    PersonRow,
    deleted_with,
    partial_index,
)

_PEOPLE = ("team_id", "user_id", "epoch")
_MATCH = ("team_id", "user_id", "match_id")


class ContactAnswerRow(PersonRow):
    """A person's answer to whether they want to swap contacts with a partner.

    The columns from `agreed_at` on are set once both want to, in the rows of both.
    """

    __tablename__ = "contact_answers"
    __table_args__ = (
        partial_index(
            "ix_contact_answers_agreed", "agreed_at", "agreed_at IS NOT NULL AND settled_at IS NULL"
        ),
        deleted_with("people", PERSON, _PEOPLE),
        deleted_with(
            "people",
            ("team_id", "partner_user_id", "partner_epoch"),
            _PEOPLE,
            "fk_contact_answers_people_partner",
        ),
        deleted_with("matches", _MATCH, ("team_id", "user_id", "id")),
    )

    partner_user_id: Mapped[Key]
    person_epoch: Mapped[str]
    partner_epoch: Mapped[str]
    match_id: Mapped[str]
    wanted: Mapped[bool]
    answered_at: Mapped[datetime]
    agreed_at: Mapped[datetime | None]
    channel: Mapped[str | None]
    posting_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]


class ReportRow(PersonRow):
    """A person's report of a partner to the workspace's admins, until all of them have it."""

    __tablename__ = "reports"
    __table_args__ = (
        partial_index("ix_reports_unsettled", "reported_at", "settled_at IS NULL"),
        deleted_with("people", PERSON, _PEOPLE),
        deleted_with("matches", _MATCH, ("team_id", "user_id", "id")),
    )

    match_id: Mapped[Key]
    person_epoch: Mapped[str]
    reason_sealed: Mapped[str | None]
    reported_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
