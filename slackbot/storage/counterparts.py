"""The repository of matches as both of their people see them, and of those that one can't make."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, update

from slackbot.domain.matching import ASSUMED_ROUND
from slackbot.domain.model import Match, Person
from slackbot.storage.caches import Caches
from slackbot.storage.database import Database
from slackbot.storage.mappers import match_of
from slackbot.storage.statements import of
from slackbot.storage.tables import MatchRow

_WITHOUT_CALL: Final = [column for column in MatchRow.__table__.c if column.name != "call_sealed"]


class Counterparts:
    """Implements `CounterpartStore` in SQL."""

    def __init__(self, database: Database, caches: Caches) -> None:
        self._database = database
        self._changes = caches.changes

    async def find(self, match: Match, partner: Person) -> Match | None:
        """Return the same pairing as the partner sees it."""
        theirs = [
            of(MatchRow, partner),
            MatchRow.event == match.event,
            MatchRow.session_id == match.session_id,
        ]
        same = [MatchRow.meeting_digest == match.meeting_digest]
        if match.account.isdecimal():
            # They may have met others in the same meeting.
            met = MatchRow.partner_account_id
            same.append(or_(met.is_(None), met == int(match.account)))
        if match.meeting_digest is None:
            if match.partner.account_id is None or not match.account:
                return None
            same = [
                MatchRow.account == str(match.partner.account_id),
                MatchRow.partner_account_id == int(match.account),
                # The two hear of it within seconds, and a round is no shorter.
                MatchRow.received_at >= match.received_at - ASSUMED_ROUND / 2,
                MatchRow.received_at <= match.received_at + ASSUMED_ROUND / 2,
            ]
        wanted = select(*_WITHOUT_CALL).where(*theirs, *same).order_by(MatchRow.received_at.desc())
        row = await self._database.fetch_one(wanted.limit(1))
        return match_of(row) if row is not None else None

    async def set_declined(self, match: Match, at: datetime | None) -> bool:
        """Record that the person can't make it, or can after all if `at` is None."""
        unchanged = update(MatchRow).where(
            of(MatchRow, match.person), MatchRow.id == match.id, MatchRow.declines == match.declines
        )
        values = {"declined_at": at, "declines": match.declines + 1}
        changed = await self._database.execute(unchanged.values(values)) > 0
        self._changes.add(match.person)
        return changed
