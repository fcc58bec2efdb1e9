"""The ledger of matches: every pairing as one person sees it, and how its notice ended."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Select,
    Update,
    and_,
    func,
    literal,
    or_,
    select,
    update,
)

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.matching import ROUND_UNKNOWN
from slackbot.domain.model import (
    Availability,
    EventSlug,
    Match,
    MatchId,
    MatchReport,
    Partner,
    Person,
    SessionId,
    Source,
    State,
    TeamId,
)
from slackbot.domain.ports import Posted
from slackbot.storage.database import Database, Statement
from slackbot.storage.encryption import Cipher
from slackbot.storage.filters import of, whose
from slackbot.storage.mappers import (
    Values,
    as_stored,
    match_of,
    match_values,
    partner_values,
    person_of,
    sealed_call,
)
from slackbot.storage.match_statements import (
    A_MATCH,
    AT_EVENT,
    FULFIL_WISH,
    IN_SESSION,
    MAY_BE_WITH,
    NEW_MATCH,
    SETTLE,
)
from slackbot.storage.tables import MatchRow

ROUNDS_AT_ONCE = 200
"""How many rounds are ended at a time: Slack takes some fifty edits a minute."""


@dataclass(frozen=True, slots=True)
class Known:
    """A person's matches in the session where they are matched now, newest first."""

    event: EventSlug
    session_id: SessionId
    matches: tuple[Match, ...]


