"""The database tables. Tables with workspace data have `team_id` as their first key column.

Foreign keys delete rows together with their parent: availabilities, departures, snoozes and feeds
with `links`, links, preferences and matches with `people`, and people with `workspaces`. The
foreign keys include the person's epoch, so a process with stale data cannot write rows for a person
who has disconnected.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from slackbot.storage.columns import (
    PERSON,
    Base,
    Key,
    PersonRow,
    Untrusted,
    deleted_with,
    partial_index,
)


class WorkspaceRow(Base):
    """A workspace that has installed the app. Without this row, none of its data can be stored."""

    __tablename__ = "workspaces"
    # `slot` is always the same, so there is one row as long as the bot serves one workspace.
    __table_args__ = (Index("uq_workspaces_slot", "slot", unique=True),)

    team_id: Mapped[Key]
    installed_at: Mapped[datetime]
    # When a process last claimed the deletion of rows that are too old.
    cleaned_at: Mapped[datetime | None]
    slot: Mapped[int] = mapped_column(server_default="1")


class IdentityRow(PersonRow):
    """A person who is connected or is connecting."""

    __tablename__ = "people"
    __table_args__ = (
        UniqueConstraint("team_id", "user_id", "epoch", name="uq_people_epoch"),
        deleted_with("workspaces", ["team_id"]),
    )

    epoch: Mapped[str]
    created_at: Mapped[datetime]


class LinkRow(PersonRow):
    """A person's link to their active event, of which they have at most one."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint(*PERSON, name="uq_links_person"),
        partial_index(
            "ix_links_expires_at", "expires_at", "refused_at IS NULL AND expires_at IS NOT NULL"
        ),
        deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),
    )

    person_epoch: Mapped[str]
    event: Mapped[str]
    token_sealed: Mapped[str]
    auth_scheme: Mapped[str]
    account_id: Mapped[int | None]
    account_name: Mapped[Untrusted | None]
    expires_at: Mapped[datetime | None]
    linked_at: Mapped[datetime]
    credential_digest: Mapped[str]
    refused_at: Mapped[datetime | None]
    dm_channel: Mapped[str | None]
    unreachable: Mapped[str | None]
    sessions_read_at: Mapped[datetime | None]  # those that the person has joined
    # The day of the last use, as a time that is at most a day old. NULL until a day after linking.
    used_at: Mapped[datetime | None]


class OtherLinkRow(PersonRow):
    """A person's link to an event that is not their active one. The active one is in `links`."""

    __tablename__ = "other_links"
    __table_args__ = (deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),)

    event: Mapped[Key]
    person_epoch: Mapped[str]
    token_sealed: Mapped[str]
    auth_scheme: Mapped[str]
    account_id: Mapped[int | None]
    account_name: Mapped[Untrusted | None]
    expires_at: Mapped[datetime | None]
    linked_at: Mapped[datetime]
    credential_digest: Mapped[str]
    refused_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class AvailabilityRow(PersonRow):
    """A person's availability. A person has at most one."""

    __tablename__ = "availabilities"
    __table_args__ = (deleted_with("links", PERSON),)

    person_epoch: Mapped[str]
    event: Mapped[str]
    session_id: Mapped[int]
    session_title: Mapped[Untrusted]
    state: Mapped[str]
    since: Mapped[datetime]
    session_ends_at: Mapped[datetime | None]
    baseline_at: Mapped[datetime | None]
    confirmed: Mapped[bool] = mapped_column(server_default=true())
    reacted_at: Mapped[datetime | None]


class SnoozeRow(PersonRow):
    """A pause that ends by itself, or the opening of a session. A person has at most one."""

    __tablename__ = "snoozes"
    __table_args__ = (
        deleted_with("links", PERSON),
        Index("ix_snoozes_due", "team_id", "next_try_at"),
    )

    person_epoch: Mapped[str]
    event: Mapped[str]
    session_id: Mapped[int]
    session_title: Mapped[Untrusted]
    session_ends_at: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    until: Mapped[datetime]
    tries: Mapped[int]
    next_try_at: Mapped[datetime]
    resumed_at: Mapped[datetime | None]
    opens: Mapped[bool] = mapped_column(server_default=false())


class PreferencesRow(PersonRow):
    """What a person has set for the notices to them. Without a row, the defaults apply."""

    __tablename__ = "preferences"
    __table_args__ = (deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),)

    person_epoch: Mapped[str]
    reminder_minutes: Mapped[int]
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    zone: Mapped[str | None]
    muted: Mapped[str]


class DepartureRow(PersonRow):
    """A session that a linked person has left, stored until the platform confirms it."""

    __tablename__ = "departures"
    __table_args__ = (
        deleted_with("links", PERSON),
        Index("ix_departures_due", "team_id", "next_try_at"),
    )

    session_id: Mapped[int] = mapped_column(primary_key=True)
    person_epoch: Mapped[str]
    event: Mapped[str]
    left_at: Mapped[datetime]
    tries: Mapped[int]
    next_try_at: Mapped[datetime]


