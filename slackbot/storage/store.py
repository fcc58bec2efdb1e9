"""The port `Store` over SQL. Every statement names the workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import (
    Executable,
    Row,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    EventSlug,
    Link,
    Match,
    Person,
    SessionId,
    State,
    TeamId,
)
from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Channels, Store
from slackbot.storage.call_links import CallLinks
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher, DecryptionFailed
from slackbot.storage.filters import every, every_of_one, of, of_any, whose
from slackbot.storage.mappers import (
    Values,
    availability_of,
    availability_values,
    link_of,
    link_values,
    person_of,
)
from slackbot.storage.matches import Known
from slackbot.storage.tables import AvailabilityRow, CallLinkRow, LinkRow, MatchRow, SeenEventRow

log = structlog.get_logger(__name__)

LINK_SECONDS = 10.0
"""How long another process may still speak with a link that was changed or deleted."""
ALONE_SECONDS = 10.0
"""How long a wish and matches are remembered, where no other process can change them."""
TOLD_SECONDS = 10.0
"""How long a match just stored waits to be told; where another process tells it, for nothing."""
PEOPLE_KEPT = 4096
TITLE_SECONDS = 60.0
"""How long a session's title is remembered; it hardly ever changes."""
SESSIONS_KEPT = 1000
EVENT_MEMORY = timedelta(days=1)
"""Slack repeats an event for about an hour."""
PURGE_SECONDS = 3600.0
"""How often the seen events of one workspace are looked through."""

_LINK, _WISH = every_of_one(LinkRow), every_of_one(AvailabilityRow)


# By the index of those that are unsettled: it costs as much as there are of them.
_BACKLOG = select(
    func.count(MatchRow.received_at).label("waiting"),
    func.min(MatchRow.received_at).label("oldest"),
)


