"""Statements about rows of feeds, and between them and the domain's values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, case, literal, select, update

from slackbot.domain.model import FeedHealth, Person, SessionId
from slackbot.domain.workers import DesiredFeed
from slackbot.storage import filters as queries
from slackbot.storage.mappers import person_of
from slackbot.storage.tables import AvailabilityRow, FeedRow, LinkRow, WorkerRow


def feeds() -> Any:
    """Those who asked first come first."""
    return select(
        FeedRow.team_id,
        FeedRow.user_id,
        FeedRow.session_id,
        FeedRow.wanted_at,
        FeedRow.epoch,
        FeedRow.connected,
    ).order_by(FeedRow.wanted_at, FeedRow.user_id)


def wanted(row: Row[Any]) -> DesiredFeed:
    """The feed of a row."""
    return DesiredFeed(person_of(row), SessionId(row.session_id), row.wanted_at, row.connected)


def living(now: Any) -> Any:
    """Ids of the workers whose lease stands at this moment."""
    return select(WorkerRow.boot_id).where(WorkerRow.expires_at > now)


def health(now: Any) -> Any:
    """How feeds are; one whose holder is dead is down, whatever that said last."""
    held = FeedRow.owner.in_(living(now))
    return select(
        FeedRow.team_id,
        FeedRow.user_id,
        case((held, FeedRow.connected), else_=literal(False)).label("connected"),
        FeedRow.changed_at,
        FeedRow.failure,
    )


def health_of(row: Row[Any]) -> FeedHealth:
    """The health of a row."""
    return FeedHealth(row.connected, row.changed_at, row.failure)


def of_any(people: Iterable[Person]) -> ColumnElement[bool]:
    """The feeds of these people."""
    return queries.of_any(FeedRow, people)


def noted(owner: str) -> Any:
    """Writes down how a feed of this worker's is; with the values of `health_values`."""
    ours = (
        FeedRow.team_id == bindparam("of_team"),
        FeedRow.user_id == bindparam("of_user"),
        FeedRow.owner == owner,
    )
    told = {
        "connected": bindparam("is_connected"),
        "changed_at": bindparam("since", type_=FeedRow.changed_at.type),
        "failure": bindparam("word"),
    }
    return update(FeedRow).where(*ours).values(told)


def health_values(person: Person, health: FeedHealth) -> dict[str, Any]:
    """For `noted`."""
    return {
        "of_team": person.team,
        "of_user": person.user,
        "is_connected": health.connected,
        "since": health.changed_at,
        "word": health.failure,
    }


def asked_for(person: Person, session_id: SessionId, now: datetime) -> dict[str, Any]:
    """Column values of a feed that is asked for and not up."""
    return {
        "team_id": person.team,
        "user_id": person.user,
        "session_id": session_id,
        "epoch": 0,
        "wanted_at": now,
        "connected": False,
        "changed_at": now,
    }


def wishes_without_feed(now: datetime) -> tuple[list[str], Any]:
    """Columns of feeds, and their values. A token that is refused opens none."""
    wish = AvailabilityRow
    usable = select(LinkRow.user_id).where(
        LinkRow.team_id == wish.team_id,
        LinkRow.user_id == wish.user_id,
        LinkRow.refused_at.is_(None),
    )
    known = select(FeedRow.user_id).where(
        FeedRow.team_id == wish.team_id, FeedRow.user_id == wish.user_id
    )
    at = literal(now, FeedRow.wanted_at.type)
    missing = select(
        wish.team_id, wish.user_id, wish.session_id, literal(0), at, literal(False), at
    ).where(usable.exists(), ~known.exists())
    columns = ["team_id", "user_id", "session_id", "epoch", "wanted_at", "connected", "changed_at"]
    return columns, missing