class MatchRow(PersonRow):
    """A match as one person sees it, with the state of its notice."""

    __tablename__ = "matches"
    __table_args__ = (
        UniqueConstraint(
            *PERSON,
            "event",
            "account",
            "session_id",
            "partner_key",
            "ordinal",
            name="uq_matches_pairing",
        ),
        partial_index("ix_matches_unsettled", "received_at", "settled_at IS NULL"),
        partial_index(
            "ix_matches_going_on",
            "received_at",
            "over_at IS NULL AND answer IS NULL AND outcome = 'told'",
        ),
        partial_index("ix_matches_call", "received_at", "call_sealed IS NOT NULL"),
        # By time first, or SQLite would prefer it to those over few rows.
        Index("ix_matches_received_at", "received_at", "team_id"),
        partial_index("ix_matches_meeting", "meeting_digest", "meeting_digest IS NOT NULL"),
        deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),
    )

    id: Mapped[Key]
    person_epoch: Mapped[str]
    event: Mapped[str]
    account: Mapped[str]
    session_id: Mapped[int]
    session_title: Mapped[Untrusted]
    partner_name: Mapped[Untrusted]
    partner_account_id: Mapped[int | None]
    partner_title: Mapped[Untrusted | None]
    partner_company: Mapped[Untrusted | None]
    partner_picture: Mapped[Untrusted | None]
    partner_key: Mapped[Untrusted]
    ordinal: Mapped[int]
    source: Mapped[str]
    received_at: Mapped[datetime]
    raw_time: Mapped[Untrusted | None]
    matched_at: Mapped[datetime | None]
    meeting_digest: Mapped[str | None]
    call_sealed: Mapped[str | None]
    ends_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    channel: Mapped[str | None]
    ts: Mapped[str | None]
    over_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    talked: Mapped[bool | None]
    declined_at: Mapped[datetime | None]
    declines: Mapped[int] = mapped_column(server_default="0")


class HomeRow(Base):
    """A Home that a person has opened. They need not be linked, so it has no epoch."""

    __tablename__ = "homes"
    __table_args__ = (
        Index("ix_homes_opened_at", "team_id", "opened_at"),
        deleted_with("workspaces", ["team_id"]),
    )

    team_id: Mapped[Key]
    user_id: Mapped[Key]
    opened_at: Mapped[datetime]
    view_hash: Mapped[str | None]


class WelcomeRow(Base):
    """A person who was welcomed. They need not be linked, so it has no epoch."""

    __tablename__ = "welcomes"
    __table_args__ = (deleted_with("workspaces", ["team_id"]),)

    team_id: Mapped[Key]
    user_id: Mapped[Key]
    welcomed_at: Mapped[datetime]


class StateCardRow(PersonRow):
    """A direct message that shows a state, until it is edited."""

    __tablename__ = "state_cards"
    __table_args__ = (deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),)

    channel: Mapped[Key]
    ts: Mapped[Key]
    person_epoch: Mapped[str]
    kind: Mapped[str]
    since: Mapped[datetime]
    session_id: Mapped[int | None]
    session_title: Mapped[Untrusted]


class SeenEventRow(Base):
    """A Slack event that was handled, kept for a day."""

    __tablename__ = "seen_events"
    __table_args__ = (
        Index("ix_seen_events_seen_at", "team_id", "seen_at"),
        deleted_with("workspaces", ["team_id"]),
    )

    team_id: Mapped[Key]
    event_id: Mapped[Key]
    seen_at: Mapped[datetime]


class WorkerRow(Base):
    """A process that runs the bot. It serves all workspaces and belongs to none."""

    __tablename__ = "workers"

    boot_id: Mapped[Key]
    host: Mapped[str]
    role: Mapped[str]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    recovering_by: Mapped[str | None]
    recovering_until: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]


class ServerRow(Base):
    """A database server and timeline that has held these rows, or the last unclean start."""

    __tablename__ = "servers"

    identity: Mapped[Key]
    seen_at: Mapped[datetime]


class FeedRow(PersonRow):
    """A desired feed with its owner and its health."""

    __tablename__ = "feeds"
    __table_args__ = (Index("ix_feeds_owner", "owner"), deleted_with("links", PERSON))

    person_epoch: Mapped[str]
    session_id: Mapped[int]
    owner: Mapped[str | None]
    epoch: Mapped[int]
    wanted_at: Mapped[datetime]
    connected: Mapped[bool]
    changed_at: Mapped[datetime]
    failure: Mapped[str | None]


class CallLinkRow(Base):
    """A link to a match's call, stored by the digest of its id. Revoked links are kept."""

    __tablename__ = "call_links"
    __table_args__ = (
        Index("ix_call_links_match", "team_id", "user_id", "match_id"),
        deleted_with("matches", ("team_id", "user_id", "match_id"), ("team_id", "user_id", "id")),
    )

    team_id: Mapped[Key]
    id_digest: Mapped[Key]
    user_id: Mapped[str]
    match_id: Mapped[str]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    browser_digest: Mapped[str | None]
    opened_at: Mapped[datetime | None]
    joined_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]


class PlannedSessionRow(PersonRow):
    """A session that a person has joined, or asked to be reminded of."""

    __tablename__ = "planned_sessions"
    __table_args__ = (
        deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),
        Index("ix_planned_sessions_starts_at", "team_id", "starts_at"),
    )

    event: Mapped[Key]
    session_id: Mapped[int] = mapped_column(primary_key=True)
    person_epoch: Mapped[str]
    session_title: Mapped[Untrusted]
    location: Mapped[Untrusted | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    joined: Mapped[bool]
    wanted: Mapped[bool | None]
    lead_minutes: Mapped[int | None]
    reminded_for: Mapped[datetime | None]


class RecapRow(PersonRow):
    """A recap that a person was sent after an event."""

    __tablename__ = "recaps"
    __table_args__ = (deleted_with("people", PERSON, ("team_id", "user_id", "epoch")),)

    event: Mapped[Key]
    person_epoch: Mapped[str]
    sent_at: Mapped[datetime]


class EventEndRow(Base):
    """The end of an event's last session. It is about nobody, so it has no epoch."""

    __tablename__ = "event_ends"
    __table_args__ = (deleted_with("workspaces", ["team_id"]),)

    team_id: Mapped[Key]
    event: Mapped[Key]
    ends_at: Mapped[datetime | None]
    read_at: Mapped[datetime]
