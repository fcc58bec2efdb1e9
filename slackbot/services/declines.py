"""Let people leave a round that they can't make, and tell the partner if they are here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from slackbot.domain.matching import is_round_over, round_of
from slackbot.domain.model import Availability, Link, Match, Person, State
from slackbot.domain.ports import Clock, Delivery
from slackbot.domain.preferences import NoticeKind
from slackbot.domain.stores import Store
from slackbot.services.accounts import Accounts
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.leaving import Leaving
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.rounds import (
    counterpart_of,
    is_in_round,
    latest_of,
    may_wait,
    tell_partner,
)


class NoRound(Exception):
    """The person is in no round, or in another one than the button is about."""


class PartnerGone(Exception):
    """The partner is not in the round any more, so nobody can be in it again."""

    def __init__(self, match: Match) -> None:
        super().__init__()
        self.match = match


@dataclass(frozen=True, slots=True)
class Declined:
    """A match that the person can't make, or can after all. `is_notified` is about the partner."""

    match: Match
    is_notified: bool


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Declines:
    """Says for people that they can't make a round, and takes it back."""

    accounts: Accounts
    leaving: Leaving
    monitor: FeedMonitor
    delivery: Delivery
    preferences: PersonalPreferences
    store: Store
    clock: Clock

    async def decline(self, person: Person, named: str = "") -> Declined:
        """Leave the person's round, or the `named` one, and end their availability.

        The partner is notified first, with the key of this decision, so that a crash in between
        lets nobody wait. Saying so twice sends one notice.

        Raises:
            NoRound: There is no such round, or it is over.
        """
        async with self.accounts.locks.hold(person), self.accounts.authorized_link(person) as link:
            match = await self._round(link, named)
            partner = await counterpart_of(self.store, match)
            is_notified = await self._is_notified(partner)
            if match.declined_at is None:
                if partner is not None and is_notified:
                    await tell_partner(self.delivery, match, partner)
                now = self.clock.now()
                await self.store.counterparts.set_declined(match, now)
                match = replace(match, declined_at=now)
            left = _availability_in(match, State.AVAILABLE)
            await self.leaving.leave_surely(link, left)
            await self.store.snoozes.remove(person)
            current = await self.store.availabilities.get(person)
            if current is not None and current.session_id == match.session_id:
                await self.monitor.end(person)
            return Declined(match, is_notified)

    async def take_back(self, person: Person, named: str = "") -> Declined:
        """Be in the round again, as before it was declined, and available nowhere.

        Raises:
            NoRound: There is no such round, or it is over.
            PartnerGone: The partner has gone on, is paused, or can't make it either.
        """
        async with self.accounts.locks.hold(person), self.accounts.authorized_link(person) as link:
            match = await self._round(link, named)
            partner = await counterpart_of(self.store, match)
            is_notified = await self._is_notified(partner)
            if match.declined_at is not None:
                if partner and not await is_in_round(self.store, partner, self.clock.now()):
                    raise PartnerGone(match)
                await self.leaving.come_back(person, match.session_id)
                await self._stop_waiting(link)
                await self._round(link, named)  # they may have been paired meanwhile
                if partner is not None and is_notified:
                    await tell_partner(self.delivery, match, partner, is_back=True)
                await self.store.counterparts.set_declined(match, None)
                await self.monitor.end(person)
                back = replace(_availability_in(match, State.IN_MEETING), since=self.clock.now())
                await self.store.snoozes.remove(person)
                await self.store.availabilities.save(back)
                self.monitor.feed.open(link, match.session_id)
                self.monitor.start(person)
            whole = await self.store.matches.get(person, match.id)  # with its call
            return Declined(whole or match, is_notified)

    async def _stop_waiting(self, link: Link) -> None:
        """Leave where the person is available by now, or the platform pairs them there."""
        current = await self.store.availabilities.get(link.person)
        if current is not None:
            await self.leaving.leave_surely(link, current)
            await self.monitor.matches.reconcile(link, current)

    async def _round(self, link: Link, named: str) -> Match:
        """Return the latest match, if its round is running and is the named one."""
        latest = latest_of(await self.store.matches.list_for(link.person, link.event))
        if latest is None or is_round_over(latest, self.clock.now()):
            raise NoRound
        if named and named != round_of(latest.id):
            raise NoRound
        return latest

    async def _is_notified(self, partner: Match | None) -> bool:
        """Return whether the partner may wait, and wants to know about it."""
        if partner is None or not await may_wait(self.store, partner):
            return False
        return await self.preferences.allows(partner.person, NoticeKind.PARTNER_LEFT)


def _availability_in(match: Match, state: State) -> Availability:
    return Availability(
        person=match.person,
        person_epoch=match.person_epoch,
        event=match.event,
        session_id=match.session_id,
        session_title=match.session_title,
        state=state,
        since=match.received_at,
    )
