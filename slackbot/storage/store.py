"""The port `Store` over SQL. Every statement names the workspace."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import (
    ColumnElement,
    Executable,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from slackbot.domain.model import (
    AuthScheme,
    Availability,
    EventSlug,
    Link,
    Match,
    MatchId,
    Person,
    SessionId,
    Sighting,
    Source,
    State,
    TeamId,
)
from slackbot.domain.ports import Posted, Store
from slackbot.domain.rules import ROUND_UNKNOWN
from slackbot.storage.cache import TtlCache
from slackbot.storage.database import Database
from slackbot.storage.rows import (
    Values,
    availability_of,
    availability_values,
    link_of,
    link_values,
    match_of,
    match_values,
    partner_values,
    person_of,
    sealed_call,
)
from slackbot.storage.tables import AvailabilityRow, LinkRow, MatchRow, SeenEventRow
from slackbot.storage.vault import SealBroken, Vault

log = structlog.get_logger(__name__)

LINK_SECONDS = 10.0
"""How long another process may still speak with a link that was changed or deleted."""
LINKS_KEPT = 4096
WISH_SECONDS = 10.0
"""How long an availability is remembered, where no other process can change it."""
EVENT_MEMORY = timedelta(days=1)
"""Slack repeats an event for about an hour."""
ROUNDS_AT_ONCE = 200
"""How many rounds are ended at a time: Slack takes some fifty edits a minute."""
PURGE_SECONDS = 3600.0
"""How often the seen events of one workspace are looked through."""


class SqlStore:
    """Everything that is kept, in one database.

    Links are remembered for some seconds, and availabilities where no other process changes them:
    a lookup costs more than all the rest of an answer.
    """

    def __init__(
        self, database: Database, vault: Vault, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` counts seconds; only what is remembered goes by it."""
        self._database = database
        self._vault = vault
        self._links: TtlCache[Person, Link | None] = TtlCache(
            seconds=LINK_SECONDS, capacity=LINKS_KEPT, clock=clock
        )
        self._wishes: TtlCache[Person, Availability | None] = TtlCache(
            seconds=WISH_SECONDS if database.ours_alone else 0.0, capacity=LINKS_KEPT, clock=clock
        )
        self._purged: TtlCache[TeamId, bool] = TtlCache(
            seconds=PURGE_SECONDS, capacity=LINKS_KEPT, clock=clock
        )

    async def ping(self) -> bool:
        """Whether the database answers."""
        return await self._database.ping()

    async def aclose(self) -> None:
        """Close the database."""
        await self._database.aclose()

    # --- links -----------------------------------------------------------------------------------

    async def link(self, person: Person) -> Link | None:
        """The person's link; one whose token cannot be opened counts as none, and is logged."""
        return await self._links.get(person, lambda: self._load_link(person))

    async def _load_link(self, person: Person) -> Link | None:
        row = await self._database.first(select(LinkRow).where(_of(LinkRow, person)))
        if row is None:
            return None
        try:
            return link_of(row, self._vault)
        except SealBroken as broken:
            log.warning("link_not_opened", reason=str(broken), team=person.team, user=person.user)
            return None

    async def save_link(self, link: Link) -> None:
        """Insert or replace. A wish for another event, or of another account, goes with it."""
        saved = self._upsert(LinkRow, link_values(link, self._vault))
        await self._change_link(link.person, _delete_foreign_wish(link), saved)

    async def mark_refused(self, person: Person, at: datetime) -> bool:
        """Note that the token is no longer taken; True only for the first to note it."""
        unmarked = and_(_of(LinkRow, person), LinkRow.refused_at.is_(None))
        return await self._change_link(
            person, update(LinkRow).where(unmarked).values(refused_at=at)
        )

    async def set_auth_scheme(self, person: Person, scheme: AuthScheme) -> None:
        """Remember how the token must be sent."""
        change = update(LinkRow).where(_of(LinkRow, person)).values(auth_scheme=scheme.value)
        await self._change_link(person, change)

    async def mark_reachable(self, person: Person, unreachable: str | None) -> None:
        """Note why Slack takes no message to the person, or that it does again (None)."""
        change = update(LinkRow).where(_of(LinkRow, person)).values(unreachable=unreachable)
        await self._change_link(person, change)

    async def forget(self, person: Person) -> bool:
        """Delete all rows of the person; whether there was a link."""
        tables = (MatchRow, AvailabilityRow, LinkRow)
        gone = [delete(table).where(_of(table, person)) for table in tables]
        return await self._change_link(person, *gone)

    async def _change_link(self, person: Person, *statements: Executable) -> bool:
        return await self._database.change(*statements, after=lambda: self._drop(person))

    def _drop(self, person: Person) -> None:
        self._links.drop(person)
        self._wishes.drop(person)

    async def forget_workspace(self, team: TeamId) -> None:
        """Delete all rows of the workspace."""
        tables = (MatchRow, AvailabilityRow, LinkRow, SeenEventRow)
        gone = [delete(table).where(table.team_id == team) for table in tables]
        await self._database.change(*gone, after=self._clear)

    def _clear(self) -> None:
        self._links.clear()
        self._wishes.clear()

    # --- availabilities --------------------------------------------------------------------------

    async def availability(self, person: Person) -> Availability | None:
        """The person's wish to be matched."""
        return await self._wishes.get(person, lambda: self._load_availability(person))

    async def _load_availability(self, person: Person) -> Availability | None:
        wanted = select(AvailabilityRow).where(_of(AvailabilityRow, person))
        row = await self._database.first(wanted)
        return availability_of(row) if row is not None else None

    async def save_availability(self, availability: Availability) -> None:
        """Insert or replace."""
        saved = self._upsert(AvailabilityRow, availability_values(availability))
        await self._change_wish(availability.person, saved)

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state of a wish that still stands for this session; False when none does."""
        wish = and_(_of(AvailabilityRow, person), AvailabilityRow.session_id == session_id)
        changed = update(AvailabilityRow).where(wish).values(state=state.value)
        return await self._change_wish(person, changed)

    async def end_availability(self, person: Person) -> bool:
        """Delete the wish; True only for the one that deleted it."""
        return await self._change_wish(
            person, delete(AvailabilityRow).where(_of(AvailabilityRow, person))
        )

    async def _change_wish(self, person: Person, statement: Executable) -> bool:
        return await self._database.change(statement, after=lambda: self._wishes.drop(person))

    async def availabilities(self, team: TeamId) -> list[Availability]:
        """All wishes of the workspace, the oldest first."""
        wanted = (
            select(AvailabilityRow)
            .where(AvailabilityRow.team_id == team)
            .order_by(AvailabilityRow.since, AvailabilityRow.user_id)
        )
        return [availability_of(row) for row in await self._database.all(wanted)]

    # --- matches ---------------------------------------------------------------------------------

    async def add_match(self, match: Match) -> bool:
        """Store a match; False when its id, or its (partner, ordinal), is there already.

        Unless it was over before, the person's wish for its session is fulfilled with it.
        """
        new = self._database.insert(MatchRow).values(**match_values(match, self._vault))
        fulfilled = [] if match.source is Source.BEFORE else [_fulfil_wish(match)]
        return await self._database.change(
            *fulfilled,
            new.on_conflict_do_nothing(),
            after=lambda: self._wishes.drop(match.person),
        )

    async def enrich_match(self, person: Person, match_id: MatchId, seen: Sighting) -> None:
        """Fill what is empty with what a later telling knows; nothing is ever replaced."""
        known: Values = {
            **partner_values(seen.partner),
            "raw_time": seen.raw_time,
            "matched_at": seen.matched_at,
            "meeting_digest": seen.meeting_digest,
            "call_sealed": sealed_call(seen.call, person, self._vault),
        }
        filled = {
            column.name: func.coalesce(column, literal(known[column.name], column.type))
            for column in MatchRow.__table__.columns
            if known.get(column.name) is not None
        }
        if filled:
            row = and_(_of(MatchRow, person), MatchRow.id == match_id)
            await self._database.change(update(MatchRow).where(row).values(**filled))

    async def match(self, person: Person, match_id: MatchId) -> Match | None:
        """One match of the person."""
        wanted = select(MatchRow).where(_of(MatchRow, person), MatchRow.id == match_id)
        row = await self._database.first(wanted)
        return match_of(row, self._vault) if row is not None else None

    async def matches(
        self, person: Person, event: EventSlug, session_id: SessionId | None = None
    ) -> list[Match]:
        """The person's matches at the event, newest first, of one session where given."""
        wanted = select(MatchRow).where(_of(MatchRow, person), MatchRow.event == event)
        if session_id is not None:
            wanted = wanted.where(MatchRow.session_id == session_id)
        newest_first = wanted.order_by(MatchRow.received_at.desc(), MatchRow.ordinal.desc())
        return [match_of(row, self._vault) for row in await self._database.all(newest_first)]

    async def settle(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None, at: datetime
    ) -> None:
        """Note how the notice ended. The first end stays."""
        row = and_(_of(MatchRow, person), MatchRow.id == match_id, MatchRow.settled_at.is_(None))
        ending: Values = {"settled_at": at, "outcome": outcome}
        if posted is not None:
            ending |= {"channel": posted.channel, "ts": posted.ts}
        await self._database.change(update(MatchRow).where(row).values(**ending))

    async def rounds_over(self, team: TeamId, now: datetime) -> list[tuple[Person, MatchId]]:
        """Told matches whose round has ended and whose message does not say so yet."""
        unknown = and_(MatchRow.ends_at.is_(None), MatchRow.received_at <= now - ROUND_UNKNOWN)
        wanted = (
            select(MatchRow)
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
        return [(person_of(row), MatchId(row.id)) for row in await self._database.all(wanted)]

    async def mark_over(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Note that the message says that the round is over, or never will."""
        row = and_(_of(MatchRow, person), MatchRow.id == match_id, MatchRow.over_at.is_(None))
        await self._database.change(update(MatchRow).where(row).values(over_at=at))

    async def mark_answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Note which button of a match's message was pressed; the first answer stays."""
        row = and_(
            _of(MatchRow, person),
            MatchRow.channel == posted.channel,
            MatchRow.ts == posted.ts,
            MatchRow.answer.is_(None),
        )
        await self._database.change(update(MatchRow).where(row).values(answer=answer))

    async def unsettled(self, team: TeamId) -> list[tuple[Person, MatchId]]:
        """Matches of the workspace whose notices have no end yet, the oldest first."""
        wanted = (
            select(MatchRow)
            .where(MatchRow.team_id == team, MatchRow.settled_at.is_(None))
            .order_by(MatchRow.received_at, MatchRow.ordinal)
        )
        return [(person_of(row), MatchId(row.id)) for row in await self._database.all(wanted)]

    # --- events ----------------------------------------------------------------------------------

    async def first_sight(self, team: TeamId, event_id: str, at: datetime) -> bool:
        """Whether this Slack event is seen for the first time within a day."""
        await self._purged.get(team, lambda: self._purge(team, at - EVENT_MEMORY))
        row = {"team_id": team, "event_id": event_id, "seen_at": at}
        new = self._database.insert(SeenEventRow).values(**row)
        return await self._database.change(new.on_conflict_do_nothing())

    async def _purge(self, team: TeamId, before: datetime) -> bool:
        old = and_(SeenEventRow.team_id == team, SeenEventRow.seen_at < before)
        return await self._database.change(delete(SeenEventRow).where(old))

    def _upsert(self, table: type[LinkRow | AvailabilityRow], values: Values) -> Executable:
        new = self._database.insert(table).values(**values)
        replaced = {name: new.excluded[name] for name in values}
        return new.on_conflict_do_update(index_elements=["team_id", "user_id"], set_=replaced)


_keeps_the_port: Callable[[Database, Vault], Store] = SqlStore


def _of(table: type[LinkRow | AvailabilityRow | MatchRow], person: Person) -> ColumnElement[bool]:
    return and_(table.team_id == person.team, table.user_id == person.user)


def _fulfil_wish(match: Match) -> Executable:
    """The person is in a meeting now, unless this match is known already."""
    known = exists().where(
        _of(MatchRow, match.person),
        MatchRow.event == match.event,
        MatchRow.session_id == match.session_id,
        MatchRow.partner_key == match.partner_key,
        MatchRow.ordinal == match.ordinal,
    )
    wish = and_(
        _of(AvailabilityRow, match.person),
        AvailabilityRow.session_id == match.session_id,
        ~known,
    )
    return update(AvailabilityRow).where(wish).values(state=State.IN_MEETING.value)


def _delete_foreign_wish(link: Link) -> Executable:
    """Away with an availability that the new link does not speak for."""
    foreign = [AvailabilityRow.event != link.event]
    if link.account_id is not None:
        other_account = exists().where(
            _of(LinkRow, link.person), LinkRow.account_id != link.account_id
        )
        foreign.append(other_account)
    return delete(AvailabilityRow).where(_of(AvailabilityRow, link.person), or_(*foreign))
