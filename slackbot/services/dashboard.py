"""Read what a person's Home shows. It is complete without the platform, whose lists are cached."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from slackbot.domain.errors import NotLinked, TokenRefused
from slackbot.domain.model import Link, Match, Person, State
from slackbot.domain.stores import Store
from slackbot.services.availability import Availabilities, AvailabilityStatus, NoticeState
from slackbot.services.programmes import NO_PROGRAMME, PRESSED, SHOWN, Ages, Programme, Programmes


class Health(Enum):
    """Whether everything works for a person, or else what they should know of first."""

    MESSAGES_REFUSED = auto()
    MESSAGE_PENDING = auto()
    UNREACHABLE = auto()  # the platform
    UNCONFIRMED = auto()
    UPDATES_DOWN = auto()
    UNREAD = auto()  # no list has been read yet
    WORKING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A person's state as their Home shows it. Without a link, they are not connected."""

    link: Link | None = None
    has_other_events: bool = False  # to which they are connected as well
    status: AvailabilityStatus | None = None  # None if the login was refused
    programme: Programme = NO_PROGRAMME
    matches: tuple[Match, ...] = ()  # the latest
    match_count: int = 0

    @property
    def login(self) -> tuple[object, ...]:
        """A value that changes when the person connects or disconnects, or their login runs out."""
        return (self.link and (self.link.event, self.link.linked_at), self.status is None)

    def next_change(self, now: datetime) -> datetime | None:
        """Return when a session that is shown starts or ends next, or the login runs out."""
        moments = [
            *(session.ends_at for session in self.programme.live),
            *(session.starts_at for session in self.programme.joined),
            self.link and self.link.expires_at,
        ]
        return min((moment for moment in moments if moment and moment > now), default=None)


def health_of(status: AvailabilityStatus, programme: Programme) -> Health:
    """Return the health that agrees with what the status says."""
    availability, in_meeting = status.availability, False
    if availability is not None:
        in_meeting = availability.state is State.IN_MEETING
    is_waiting = availability is not None and availability.state is State.AVAILABLE
    is_leaving = availability is not None and availability.state is State.LEAVING
    feed_is_down = status.feed is not None and not status.feed.connected
    found = {
        Health.MESSAGES_REFUSED: status.link.unreachable is not None
        or (in_meeting and status.notice is NoticeState.NOT_SENT),
        Health.MESSAGE_PENDING: in_meeting and status.notice is NoticeState.PENDING,
        Health.UNREACHABLE: not programme.is_known,
        Health.UNCONFIRMED: is_leaving or not status.confirmed,
        Health.UPDATES_DOWN: feed_is_down or (is_waiting and not status.is_connected),
        Health.UNREAD: programme.read_at is None,
    }
    return next((health for health, is_so in found.items() if is_so), Health.WORKING)


@dataclass(eq=False, repr=False, kw_only=True)
class Dashboards:
    """Reads dashboards from the database, and the sessions from lists that `refresh` reads."""

    availabilities: Availabilities
    programmes: Programmes
    store: Store

    async def read(self, person: Person) -> Dashboard:
        """Return what is so now, without calling the platform."""
        link = await self.store.links.get(person, fresh=True)
        if link is None:
            return Dashboard()
        matches = await self.store.matches.list_for(person, link.event)
        status = None
        with suppress(NotLinked, TokenRefused):
            status = await self.availabilities.status(person)
        return Dashboard(
            link=link,
            has_other_events=bool(await self.store.other_links.list_all(person)),
            status=status,
            programme=self.programmes.get(link),
            matches=tuple(matches[:SHOWN]),
            match_count=len(matches),
        )

    async def refresh(self, person: Person, ages: Ages = PRESSED) -> None:
        """Read the person's sessions from the platform, unless they are known well enough."""
        link = await self.store.links.get(person)
        if link is not None and link.refused_at is None:
            await self.programmes.refresh(link, ages)
