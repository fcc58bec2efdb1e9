"""Read and change what people set, and decide which notices they get when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock
from slackbot.domain.preferences import Preferences, quiet_until
from slackbot.domain.stores import Store

# Returns a person's time zone, or None if Slack does not give it.
ZoneOf = Callable[[Person], Awaitable[tzinfo | None]]


@dataclass(frozen=True, eq=False, repr=False)
class PersonalPreferences:
    """The preferences of people, with their time zones."""

    store: Store
    clock: Clock
    zone_of: ZoneOf

    async def get(self, person: Person) -> Preferences:
        """Return the person's preferences, which are the defaults unless they have set some.

        Raises:
            NotLinked: The person is not connected.
        """
        known = await self.store.preferences.get(person)
        if known is not None:
            return known
        link = await self.store.links.get(person)
        if link is None:
            raise NotLinked
        return Preferences(person=person, person_epoch=link.person_epoch)

    async def change(self, person: Person, **changes: Any) -> Preferences:
        """Save changed fields of the person's preferences, and return all.

        Raises:
            NotLinked: The person is not connected.
        """
        known = await self.get(person)
        zone = await self.zone_of(person)
        name = zone.key if isinstance(zone, ZoneInfo) else known.zone
        changed = replace(known, zone=name, **changes)
        await self.store.preferences.save(changed)
        return changed

    async def zone(self, person: Person) -> tzinfo | None:
        """Return the zone in which the person is, or else that in which they last set something."""
        zone = await self.zone_of(person)
        if zone is None and (known := await self.store.preferences.get(person)) is not None:
            try:
                return ZoneInfo(known.zone) if known.zone is not None else None
            except (ValueError, OSError, ZoneInfoNotFoundError):
                return None  # a zone that another machine knew
        return zone

    async def allows(self, person: Person, kind: str) -> bool:
        """Return whether the person gets notices of this kind."""
        known = await self.store.preferences.get(person)
        return known is None or known.allows(kind)

    async def quiet_until(self, person: Person) -> datetime | None:
        """Return when the person's quiet hours end, or None if they are not in them.

        In a zone that is not known, the hours are those of UTC.
        """
        known = await self.store.preferences.get(person)
        if known is None or not known.has_quiet_hours:
            return None
        return quiet_until(known, self.clock.now(), await self.zone(person) or UTC)
