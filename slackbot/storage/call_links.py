"""The repository of call links."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Executable, Update, and_, func, or_, update

from slackbot.domain.calls import LONGEST_ASSUMED_ROUND, REENTRY_GRACE, CallLink, Visit
from slackbot.domain.model import MatchId, Person, TeamId
from slackbot.storage.database import Database
from slackbot.storage.mappers import Values, call_link_of, values_of
from slackbot.storage.statements import of, select_columns
from slackbot.storage.tables import CallLinkRow, MatchRow


class CallLinks:
    """Implements `CallLinkStore` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, link: CallLink) -> None:
        """Add a link. Earlier links remain valid.

        Raises:
            NotLinked: the match was deleted because the person has disconnected.
        """
        await self._database.execute(self._insert(link))

    async def replace(self, link: CallLink) -> None:
        """Add a link and revoke the person's earlier links to the same call.

        Raises:
            NotLinked: the match was deleted because the person has disconnected.
        """
        earlier = _revoke(link.made_at).where(_leads_to(link.person, link.match_id))
        await self._database.execute(earlier, self._insert(link))

    def _insert(self, link: CallLink) -> Executable:
        new = self._database.insert(CallLinkRow).values(**values_of(link))
        return new.on_conflict_do_nothing()

    async def get(self, team: TeamId, id_digest: str) -> CallLink | None:
        """Return the link with this id digest, or None."""
        wanted = select_columns(CallLinkRow).where(_has_digest(team, id_digest))
        row = await self._database.fetch_one(wanted)
        return call_link_of(row) if row is not None else None

    async def bind(self, team: TeamId, id_digest: str, browser_digest: str, at: datetime) -> bool:
        """Bind a valid link to a browser. Return True only for the first browser."""
        unbound = update(CallLinkRow).where(
            _has_digest(team, id_digest),
            CallLinkRow.browser_digest.is_(None),
            CallLinkRow.revoked_at.is_(None),
            CallLinkRow.expires_at > at,
        )
        opened_at = func.coalesce(CallLinkRow.opened_at, at)
        bound = unbound.values(browser_digest=browser_digest, opened_at=opened_at)
        return await self._database.execute(bound) > 0

    async def mark_opened(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record when the link's button was first pressed."""
        unopened = update(CallLinkRow).where(
            _leads_to(person, match_id),
            CallLinkRow.opened_at.is_(None),
            CallLinkRow.revoked_at.is_(None),
        )
        await self._database.execute(unopened.values(opened_at=at))

    async def record_visit(self, team: TeamId, id_digest: str, visit: Visit, at: datetime) -> None:
        """Record that the call was joined or left. Rejoining clears the leave time."""
        values: Values = {"left_at": at}
        if visit is Visit.JOINED:
            values = {"joined_at": func.coalesce(CallLinkRow.joined_at, at), "left_at": None}
        visited = update(CallLinkRow).where(_has_digest(team, id_digest))
        await self._database.execute(visited.values(**values))

    async def end_calls(self, team: TeamId, now: datetime) -> int:
        """Delete the details of closed calls, and return their number."""
        # Links are kept to record who joined, but they are revoked and unbound from their browser.
        expired = (CallLinkRow.team_id == team, CallLinkRow.expires_at <= now)
        over = now - REENTRY_GRACE
        unknown = and_(
            MatchRow.ends_at.is_(None), MatchRow.received_at <= over - LONGEST_ASSUMED_ROUND
        )
        closed = (
            MatchRow.team_id == team,
            MatchRow.call_sealed.is_not(None),
            or_(MatchRow.ends_at <= over, unknown),
        )
        _, ended = await self._database.execute_each(
            _revoke(now).where(*expired).values(browser_digest=None),
            update(MatchRow).where(*closed).values(call_sealed=None),
        )
        return ended


def _leads_to(person: Person, match_id: MatchId) -> ColumnElement[bool]:
    return and_(of(CallLinkRow, person), CallLinkRow.match_id == match_id)


def _has_digest(team: TeamId, id_digest: str) -> ColumnElement[bool]:
    return and_(CallLinkRow.team_id == team, CallLinkRow.id_digest == id_digest)


def _revoke(at: datetime) -> Update:
    return update(CallLinkRow).where(CallLinkRow.revoked_at.is_(None)).values(revoked_at=at)
