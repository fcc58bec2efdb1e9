"""A planned session as an iCalendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Calendar, Event

from slackbot.domain.files import File
from slackbot.domain.model import EventSlug, Person, SessionId
from slackbot.domain.ports import Clock
from slackbot.domain.stores import Store
from slackbot.domain.text import sanitize

PRODUCT: Final = "-//slackbot//Accelevents networking//EN"
ASSUMED_LENGTH: Final = timedelta(
    hours=1
)  # of a session whose end is unknown, or not after its start


@dataclass(frozen=True, eq=False, repr=False)
class CalendarEntries:
    """Makes the calendar entry of a session that a person has planned."""

    store: Store
    clock: Clock
    session_url: Callable[[EventSlug, SessionId], str]
    event_name: Callable[[EventSlug], str]

    async def make(self, person: Person, subject: str) -> File | None:
        """Return the entry, or None if the session is not planned (`services.files.MakeFile`).

        `subject` is the id of the session, a space and the event. Times are in UTC, which every
        calendar shows in the reader's zone, with its summer time.
        """
        number, _, event = subject.partition(" ")
        slug, session_id = EventSlug(event), SessionId(int(number))
        plan = await self.store.plans.get(person, slug, session_id)
        if plan is None:
            return None
        url = self.session_url(slug, session_id)
        entry = Event()
        # The same session keeps its id, so a calendar replaces the entry when it is added again.
        entry.add("uid", f"{session_id}.{event}@slackbot")
        entry.add("dtstamp", self.clock.now().astimezone(UTC).replace(microsecond=0))
        entry.add("dtstart", _whole(plan.starts_at))
        ends_at = plan.ends_at
        if ends_at is None or ends_at <= plan.starts_at:
            ends_at = plan.starts_at + ASSUMED_LENGTH
        entry.add("dtend", _whole(ends_at))
        entry.add("summary", sanitize(plan.session_title) or self.event_name(slug))
        if plan.location:
            entry.add("location", sanitize(plan.location))
        entry.add("description", f"{self.event_name(slug)}\n{url}")
        entry.add("url", url)
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        calendar.add_component(entry)
        body = calendar.to_ical()
        return File(f"session-{session_id}.ics", "text/calendar; charset=utf-8", body)


def _whole(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)