class Ledger:
    """The part of the store that is about matches."""

    def __init__(
        self,
        database: Database,
        cipher: Cipher,
        *,
        wishes: TtlCache[Person, Availability | None],
        known: TtlCache[Person, Known],
        told_next: TtlCache[Person, Match],
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._wishes = wishes
        self._known = known
        self._add = database.insert(MatchRow).values(NEW_MATCH).on_conflict_do_nothing()
        self._fulfil_and_add = database.together(FULFIL_WISH, self._add)
        self._told_next: TtlCache[Person, Match] = told_next
        """The match just stored, until it is read for the first time, which is to tell it."""

    async def add_match(self, match: Match) -> bool:
        """Store a match; False when its id, or its (partner, ordinal), is there already.

        Unless it was over before, the person's wish for its session is fulfilled with it.
        """
        made = (self._add,) if match.source is Source.BEFORE else self._fulfil_and_add
        values = _new(match_values(match, self._cipher)) | _wish_of(match)

        def after(counts: list[int] | None) -> None:
            if counts is None:
                self._wishes.drop(match.person)
                self._known.drop(match.person)
                return
            if len(counts) > 1 and counts[0]:
                self._wishes.change(match.person, lambda it: _fulfilled(it, match))
            if counts[-1]:
                stored = as_stored(match)
                if match.settled_at is None:
                    self._told_next.keep(match.person, stored)
                self._known.change(match.person, lambda it: _with(it, stored))

        return await self._database.change(*((one, values) for one in made), after=after)

    async def enrich_match(self, person: Person, match_id: MatchId, seen: MatchReport) -> None:
        """Fill what is empty with what a later telling knows; nothing is ever replaced."""
        known: Values = {
            **partner_values(seen.partner),
            "raw_time": seen.raw_time,
            "matched_at": seen.matched_at,
            "meeting_digest": seen.meeting_digest,
            "call_sealed": sealed_call(seen.call, person, self._cipher),
        }
        filled = {
            column.name: func.coalesce(column, literal(known[column.name], column.type))
            for column in MatchRow.__table__.columns
            if known.get(column.name) is not None
        }
        if filled:
            await self._change(person, match_id, _one(person, match_id).values(**filled))

    async def match(self, person: Person, match_id: MatchId) -> Match | None:
        """One match of the person."""
        at_hand = self._told_next.peek(person)
        if at_hand is not None and at_hand.id == match_id:
            self._told_next.drop(person)
            return at_hand
        row = await self._database.row(A_MATCH, whose(person) | {"of_match": match_id})
        return match_of(row, self._cipher) if row is not None else None

    async def matches_with(
        self, person: Person, event: EventSlug, session_id: SessionId, partner: Partner
    ) -> list[Match]:
        """All of the session that may be with this partner, newest first; others perhaps too.

        Where nothing is remembered, reading a long session would cost more than all the rest.
        """
        if self._database.single_process or partner.account_id is None:
            return await self.matches(person, event, session_id)
        wanted = {"of_event": event, "of_session": session_id, "of_account": partner.account_id}
        return await self._load(MAY_BE_WITH, whose(person) | wanted)

    async def matches(
        self, person: Person, event: EventSlug, session_id: SessionId | None = None
    ) -> list[Match]:
        """The person's matches at the event, newest first, of one session where given.

        Without their calls, which only who enters one has use for.
        """
        of_event = whose(person) | {"of_event": event}
        if session_id is None:
            return await self._load(AT_EVENT, of_event)
        at_hand = self._known.peek(person)
        if at_hand is not None and (at_hand.event, at_hand.session_id) != (event, session_id):
            self._known.drop(person)

        async def load() -> Known:
            found = await self._load(IN_SESSION, of_event | {"of_session": session_id})
            return Known(event, session_id, tuple(found))

        return list((await self._known.get(person, load)).matches)

    async def _load(self, wanted: Select[*tuple[Any, ...]], values: Values) -> list[Match]:
        return [match_of(row) for row in await self._database.rows(wanted, values)]

    async def record_outcome(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None, at: datetime
    ) -> None:
        """Note how the notice ended. The first end stays."""
        channel, ts = (posted.channel, posted.ts) if posted is not None else (None, None)
        ending = {"settled_at": at, "outcome": outcome, "channel": channel, "ts": ts}
        values = whose(person) | {"of_match": match_id} | _new(ending)
        await self._change(person, match_id, (SETTLE, values), ending)

    async def rounds_over(self, team: TeamId, now: datetime) -> list[tuple[Person, MatchId]]:
        """Told matches whose round has ended and whose message does not say so yet."""
        unknown = and_(MatchRow.ends_at.is_(None), MatchRow.received_at <= now - ROUND_UNKNOWN)
        wanted = (
            select(MatchRow.team_id, MatchRow.user_id, MatchRow.id)
            .where(
                MatchRow.team_id == team,
                MatchRow.over_at.is_(None),
                MatchRow.answer.is_(None),
                MatchRow.outcome == "told",
                MatchRow.source != Source.LIST.value,
                or_(MatchRow.ends_at <= now, unknown),
            )
            .order_by(MatchRow.received_at)
            .limit(ROUNDS_AT_ONCE)
        )
        return [(person_of(row), MatchId(row.id)) for row in await self._database.rows(wanted)]

    async def mark_over(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Note that the message says that the round is over, or never will."""
        unmarked = _one(person, match_id).where(MatchRow.over_at.is_(None))
        await self._change(person, match_id, unmarked.values(over_at=at))

    async def mark_answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Note which button of a match's message was pressed; the first answer stays."""
        row = and_(
            of(MatchRow, person),
            MatchRow.channel == posted.channel,
            MatchRow.ts == posted.ts,
            MatchRow.answer.is_(None),
        )
        changed = update(MatchRow).where(row).values(answer=answer)
        await self._database.change(changed, after=lambda _: self._known.drop(person))

    async def _change(
        self, person: Person, match_id: MatchId, changed: Statement, ending: Values | None = None
    ) -> None:
        """Change one match; an `ending` is noted in what is at hand too, anything else reread."""

        def after(counts: list[int] | None) -> None:
            self._told_next.drop(person)
            if counts == [1] and ending is not None:
                self._known.change(person, lambda it: _settled(it, match_id, ending))
            else:
                self._known.drop(person)

        await self._database.change(changed, after=after)

    def drop_matches(self, person: Person | None) -> None:
        """Forget what is at hand of somebody, or of everybody."""
        for cache in (self._known, self._told_next):
            if person is None:
                cache.clear()
            else:
                cache.drop(person)

    async def pending_matches(self, team: TeamId) -> list[tuple[Person, MatchId]]:
        """Matches of the workspace whose notices have no end yet, the oldest first."""
        wanted = (
            select(MatchRow.team_id, MatchRow.user_id, MatchRow.id)
            .where(MatchRow.team_id == team, MatchRow.settled_at.is_(None))
            .order_by(MatchRow.received_at, MatchRow.ordinal)
        )
        return [(person_of(row), MatchId(row.id)) for row in await self._database.rows(wanted)]


def _one(person: Person, match_id: MatchId) -> Update:
    return update(MatchRow).where(of(MatchRow, person), MatchRow.id == match_id)


def _new(values: Values) -> Values:
    return {f"new_{name}": value for name, value in values.items()}


def _wish_of(match: Match) -> Values:
    return whose(match.person) | {
        "of_session": match.session_id,
        "of_event": match.event,
        "of_partner": match.partner_key,
        "of_ordinal": match.ordinal,
    }


def _fulfilled(wish: Availability | None, match: Match) -> Availability | None:
    here = wish is not None and wish.session_id == match.session_id
    return replace(wish, state=State.IN_MEETING) if here and wish is not None else wish


def _with(known: Known, match: Match) -> Known:
    if (known.event, known.session_id) != (match.event, match.session_id):
        return known
    others = (it for it in known.matches if it.id != match.id)
    all_of_them = [replace(match, call=None), *others]
    newest_first = sorted(all_of_them, key=lambda it: (it.received_at, it.ordinal), reverse=True)
    return replace(known, matches=tuple(newest_first))


def _settled(known: Known, match_id: MatchId, ending: Values) -> Known:
    return replace(
        known,
        matches=tuple(replace(it, **ending) if it.id == match_id else it for it in known.matches),
    )
