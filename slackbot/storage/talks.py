"""The repository of what became of matches: the calls that people joined, and what they say."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select, update

from slackbot.domain.meetings import CallVisit
from slackbot.domain.model import MatchId, Person
from slackbot.domain.surfaces import Changes
from slackbot.storage.database import Database
from slackbot.storage.statements import of
from slackbot.storage.tables import CallLinkRow, MatchRow


class Talks:
    """Implements `TalkStore` in SQL."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    async def visits(self, person: Person) -> Mapping[MatchId, CallVisit]:
        """Return the first join and the last leave of each call that the person had a link to."""
        wanted = select(
            CallLinkRow.match_id,
            func.min(CallLinkRow.joined_at).label("joined_at"),
            func.max(CallLinkRow.left_at).label("left_at"),
        )
        wanted = wanted.where(of(CallLinkRow, person)).group_by(CallLinkRow.match_id)
        rows = await self._database.fetch_all(wanted)
        return {MatchId(row.match_id): CallVisit(row.joined_at, row.left_at) for row in rows}

    async def record(self, person: Person, match_id: MatchId, talked: bool | None) -> None:
        """Record what the person says about a match, or None if they take it back."""
        said = update(MatchRow).where(of(MatchRow, person), MatchRow.id == match_id)
        await self._database.execute(said.values(talked=talked))
        self._changes.add(person)
