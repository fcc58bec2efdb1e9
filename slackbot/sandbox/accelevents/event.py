"""The event: its sessions, their registrations, and the rules for joining."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slackbot.sandbox.accelevents import refusals
from slackbot.sandbox.accelevents.people import Attendee
from slackbot.sandbox.accelevents.refusals import Refusal, RefusedError


@dataclass(frozen=True)
class Track:
    """A track, with the fields of the session list."""

    id: int
    name: str
    color: str
    position: float


@dataclass
class Session:
    """One session. Times are aware; ``capacity`` None omits the field, 0 is no limit."""

    id: int
    title: str
    starts: datetime
    ends: datetime
    format: str = "MEET_UP"
    location: str | None = None
    description: str | None = None
    track: Track | None = None
    capacity: int | None = None
    # Seats taken by people who are not attendees of the sandbox.
    registered_elsewhere: int = 0
    # None admits every ticket.
    ticket_types: frozenset[str] | None = None
    # If set, every ticket permits this many sessions and has used them up elsewhere.
    used_up_limit: int | None = None
    registered: dict[str, list[int]] = field(default_factory=dict)  # attendee key → ticket ids

    def is_past(self, now: datetime) -> bool:
        """Return True once the session has ended."""
        return self.ends <= now

    def is_upcoming(self, now: datetime) -> bool:
        """Return True until the session starts."""
        return now < self.starts

    def is_live(self, now: datetime) -> bool:
        """Return True from start to end."""
        return self.starts <= now < self.ends

    @property
    def registered_count(self) -> int:
        """The number of seats taken."""
        return self.registered_elsewhere + len(self.registered)

    @property
    def is_full(self) -> bool:
        """True if the capacity is limited and reached."""
        return bool(self.capacity) and self.registered_count >= (self.capacity or 0)

    def admits(self, attendee: Attendee) -> bool:
        """Return True if one of the attendee's tickets admits them to this session."""
        allowed = self.ticket_types
        return allowed is None or any(ticket.type in allowed for ticket in attendee.tickets)


class Event:
    """The sessions of one event, known by its slug."""

    def __init__(self, slug: str, name: str, sessions: list[Session]) -> None:
        self.slug = slug
        self.name = name
        self._sessions = {session.id: session for session in sessions}

    def __iter__(self) -> Iterator[Session]:
        return iter(sorted(self._sessions.values(), key=lambda s: (s.starts, s.id)))

    def add(self, session: Session) -> Session:
        """Add a session, or replace the one with its id."""
        self._sessions[session.id] = session
        return session

    def session(self, session_id: int) -> Session:
        """Return a session; raise the documented refusal if there is none with this id."""
        if session_id not in self._sessions:
            raise RefusedError(refusals.SESSION_NOT_FOUND)
        return self._sessions[session_id]

    def join(self, session_id: int, who: Attendee, now: datetime) -> Session:
        """Register ``who``; joining again changes nothing.

        Refusals are checked in the order of the guide's table.
        """
        session = self.session(session_id)
        if who.key not in session.registered:
            self._check_seat(session, who)
        if not session.is_live(now):
            raise RefusedError(refusals.NOT_LIVE)
        session.registered.setdefault(who.key, [ticket.id for ticket in who.tickets])
        return session

    def _check_seat(self, session: Session, who: Attendee) -> None:
        if not who.tickets:
            raise RefusedError(refusals.NOT_REGISTERED)
        if session.is_full:
            raise RefusedError(refusals.SESSION_FULL)
        if not session.admits(who):
            raise RefusedError(refusals.TICKET_NOT_PERMITTED)
        if refusal := self._limit(session, who):
            raise RefusedError(refusal)

    def _limit(self, session: Session, who: Attendee) -> Refusal | None:
        if session.used_up_limit is not None:
            return refusals.ticket_limit(session.used_up_limit)
        taken = sum(who.key in other.registered for other in self)
        limits = [t.max_sessions for t in who.tickets if t.max_sessions is not None]
        if limits and taken >= max(limits) and len(limits) == len(who.tickets):
            return refusals.ticket_limit(max(limits))
        return None


SECOND_TRACK = Track(733, "Second track", "#0094ff", 2000.0)


def demo_event(slug: str, name: str, now: datetime) -> Event:
    """Return a plausible day around ``now``: sessions live, full, restricted, upcoming, past."""
    minute = now.replace(second=0, microsecond=0)
    return Event(slug, name, [*_today(minute), *_later(minute)])


def _today(minute: datetime) -> list[Session]:
    live = (minute - timedelta(minutes=30), minute + timedelta(hours=2))
    evening = (minute + timedelta(hours=3), minute + timedelta(hours=5))
    morning = (minute - timedelta(hours=4), minute - timedelta(hours=3))
    return [
        Session(
            11645,
            "First Network Session",
            *live,
            track=SECOND_TRACK,
            capacity=40,
            registered_elsewhere=12,
        ),
        Session(
            11646,
            "Founders meet investors",
            *live,
            location="Main hall",
            description="Five minutes each. Bring a question.",
        ),
        Session(11647, "Coffee with the keynote", *live, capacity=2, registered_elsewhere=2),
        Session(11648, "Speakers' circle", *live, ticket_types=frozenset({"Speaker"})),
        Session(11649, "Partner breakfast", *live, used_up_limit=2),
        Session(11650, "Evening mixer", *evening, track=SECOND_TRACK, capacity=0),
        Session(11651, "Morning warm-up", *morning),
        Session(11640, "Opening keynote", *live, format="MAIN_STAGE"),
        Session(11641, "Data pipelines, hands on", *evening, format="WORKSHOP"),
    ]


def _later(minute: datetime) -> list[Session]:
    """Return enough further sessions for a second page of a list of default size."""
    titles = (
        "Product people",
        "Platform engineers",
        "First-time visitors",
        "Climate and energy",
        "Design critique",
        "Hiring and being hired",
        "Open source maintainers",
        "Security",
        "Health",
        "Data and machine learning",
        "Education",
        "Farewell drinks",
    )
    starts = [minute + timedelta(days=1, hours=number) for number in range(len(titles))]
    return [
        Session(11660 + number, title, starts[number], starts[number] + timedelta(minutes=50))
        for number, title in enumerate(titles)
    ]
