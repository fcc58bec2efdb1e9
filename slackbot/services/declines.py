"""Let people leave a round that they can't make, and tell the partner if they are here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from slackbot.domain.matching import is_round_over, round_of
from slackbot.domain.model import Availability, Link, Match, Person, Source, State
from slackbot.domain.notices import PartnerLeft, kind_of, notice_key
from slackbot.domain.ports import Clock, Delivery
from slackbot.domain.preferences import NoticeKind
from slackbot.domain.stores import Store
from slackbot.services.accounts import Accounts
from slackbot.services.feed_monitor import FeedMonitor
from slackbot.services.leaving import Leaving
from slackbot.services.preferences import PersonalPreferences


class NoRound(Exception):
    """The person is in no round, or in another one than the button is about."""


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
            partner = await self._waiting_partner(match)
            if match.declined_at is None:
                await self._tell(match, partner, is_back=False)
                now = self.clock.now()
                await self.store.counterparts.set_declined(match, now)
                match = replace(match, declined_at=now)
            left = _availability_in(match, State.AVAILABLE)
            await self.leaving.leave_surely(link, left)
            await self.store.snoozes.remove(person)
            current = await self.store.availabilities.get(person)
            if current is not None and current.session_id == match.session_id:
                await self.monitor.end(person)
            return Declined(match, partner is not None)

    async def take_back(self, person: Person, named: str = "") -> Declined:
        """Be in the round again, as before it was declined, and in no other session.

        Raises:
            NoRound: There is no such round, or it is over.
        """
        async with self.accounts.locks.hold(person), self.accounts.authorized_link(person) as link:
            match = await self._round(link, named)
            partner = await self._waiting_partner(match)
            if match.declined_at is not None:
                current = await self.store.availabilities.get(person)
                if current is not None and current.session_id != match.session_id:
                    await self.leaving.leave_surely(link, current)
                    await self.monitor.matches.reconcile(link, current)
                    await self.monitor.end(person)
                await self._tell(match, partner, is_back=True)
                await self.store.counterparts.set_declined(match, None)
                back = replace(_availability_in(match, State.IN_MEETING), since=self.clock.now())
                await self.store.snoozes.remove(person)
                await self.store.availabilities.save(back)
                await self.leaving.come_back(person, match.session_id)
                self.monitor.feed.open(link, match.session_id)
                self.monitor.start(person)
            whole = await self.store.matches.get(person, match.id)  # with its call
            return Declined(whole or match, partner is not None)

    async def _round(self, link: Link, named: str) -> Match:
        """Return the latest match, if its round is running and is the named one."""
        known = await self.store.matches.list_for(link.person, link.event)
        latest = next((match for match in known if match.source is not Source.BEFORE), None)
        if latest is None or is_round_over(latest, self.clock.now()):
            raise NoRound
        if named and named != round_of(latest.id):
            raise NoRound
        return latest

    async def _waiting_partner(self, match: Match) -> Match | None:
        """Return the match as the partner sees it, if they are here, wait, and want to know."""
        known = await self.store.contacts.partner_of(match)
        link = await self.store.links.get(known.person) if known is not None else None
        if link is None or link.event != match.event:
            return None  # nobody, or somebody who is at another event by now
        partner = await self.store.counterparts.find(match, link.person)
        if partner is None or partner.declined_at is not None:
            return None
        wants = await self.preferences.allows(partner.person, NoticeKind.PARTNER_LEFT)
        return partner if wants else None

    async def _tell(self, match: Match, partner: Match | None, *, is_back: bool) -> None:
        if partner is None:
            return
        ends_at = match.ends_at.isoformat() if match.ends_at is not None else ""
        remark = PartnerLeft(
            name=partner.partner.name,
            title=partner.session_title,
            session=str(partner.session_id),
            round=round_of(partner.id),
            ends=ends_at,
            is_back=str(is_back),
        )
        key = notice_key(kind_of(remark), partner.person_epoch, partner.id, match.declines)
        await self.delivery.remark(partner.person, key, remark)


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
