"""Keep up with the ends of sessions, which organisers extend, cut short and cancel.

An availability holds when its session ends, as the platform said when the person asked. Whether the
session is over, each person's poll asks the platform once more, with the login of that person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from slackbot.aio.deadline import Deadline
from slackbot.aio.tasks import every
from slackbot.domain.errors import PlatformError, Refusal
from slackbot.domain.model import EventSlug, Person, Session, SessionId, SessionScope, TeamId
from slackbot.domain.ports import Clock, Platform
from slackbot.domain.stores import Store, StoreUnavailable

log = structlog.get_logger(__name__)

TICK_SECONDS: Final = 30.0  # between looks at the sessions that are live
READ_SECONDS: Final = 20.0  # for the sessions of an event
LINKS_TRIED: Final = 3  # people with whose login the sessions are read
# Looks in a row that do not find a session, before it counts as over. One list may lack it.
MISSING_LOOKS: Final = 2


@dataclass(eq=False, repr=False)
class SessionEnds:
    """Corrects the ends of sessions in which people are available. Several processes may do so."""

    store: Store
    platform: Platform
    clock: Clock
    # How many looks in a row have not found a session.
    _missing: dict[tuple[EventSlug, SessionId], int] = field(default_factory=dict, init=False)

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""
        await every(
            TICK_SECONDS,
            lambda: self.tick(team),
            name="session_ends",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def tick(self, team: TeamId) -> None:
        """Look at the sessions of each event in which people are available.

        Once a session should be over, each person's poll asks about it.
        """
        now = self.clock.now()
        people: defaultdict[EventSlug, list[Person]] = defaultdict(list)
        sessions: defaultdict[EventSlug, set[SessionId]] = defaultdict(set)
        for each in await self.store.availabilities.list_all(team):
            if each.session_ends_at is None or each.session_ends_at > now:
                people[each.event].append(each.person)
                sessions[each.event].add(each.session_id)
        missing, self._missing = self._missing, {}
        for event, known in sessions.items():
            live = await self._live(event, people[event])
            if live is None:
                self._missing |= {key: n for key, n in missing.items() if key[0] == event}
            else:
                await self._correct(team, event, known, live, missing)

    async def _correct(
        self,
        team: TeamId,
        event: EventSlug,
        known: Collection[SessionId],
        live: Sequence[Session],
        missing: dict[tuple[EventSlug, SessionId], int],
    ) -> None:
        listed = {session.id: session.ends_at for session in live}
        for session_id in known:
            ends_at = listed.get(session_id)
            if session_id not in listed:
                looks = self._missing[event, session_id] = missing.get((event, session_id), 0) + 1
                ends_at = self.clock.now() if looks == MISSING_LOOKS else None
            if ends_at is None:
                continue
            changed = await self.store.availabilities.set_session_end(
                team, event, session_id, ends_at
            )
            if changed:
                log.info("session_end_corrected", people=changed)

    async def _live(self, event: EventSlug, people: Sequence[Person]) -> Sequence[Session] | None:
        """Return the sessions that are live, or None if nobody's login can read them now."""
        links = await self.store.links.get_many(people[:LINKS_TRIED])
        for link in links.values():
            if link is None or link.refused_at is not None or link.event != event:
                continue
            try:
                with Deadline(self.clock, READ_SECONDS):
                    return await self.platform.sessions(link, SessionScope.LIVE)
            except Refusal:
                continue
            except PlatformError as error:
                log.info("session_ends_unread", reason=error.code)
                return None
        return None
