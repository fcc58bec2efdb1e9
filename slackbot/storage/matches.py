"""The repository of matches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from slackbot.domain.matching import ASSUMED_ROUND
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
from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Posted
from slackbot.storage.caches import Caches, invalidate_after
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.mappers import (
    Values,
    encrypted_call,
    match_of,
    match_values,
    partner_values,
    person_of,
)
from slackbot.storage.statements import SENT, by_person, of, person_params, select_by_person
from slackbot.storage.tables import AvailabilityRow, MatchRow

# Maximum number of ended rounds per query. Slack accepts about 50 edits a minute.
MAX_ROUNDS_OVER: Final = 200

_COLUMNS = MatchRow.__table__.c
_IDS: Final = select(MatchRow.team_id, MatchRow.user_id, MatchRow.id)
_GET: Final = select_by_person(MatchRow).where(_COLUMNS.id == bindparam("by_id"))
_WITHOUT_CALL: Final = select(
    *(column for column in _COLUMNS if column is not _COLUMNS.call_sealed)
)
_ALL: Final = _WITHOUT_CALL.where(by_person(MatchRow)).order_by(
    _COLUMNS.received_at.desc(), _COLUMNS.ordinal.desc()
)
_AT_EVENT: Final = _ALL.where(_COLUMNS.event == bindparam("by_event"))
_IN_SESSION: Final = _AT_EVENT.where(_COLUMNS.session_id == bindparam("by_session"))
_POSTED: Final = _WITHOUT_CALL.where(
    by_person(MatchRow),
    _COLUMNS.channel == bindparam("by_channel"),
    _COLUMNS.ts == bindparam("by_ts"),
)
_MAYBE_WITH: Final = _IN_SESSION.where(
    or_(
        _COLUMNS.partner_account_id.is_(None),
        _COLUMNS.partner_account_id == bindparam("by_account"),
    )
)
_RECORD_OUTCOME: Final = (
    update(MatchRow)
    .where(by_person(MatchRow), _COLUMNS.id == bindparam("by_id"), _COLUMNS.settled_at.is_(None))
    .values({name: bindparam(f"new_{name}") for name in ("settled_at", "outcome", "channel", "ts")})
)
# Sets the person's availability to IN_MEETING unless this match has been added before.
_FULFIL_AVAILABILITY: Final = (
    update(AvailabilityRow)
    .where(
        by_person(AvailabilityRow),
        AvailabilityRow.session_id == bindparam("by_session"),
        ~exists().where(
            by_person(MatchRow),
            _COLUMNS.event == bindparam("by_event"),
            _COLUMNS.account == bindparam("by_account"),
            _COLUMNS.session_id == bindparam("by_session"),
            _COLUMNS.partner_key == bindparam("by_partner"),
            _COLUMNS.ordinal == bindparam("by_ordinal"),
        ),
    )
    .values(state=State.IN_MEETING.value)
)


class Matches:
    """Implements `MatchStore` in SQL, with encrypted calls."""

    def __init__(self, database: Database, cipher: Cipher, caches: Caches) -> None:
        self._database = database
        self._cipher = cipher
        self._availabilities = caches.availabilities
        self._changes = caches.changes
        new: Values = {column.name: bindparam(f"new_{column.name}") for column in _COLUMNS}
        self._add = database.insert(MatchRow).values(new).on_conflict_do_nothing()
        self._fulfil_and_add: tuple[Executable, ...] = (_FULFIL_AVAILABILITY, self._add)
        if not database.single_process:
            # A single statement needs one round trip. Neither part sees the other's changes.
            fulfilled = _FULFIL_AVAILABILITY.returning(literal(1)).cte("first")
            self._fulfil_and_add = (self._add.add_cte(fulfilled),)

    async def add(self, match: Match) -> bool:
        """Add a match. Return False if its id, or its partner and ordinal, already exist.

        Raises:
            NotLinked: the person has disconnected since the match's epoch began.
        """
        statements = (self._add,) if match.source is Source.BEFORE else self._fulfil_and_add
        params = person_params(match.person) | {
            "by_session": match.session_id,
            "by_event": match.event,
            "by_account": match.account,
            "by_partner": match.partner_key,
            "by_ordinal": match.ordinal,
        }
        params |= _new(match_values(match, self._cipher))

        def invalidate_changed() -> None:
            cached = self._availabilities.peek(match.person)
            # Always invalidate, because a load in progress may return the old value.
            self._availabilities.invalidate(match.person)
            state = (cached.session_id, cached.state) if cached is not None else None
            if cached is not None and state == (match.session_id, State.IN_MEETING):
                self._availabilities.put(match.person, cached)
            self._changes.add(match.person)

        write = self._database.execute(*((statement, params) for statement in statements))
        return await invalidate_after(write, invalidate_changed) > 0

    async def add_baseline(
        self, availability: Availability, matches: Sequence[Match], at: datetime
    ) -> bool:
        """Add a baseline's matches unless the availability already has a baseline.

        Return whether the baseline was added.
        """
        person = availability.person
        first = update(AvailabilityRow).where(
            of(AvailabilityRow, person),
            AvailabilityRow.person_epoch == availability.person_epoch,
            AvailabilityRow.event == availability.event,
            AvailabilityRow.session_id == availability.session_id,
            AvailabilityRow.baseline_at.is_(None),
        )
        rows = [_new(match_values(match, self._cipher)) for match in matches]

        def add_to_first(connection: Connection) -> bool:
            # The update locks the row, so another process's baseline has to wait for this one.
            if not connection.execute(first.values(baseline_at=at)).rowcount:
                return False
            if rows:
                connection.execute(self._add, rows)
            return True

        write = self._database.transaction(add_to_first)
        return await invalidate_after(write, lambda: self._availabilities.invalidate(person))

    async def enrich(self, person: Person, match_id: MatchId, report: MatchReport) -> None:
        """Fill empty columns from a later report. Existing values are not replaced."""
        known: Values = {
            **partner_values(report.partner),
            "raw_time": report.raw_time,
            "matched_at": report.matched_at,
            "meeting_digest": report.meeting_digest,
            "call_sealed": encrypted_call(report.call, person, match_id, self._cipher),
        }
        del known["partner_name"]  # never empty
        filled = {
            column.name: func.coalesce(column, literal(known[column.name], column.type))
            for column in _COLUMNS
            if known.get(column.name) is not None
        }
        if filled:
            await self._database.execute(_update(person, match_id).values(**filled))

    async def get(self, person: Person, key: MatchId | Posted) -> Match | None:
        """Return the match with this id or message, or None.

        The call is included only if the match is requested by its id.
        """
        if isinstance(key, Posted):
            place = person_params(person) | {"by_channel": key.channel, "by_ts": key.ts}
            return next(iter(await self._list(_POSTED, place)), None)
        row = await self._database.fetch_one(_GET, person_params(person) | {"by_id": key})
        return match_of(row, self._cipher) if row is not None else None

    async def list_for(
        self, person: Person, event: EventSlug | None, session_id: SessionId | None = None
    ) -> list[Match]:
        """Return the person's matches at all events, at one or in a session, without calls."""
        if event is None:
            return await self._list(_ALL, person_params(person))
        params = person_params(person) | {"by_event": event}
        if session_id is None:
            return await self._list(_AT_EVENT, params)
        return await self._list(_IN_SESSION, params | {"by_session": session_id})

    async def list_with(
        self, person: Person, event: EventSlug, session_id: SessionId, partner: Partner
    ) -> list[Match]:
        """Return a session's matches that may be with this partner, without calls."""
        # Reading all matches of a long session would be the slowest step of storing a match.
        if partner.account_id is None:
            return await self.list_for(person, event, session_id)
        params = {"by_event": event, "by_session": session_id, "by_account": partner.account_id}
        return await self._list(_MAYBE_WITH, person_params(person) | params)

    async def _list(self, wanted: Select[*tuple[Any, ...]], params: Values) -> list[Match]:
        return [match_of(row) for row in await self._database.fetch_all(wanted, params)]

    async def record_outcome(
        self, person: Person, match_id: MatchId, outcome: str, posted: Posted | None, at: datetime
    ) -> None:
        """Record the outcome of the match's notice. Later outcomes are ignored."""
        channel, ts = (posted.channel, posted.ts) if posted is not None else (None, None)
        new = _new({"settled_at": at, "outcome": outcome, "channel": channel, "ts": ts})
        params = person_params(person) | {"by_id": match_id} | new
        # After a power cut without the outcome, the message is searched for and found.
        await self._database.execute((_RECORD_OUTCOME, params), synced=False)
        self._changes.add(person)

    async def list_pending(self, team: TeamId) -> list[tuple[Person, MatchId]]:
        """Return the matches whose notices have no outcome yet, oldest first."""
        return await self._list_ids(
            _IDS.where(_is_pending(team)).order_by(MatchRow.received_at, MatchRow.ordinal)
        )

    async def backlog(self, team: TeamId) -> Backlog:
        """Count the pending matches. The query reads only their index."""
        wanted = select(
            func.count(MatchRow.received_at).label("waiting"),
            func.min(MatchRow.received_at).label("oldest"),
        )
        row = await self._database.fetch_one(wanted.where(_is_pending(team)))
        return Backlog(row.waiting, row.oldest) if row is not None else Backlog(0, None)

    async def list_rounds_over(
        self, team: TeamId, now: datetime, after: MatchId | None = None
    ) -> list[tuple[Person, MatchId]]:
        """Return sent matches whose round has ended but whose message does not say so yet."""
        unknown = and_(MatchRow.ends_at.is_(None), MatchRow.received_at <= now - ASSUMED_ROUND)
        over = [
            MatchRow.team_id == team,
            MatchRow.over_at.is_(None),
            MatchRow.answer.is_(None),
            MatchRow.outcome == SENT,
            MatchRow.source != Source.LIST.value,
            or_(MatchRow.ends_at <= now, unknown),
        ]
        if after is not None:
            last = aliased(MatchRow)
            at = select(last.received_at).where(last.team_id == team, last.id == after)
            over.append(
                tuple_(MatchRow.received_at, MatchRow.id)
                > tuple_(at.limit(1).scalar_subquery(), literal(after))
            )
        return await self._list_ids(
            _IDS.where(*over).order_by(MatchRow.received_at, MatchRow.id).limit(MAX_ROUNDS_OVER)
        )

    async def _list_ids(self, wanted: Select[str, str, str]) -> list[tuple[Person, MatchId]]:
        return [(person_of(row), MatchId(row.id)) for row in await self._database.fetch_all(wanted)]

    async def mark_round_over(self, person: Person, match_id: MatchId, at: datetime) -> None:
        """Record that the message shows the end of the round, or that it never will."""
        unmarked = _update(person, match_id).where(MatchRow.over_at.is_(None))
        await self._database.execute(unmarked.values(over_at=at))
        self._changes.add(person)

    async def mark_answered(self, person: Person, posted: Posted, answer: str) -> None:
        """Record the first button that was pressed in a match's message."""
        unanswered = update(MatchRow).where(
            of(MatchRow, person),
            MatchRow.channel == posted.channel,
            MatchRow.ts == posted.ts,
            MatchRow.answer.is_(None),
        )
        await self._database.execute(unanswered.values(answer=answer))


def _new(values: Values) -> Values:
    return {f"new_{name}": value for name, value in values.items()}


def _update(person: Person, match_id: MatchId) -> Update:
    return update(MatchRow).where(of(MatchRow, person), MatchRow.id == match_id)


def _is_pending(team: TeamId) -> ColumnElement[bool]:
    return and_(MatchRow.team_id == team, MatchRow.settled_at.is_(None))
