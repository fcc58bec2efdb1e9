"""A platform that lists sessions, pairs who is available, and ends rounds."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from pydantic import SecretStr

from slackbot.domain.errors import SessionNotFound, SessionNotLive, TokenRefused
from slackbot.domain.matching import ASSUMED_ROUND
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    EventSlug,
    Grant,
    Link,
    MatchReport,
    Partner,
    Person,
    Session,
    SessionId,
    SessionScope,
)

from .loop import VirtualClock
from .programme import Slot

TICK_SECONDS: Final = 5.0  # between pairings
UNHEARD: Final = 0.03  # the share of events that a feed loses


@dataclass(frozen=True)
class Profile:
    """An attendee as the platform knows them."""

    account: int
    name: str
    title: str
    company: str

    @property
    def partner(self) -> Partner:
        return Partner(
            name=self.name, account_id=self.account, title=self.title, company=self.company
        )


@dataclass(frozen=True)
class Pairing:
    """Two accounts that talk to each other for a round."""

    number: int
    slot: Slot
    accounts: tuple[int, int]
    at: datetime

    @property
    def ends_at(self) -> datetime:
        seconds = self.slot.round_seconds
        return self.at + (ASSUMED_ROUND if seconds is None else timedelta(seconds=seconds))

    def other(self, account: int) -> int:
        one, other = self.accounts
        return other if account == one else one


class DayPlatform:
    """The platform. `hear` gets each event of a feed, unless the feed loses it."""

    def __init__(
        self,
        clock: VirtualClock,
        rng: random.Random,
        slots: Sequence[Slot],
        hear: Callable[[Person, MatchReport], None],
    ) -> None:
        self.clock, self.rng, self.hear = clock, rng, hear
        self.slots = {slot.id: slot for slot in slots}
        self.profiles: dict[int, Profile] = {}
        self.people: dict[int, Person] = {}
        self.registered: defaultdict[int, set[SessionId]] = defaultdict(set)
        self.registrations: list[tuple[datetime, Person, SessionId, bool]] = []
        self.available: defaultdict[SessionId, dict[int, datetime]] = defaultdict(dict)
        self.meeting: dict[int, Pairing] = {}
        self.pairings: list[Pairing] = []
        self._met: defaultdict[tuple[int, SessionId], list[Pairing]] = defaultdict(list)

    # --- Platform --------------------------------------------------------------------------------

    def _accept(self, link: Link) -> int:
        if link.expires_at is not None and link.expires_at <= self.clock.now():
            raise TokenRefused(status=401)
        assert link.account_id is not None
        return link.account_id

    async def redeem(self, event: EventSlug, user_key: str) -> Grant:
        raise NotImplementedError

    async def check(self, event: EventSlug, token: SecretStr) -> AuthScheme:
        raise NotImplementedError

    async def sessions(self, link: Link, scope: SessionScope) -> list[Session]:
        account, now = self._accept(link), self.clock.now()
        return [
            slot.listed(now, registered=slot.id in self.registered[account])
            for slot in self.slots.values()
            if slot.scope(now) is scope
        ]

    async def other_sessions(self, link: Link) -> list[Session]:
        self._accept(link)
        return []

    async def registered_sessions(self, link: Link) -> list[Session]:
        account, now = self._accept(link), self.clock.now()
        slots = [self.slots[each] for each in sorted(self.registered[account])]
        return [slot.listed(now, registered=True) for slot in slots if slot.scope(now)]

    async def join(self, link: Link, session_id: SessionId) -> None:
        account, scope = self._accept(link), self.slots[session_id].scope(self.clock.now())
        if scope is None:
            raise SessionNotFound(status=404)
        if scope is SessionScope.PAST:
            raise SessionNotLive(status=407)
        self.register(account, session_id, True)

    async def set_status(self, link: Link, session_id: SessionId, status: AttendeeStatus) -> None:
        account, now = self._accept(link), self.clock.now()
        slot = self.slots[session_id]
        if not slot.is_live(now):
            raise SessionNotLive(status=407)
        running = self.meeting.get(account)
        if running is not None and running.slot is slot:
            self.meeting.pop(account)
        if status is AttendeeStatus.AVAILABLE:
            self.available[session_id].setdefault(account, now)
        else:
            self.available[session_id].pop(account, None)

    async def matches(self, link: Link, session_id: SessionId) -> list[MatchReport]:
        account = self._accept(link)
        return [self._row(each, account) for each in self._met[account, session_id]]

    # --- what happens there ----------------------------------------------------------------------

    def register(self, account: int, session_id: SessionId, joined: bool) -> None:
        """Register somebody for a session, as in the event hub, or take it back."""
        if (session_id in self.registered[account]) == joined:
            return
        change = set.add if joined else set.discard
        change(self.registered[account], session_id)
        person = self.people[account]
        self.registrations.append((self.clock.now(), person, session_id, joined))

    async def run(self) -> None:
        """End rounds and sessions, and pair who is available, until cancelled."""
        while True:
            now = self.clock.now()
            for slot in self.slots.values():
                if not slot.is_live(now):
                    self.available[slot.id].clear()
                    continue
                waiting = sorted(set(self.available[slot.id]) - self.meeting.keys())
                self.rng.shuffle(waiting)
                for one, other in zip(waiting[::2], waiting[1::2], strict=False):
                    self._pair(slot, (one, other))
            # Somebody whose round is over is paired a moment later at the earliest.
            for account, pairing in list(self.meeting.items()):
                if pairing.ends_at <= now:
                    del self.meeting[account]
                    if pairing.slot.rolls:
                        self.available[pairing.slot.id].setdefault(account, now)
            await self.clock.sleep(TICK_SECONDS)

    def _pair(self, slot: Slot, accounts: tuple[int, int]) -> None:
        pairing = Pairing(len(self.pairings), slot, accounts, self.clock.now())
        self.pairings.append(pairing)
        for account in accounts:
            self.available[slot.id].pop(account)
            self.meeting[account] = pairing
            self._met[account, slot.id].append(pairing)
        for account in accounts:
            if self.rng.random() >= UNHEARD:
                self.hear(self.people[account], self._report(pairing, account))

    def _row(self, pairing: Pairing, account: int) -> MatchReport:
        partner = self.profiles[pairing.other(account)].partner
        return MatchReport(
            partner=partner,
            session_id=pairing.slot.id,
            raw_time=f"{pairing.at:%d.%m.%Y %H:%M}",
            matched_at=pairing.at,
        )

    def _report(self, pairing: Pairing, account: int) -> MatchReport:
        return replace(
            self._row(pairing, account),
            meeting_digest=sha256(str(pairing.number).encode()).hexdigest(),
            round_seconds=pairing.slot.round_seconds,
        )