class SqlStore(CallLinks):
    """Everything that is kept, in one database.

    Links are remembered for some seconds, and wishes and matches where no other process changes
    them: a lookup costs more than all the rest of an answer.
    """

    def __init__(
        self, database: Database, cipher: Cipher, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock` counts seconds; only what is remembered goes by it."""
        alone = database.single_process
        self._links: TtlCache[Person, Link | None] = TtlCache(
            seconds=LINK_SECONDS, capacity=PEOPLE_KEPT, clock=clock
        )
        wishes: TtlCache[Person, Availability | None] = TtlCache(
            seconds=ALONE_SECONDS if alone else 0.0, capacity=PEOPLE_KEPT, clock=clock
        )
        known: TtlCache[Person, Known] = TtlCache(
            seconds=ALONE_SECONDS if alone else 0.0, capacity=PEOPLE_KEPT, clock=clock
        )
        told_next: TtlCache[Person, Match] = TtlCache(
            seconds=TOLD_SECONDS, capacity=PEOPLE_KEPT, clock=clock
        )
        super().__init__(database, cipher, wishes=wishes, known=known, told_next=told_next)
        self._titles: TtlCache[tuple[TeamId, EventSlug, SessionId], str] = TtlCache(
            seconds=TITLE_SECONDS, capacity=SESSIONS_KEPT, clock=clock
        )
        self._purged: TtlCache[TeamId, bool] = TtlCache(
            seconds=PURGE_SECONDS, capacity=PEOPLE_KEPT, clock=clock
        )

    async def ping(self) -> bool:
        """Whether the database answers."""
        return await self._database.ping()

    async def aclose(self) -> None:
        """Close the database."""
        await self._database.aclose()

    # --- links -----------------------------------------------------------------------------------

    async def link(self, person: Person, *, fresh: bool = False) -> Link | None:
        """The person's link; one whose token cannot be opened counts as none, and is logged."""
        if fresh:
            self._links.drop(person)
        return await self._links.get(person, lambda: self._load_link(person))

    async def _load_link(self, person: Person) -> Link | None:
        row = await self._database.row(_LINK, whose(person))
        return self._opened(row) if row is not None else None

    def _opened(self, row: Row[Any]) -> Link | None:
        try:
            return link_of(row, self._cipher)
        except DecryptionFailed as broken:
            log.warning("link_not_opened", reason=str(broken), team=row.team_id, user=row.user_id)
            return None

    async def links(self, people: Sequence[Person]) -> Mapping[Person, Link | None]:
        """The links of many, as they are now; who has none is missing or None."""
        if not people:
            return {}
        return await self._links.renew(people, lambda: self._load_links(people))

    async def _load_links(self, people: Sequence[Person]) -> dict[Person, Link | None]:
        rows = await self._database.rows(every(LinkRow).where(of_any(LinkRow, people)))
        return {person_of(row): self._opened(row) for row in rows}

    async def save_link(self, link: Link) -> None:
        """Insert or replace. A wish for another event, or of another account, goes with it."""
        saved = self._upsert(LinkRow, link_values(link, self._cipher))
        await self._change_link(link.person, _delete_foreign_wish(link), saved)

    async def mark_refused(self, person: Person, at: datetime) -> bool:
        """Note that the token is no longer taken; True only for the first to note it."""
        unmarked = and_(of(LinkRow, person), LinkRow.refused_at.is_(None))
        return await self._change_link(
            person, update(LinkRow).where(unmarked).values(refused_at=at)
        )

    async def set_auth_scheme(self, person: Person, scheme: AuthScheme) -> None:
        """Remember how the token must be sent."""
        change = update(LinkRow).where(of(LinkRow, person)).values(auth_scheme=scheme.value)
        await self._change_link(person, change)

    async def mark_reachable(self, person: Person, unreachable: str | None) -> None:
        """Note why Slack takes no message to the person, or that it does again (None)."""
        change = update(LinkRow).where(of(LinkRow, person)).values(unreachable=unreachable)
        await self._change_link(person, change)

    async def channel(self, person: Person) -> str | None:
        """Slack's id of the person's direct message, where it is known."""
        wanted = select(LinkRow.dm_channel).where(of(LinkRow, person))
        row = await self._database.row(wanted)
        return row.dm_channel if row is not None else None

    async def remember_channel(self, person: Person, channel: str) -> None:
        """Keep it with the link; where there is none, nothing is kept."""
        change = update(LinkRow).where(of(LinkRow, person)).values(dm_channel=channel)
        await self._database.change(change)

    async def forget(self, person: Person) -> bool:
        """Delete all rows of the person; whether there was a link."""
        tables = (CallLinkRow, MatchRow, AvailabilityRow, LinkRow)
        gone = [delete(table).where(of(table, person)) for table in tables]
        return await self._change_link(person, *gone)

    async def _change_link(self, person: Person, *statements: Executable) -> bool:
        return await self._database.change(*statements, after=lambda _: self._drop(person))

    def _drop(self, person: Person) -> None:
        self.drop_matches(person)
        self._links.drop(person)
        self._wishes.drop(person)

    async def forget_workspace(self, team: TeamId) -> None:
        """Delete all rows of the workspace."""
        tables = (CallLinkRow, MatchRow, AvailabilityRow, LinkRow, SeenEventRow)
        gone = [delete(table).where(table.team_id == team) for table in tables]
        await self._database.change(*gone, after=lambda _: self._clear())

    def _clear(self) -> None:
        self.drop_matches(None)
        self._links.clear()
        self._wishes.clear()

    # --- availabilities --------------------------------------------------------------------------

    async def availability(self, person: Person) -> Availability | None:
        """The person's wish to be matched."""
        return await self._wishes.get(person, lambda: self._load_availability(person))

    async def _load_availability(self, person: Person) -> Availability | None:
        row = await self._database.row(_WISH, whose(person))
        return availability_of(row) if row is not None else None

    async def session_title(self, person: Person, event: EventSlug, session_id: SessionId) -> str:
        """The title that a wish of the workspace gave the session within a minute, or ""."""
        session = (person.team, event, session_id)
        title = self._titles.peek(session)
        if title is not None:
            return title
        wish = await self.availability(person)
        if wish is None or (wish.event, wish.session_id) != session[1:]:
            return ""
        self._titles.keep(session, wish.session_title)
        return wish.session_title

    async def save_availability(self, availability: Availability) -> None:
        """Insert or replace."""
        saved = self._upsert(AvailabilityRow, availability_values(availability))
        await self._change_wish(availability.person, saved)

    async def set_state(self, person: Person, session_id: SessionId, state: State) -> bool:
        """Change the state of a wish that still stands for this session; False when none does."""
        wish = and_(of(AvailabilityRow, person), AvailabilityRow.session_id == session_id)
        changed = update(AvailabilityRow).where(wish).values(state=state.value)
        return await self._change_wish(person, changed)

    async def end_availability(self, person: Person) -> bool:
        """Delete the wish; True only for the one that deleted it."""
        return await self._change_wish(
            person, delete(AvailabilityRow).where(of(AvailabilityRow, person))
        )

    async def _change_wish(self, person: Person, statement: Executable) -> bool:
        return await self._database.change(statement, after=lambda _: self._wishes.drop(person))

    async def availabilities(self, team: TeamId) -> list[Availability]:
        """All wishes of the workspace, the oldest first."""
        wanted = (
            every(AvailabilityRow)
            .where(AvailabilityRow.team_id == team)
            .order_by(AvailabilityRow.since, AvailabilityRow.user_id)
        )
        return [availability_of(row) for row in await self._database.rows(wanted)]

    # --- notices ---------------------------------------------------------------------------------

    async def backlog(self, team: TeamId) -> Backlog:
        """How many matches are not told yet, and since when the oldest waits."""
        row = await self._database.row(
            _BACKLOG.where(MatchRow.team_id == team, MatchRow.settled_at.is_(None))
        )
        return Backlog(row.waiting, row.oldest) if row is not None else Backlog(0, None)

    # --- events ----------------------------------------------------------------------------------

    async def record_event(self, team: TeamId, event_id: str, at: datetime) -> bool:
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


_keeps_the_port: Callable[[Database, Cipher], Store] = SqlStore
_keeps_channels: Callable[[Database, Cipher], Channels] = SqlStore


def _delete_foreign_wish(link: Link) -> Executable:
    """Away with an availability that the new link does not speak for."""
    foreign = [AvailabilityRow.event != link.event]
    if link.account_id is not None:
        other_account = exists().where(
            of(LinkRow, link.person), LinkRow.account_id != link.account_id
        )
        foreign.append(other_account)
    return delete(AvailabilityRow).where(of(AvailabilityRow, link.person), or_(*foreign))
