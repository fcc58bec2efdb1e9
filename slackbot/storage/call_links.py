"""Links to calls, and the end of a call's details."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Executable, Update, and_, func, or_, update

from slackbot.domain.calls import GRACE, LASTS_UNKNOWN, CallLink, Visit
from slackbot.domain.model import MatchId, Person, TeamId
from slackbot.storage.filters import every, of
from slackbot.storage.mappers import Values, call_link_of, call_link_values
from slackbot.storage.matches import Ledger
from slackbot.storage.tables import CallLinkRow, MatchRow


class CallLinks(Ledger):
    """The part of the store that is about entering calls."""

    async def add_call_link(self, link: CallLink) -> None:
        """Store a link; earlier ones go on working."""
        await self._database.change(self._new(link))

    async def replace_call_links(self, link: CallLink) -> None:
        """Store a link; earlier ones of the person to the match's call work no more."""
        earlier = _revoked(link.made_at).where(_to(link.person, link.match_id))
        await self._database.change(earlier, self._new(link))

    async def call_link(self, team: TeamId, id_digest: str) -> CallLink | None:
        """One link by the digest of its id."""
        wanted = every(CallLinkRow).where(
            CallLinkRow.team_id == team, CallLinkRow.id_digest == id_digest
        )
        row = await self._database.row(wanted)
        return call_link_of(row) if row is not None else None

    async def bind_call_link(
        self, team: TeamId, id_digest: str, browser_digest: str, at: datetime
    ) -> bool:
        """Bind the link to a browser, if it works and is bound to none."""
        unbound = and_(
            CallLinkRow.team_id == team,
            CallLinkRow.id_digest == id_digest,
            CallLinkRow.browser_digest.is_(None),
            CallLinkRow.revoked_at.is_(None),
            CallLinkRow.expires_at > at,
        )
        opened_at = func.coalesce(CallLinkRow.opened_at, at)
        bound = update(CallLinkRow).where(unbound)
        return await self._database.change(
            bound.values(browser_digest=browser_digest, opened_at=opened_at)
        )

    async def note_opened(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Note that the button with the link was pressed."""
        unopened = and_(
            _to(person, match_id), CallLinkRow.opened_at.is_(None), CallLinkRow.revoked_at.is_(None)
        )
        await self._database.change(update(CallLinkRow).where(unopened).values(opened_at=at))

    async def note_visit(self, team: TeamId, id_digest: str, visit: Visit, at: datetime) -> None:
        """Note that the call was joined or left. Who has joined again has not left."""
        here = and_(CallLinkRow.team_id == team, CallLinkRow.id_digest == id_digest)
        values: Values = {"left_at": at}
        if visit is Visit.JOINED:
            values = {"joined_at": func.coalesce(CallLinkRow.joined_at, at), "left_at": None}
        await self._database.change(update(CallLinkRow).where(here).values(**values))

    async def end_call(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Delete the call's details; its links stay as a record of who came, and work no more."""
        row = and_(of(MatchRow, person), MatchRow.id == match_id)
        await self._database.change(
            update(MatchRow).where(row).values(call_sealed=None),
            _powerless(at).where(_to(person, match_id)),
            after=lambda _: self.drop_matches(person),
        )

    async def end_calls(self, team: TeamId, now: datetime) -> int:
        """The same for every call of the workspace that is closed by now."""
        over = now - GRACE
        unknown = and_(MatchRow.ends_at.is_(None), MatchRow.received_at <= over - LASTS_UNKNOWN)
        closed = and_(
            MatchRow.team_id == team,
            MatchRow.call_sealed.is_not(None),
            or_(MatchRow.ends_at <= over, unknown),
        )
        expired = and_(CallLinkRow.team_id == team, CallLinkRow.expires_at <= now)

        def after(counts: list[int] | None) -> None:
            if counts is None or counts[-1]:
                self.drop_matches(None)

        _, count = await self._database.counts(
            _powerless(now).where(expired),
            update(MatchRow).where(closed).values(call_sealed=None),
            after=after,
        )
        return count

    def _new(self, link: CallLink) -> Executable:
        new = self._database.insert(CallLinkRow).values(**call_link_values(link))
        return new.on_conflict_do_nothing()


def _to(person: Person, match_id: MatchId) -> ColumnElement[bool]:
    return and_(of(CallLinkRow, person), CallLinkRow.match_id == match_id)


def _revoked(at: datetime) -> Update:
    return update(CallLinkRow).where(CallLinkRow.revoked_at.is_(None)).values(revoked_at=at)


def _powerless(at: datetime) -> Update:
    return _revoked(at).values(browser_digest=None)
