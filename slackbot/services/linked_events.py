"""The events that a person is connected to, of which one is active."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog

from slackbot.domain.model import EventSlug, Link, Person
from slackbot.domain.ports import Clock, MatchFeed
from slackbot.domain.stores import Store
from slackbot.services.accounts import Accounts, send_last_matches, set_aside

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EventLinks:
    """A person's links, by the name of the event. Without an active one there are no others."""

    active: Link | None
    others: tuple[Link, ...] = ()

    @property
    def all(self) -> tuple[Link, ...]:
        """All links, the active one first."""
        return (self.active, *self.others) if self.active is not None else self.others


def has_run_out(link: Link, now: datetime) -> bool:
    """Return whether the login is refused, or known to have expired."""
    return link.refused_at is not None or (link.expires_at is not None and link.expires_at <= now)


@dataclass(frozen=True, slots=True)
class Switched:
    """A change of the active event."""

    links: EventLinks
    before: EventSlug | None
    matches: int = 0  # how many are kept of the event before


@dataclass(eq=False, repr=False, kw_only=True)
class LinkedEvents:
    """Lists a person's events, switches between them and disconnects one of them."""

    accounts: Accounts
    store: Store
    feed: MatchFeed
    clock: Clock

    async def list_all(self, person: Person) -> EventLinks:
        """Return the person's links."""
        active = await self.store.links.get(person, fresh=True)
        return EventLinks(active, tuple(await self.store.other_links.list_all(person)))

    async def switch(self, person: Person, event: EventSlug) -> Switched:
        """Make this event the active one, if the person is connected to it.

        They leave the session in which they are available, because one feed serves one event.
        """
        async with self.accounts.locks.hold(person):
            old = await self.store.links.get(person, fresh=True)
            linked = [each.event for each in await self.store.other_links.list_all(person)]
            if old is not None and event in linked:
                await set_aside(self.accounts, old)
            link = await self.store.other_links.activate(person, event, self.clock.now())
            if link is not None:
                await self.feed.close(person)
        links = await self.list_all(person)
        if link is None or old is None:
            return Switched(links, None)
        log.info("event_switched", team=person.team, user=person.user)
        met = await self.store.matches.list_for(person, old.event)
        return Switched(links, old.event, len(met))

    async def disconnect(self, person: Person, event: EventSlug) -> EventLinks:
        """Delete the login to one event, and return what is left. Its matches stay."""
        async with self.accounts.locks.hold(person):
            links = await self.list_all(person)
            link = next((each for each in links.all if each.event == event), None)
            sessions = await self.accounts.leaving.sessions_of(link) if link is not None else []
            if link is not None and link is links.active:
                await send_last_matches(self.accounts, link)
            removed = await self.store.other_links.remove(person, event, self.clock.now())
            if link is not None and link is links.active:
                await self.feed.close(person)
        if link is not None:
            self.accounts.leaving.leave_deleted(link, sessions)
        if removed:
            log.info("event_unlinked", team=person.team, user=person.user)
        return await self.list_all(person)
