"""The platform as one object: its state, its knobs, and everything a test can do to it."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from slackbot.sandbox.accelevents import refusals, render
from slackbot.sandbox.accelevents.calls import Call
from slackbot.sandbox.accelevents.event import Event, Session, demo_event
from slackbot.sandbox.accelevents.faults import Broken, Delay, Faults, NextStatus
from slackbot.sandbox.accelevents.knobs import Knobs
from slackbot.sandbox.accelevents.match_payloads import Match, payload
from slackbot.sandbox.accelevents.outbox import OutgoingEvent
from slackbot.sandbox.accelevents.pairing import Networking, Pairing
from slackbot.sandbox.accelevents.people import (
    KEY_LIFETIME,
    TOKEN_LIFETIME,
    Attendee,
    People,
    Ticket,
)
from slackbot.sandbox.accelevents.refusals import RefusedError
from slackbot.sandbox.accelevents.sockets import Connection, DropMode, SocketServer
from slackbot.sandbox.chime.api import Chime

WEB_URL = "https://www.accelevents.com"
FIRST_SESSION = 11645
When = Literal["past", "live", "upcoming"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Platform:
    """An event of the platform, with the two attendees ``ada`` and ``priya``; more can be added.

    ``now`` returns an aware time; ping times of the sockets are in seconds. ``chime`` creates the
    meetings of matches; they lead nowhere until its ``media_url`` is a media plane's.
    """

    def __init__(
        self,
        *,
        slug: str = "demo",
        name: str = "Demo Summit",
        knobs: Knobs | None = None,
        now: Callable[[], datetime] = _utc_now,
        socket_path: str = "/socket.io",
        namespace: str = "/",
        ping_interval: float = 25,
        ping_timeout: float = 20,
    ) -> None:
        self.now = now
        self.knobs = knobs or Knobs()
        self.event = demo_event(slug, name, now())
        self.other_events: list[Event] = []
        self.people = People(now)
        self.chime = Chime()
        self.networking = Networking(now, self.chime)
        self.faults = Faults()
        self.socket_path = socket_path.rstrip("/")
        self.socket_server = SocketServer(
            self.people.holder_of,
            self.knobs,
            path=socket_path,
            namespace=namespace,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
        )
        # What happened, oldest first; credentials are masked in the REST calls.
        self.calls: list[Call] = []
        self.pairings = self.networking.pairings
        self.sent = self.socket_server.sent
        self.received = self.socket_server.received
        self._add_demo_attendees()

    def _add_demo_attendees(self) -> None:
        self.add_attendee(
            "ada",
            "Ada Example",
            user_id=501,
            title="Engineer",
            company="Northwind",
            profile_image="ada-example.png",  # the documentation has a bare file name
        )
        self.add_attendee(
            "priya",
            "Priya Raman",
            user_id=502,
            title="Product lead",
            company="Northwind",
            profile_image="https://images.accelevents.example/priya-raman.png",
        )

    # People.

    def attendee(self, who: str) -> Attendee:
        """Return an attendee by key; raise ``KeyError`` if there is none."""
        return self.people[who]

    def add_attendee(
        self,
        key: str,
        full_name: str,
        *,
        user_id: int | None = None,
        title: str | None = None,
        company: str | None = None,
        profile_image: str | None = None,
        ticket_type: str | None = "Standard",
        max_sessions: int | None = None,
    ) -> Attendee:
        """Add an attendee with one ticket, or none if ``ticket_type`` is None."""
        number = user_id or 1 + max((a.user_id for a in self.people), default=500)
        tickets = [Ticket(7000 + number, ticket_type, max_sessions)] if ticket_type else []
        return self.people.add(
            Attendee(key, number, full_name, title, company, profile_image, tickets)
        )

    def token_for(self, who: str, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """Return a new access token of an attendee."""
        return self.people.token_for(who, lifetime)

    def user_key_for(self, who: str, lifetime: timedelta = KEY_LIFETIME) -> str:
        """Return a new single-use key of an attendee."""
        return self.people.user_key_for(who, lifetime)

    def magic_link_for(
        self, who: str, web_url: str = WEB_URL, lifetime: timedelta = KEY_LIFETIME
    ) -> str:
        """Return a magic link with a new single-use key, as an e-mail would carry it."""
        return self.magic_link(self.user_key_for(who, lifetime), web_url)

    def magic_link(self, user_key: str, web_url: str = WEB_URL) -> str:
        """Return the magic link that carries a user key."""
        query = urlencode({"userKey": user_key, "loginSource": "MAGIC_LINK"})
        return f"{web_url}/e/{self.event.slug}/portal?{query}"

    def revoke(self, who: str) -> None:
        """Revoke all access tokens of an attendee; open sockets stay until dropped."""
        self.people.revoke(who)

    def lock(self, who: str, *, locked: bool = True) -> None:
        """Lock the account (4010102), or unlock it."""
        self.attendee(who).locked = locked

    # Events, sessions and pairings.

    def add_event(self, slug: str, name: str, sessions: Sequence[Session] = ()) -> Event:
        """Add an event, to which everybody has a ticket; ids of sessions are unique among all."""
        self.other_events.append(Event(slug, name, list(sessions)))
        return self.other_events[-1]

    def event_of(self, slug: str) -> Event:
        """Return an event; raise the documented refusal if there is none."""
        for event in (self.event, *self.other_events):
            if event.slug == slug:
                return event
        raise RefusedError(refusals.EVENT_NOT_FOUND)

    def session(self, session_id: int) -> Session:
        """Return a session; raise ``RefusedError`` if there is none with this id."""
        return self.event.session(session_id)

    def move_session(self, session_id: int, when: When) -> None:
        """Move a session into the past, the present or the future."""
        session, now = self.session(session_id), self.now()
        hours = {"past": (-3, -1), "live": (-1, 2), "upcoming": (1, 3)}[when]
        session.starts, session.ends = (now + timedelta(hours=hour) for hour in hours)
        if when != "live":
            self.networking.close(session_id)

    def status_of(self, who: str, session_id: int = FIRST_SESSION) -> str | None:
        """Return the last networking status of an attendee in a session."""
        return self.networking.statuses.get((session_id, who))

    async def pair(self, a: str, b: str, session_id: int = FIRST_SESSION) -> Pairing:
        """Pair two people now, registered and available or not, and notify both."""
        session = self.session(session_id)
        for who in (self.attendee(a), self.attendee(b)):
            session.registered.setdefault(who.key, [ticket.id for ticket in who.tickets])
        pairing = self.networking.pair(session_id, a, b)
        await self.send_match(pairing)
        return pairing

    async def send_match(self, pairing: Pairing, only: str | None = None) -> None:
        """Send the event of a pairing, in the shape set now, to both sides or to one."""
        for who in pairing.sides:
            if only in {None, who}:
                body = payload(self._match(pairing, who), self.knobs.shape)
                meeting_id = str(pairing.meeting["MeetingId"])
                event = OutgoingEvent(who, self.knobs.event_name, body, meeting_id)
                await self.socket_server.send(event)

    def _match(self, pairing: Pairing, who: str) -> Match:
        partner = self.attendee(pairing.partner_of(who))
        row = render.match_row(pairing, partner, render.socket_time(pairing, self.knobs))
        if not self.knobs.with_time:
            del row["matTimeDate"]
        return Match(
            pairing.session_id,
            row,
            pairing.meeting,
            pairing.chime_attendees[who],
            self.knobs.round_seconds,
        )

    async def send_again(
        self, times: int = 1, *, number: int | None = None, only: str | None = None
    ) -> None:
        """Send a pairing's event ``times`` more times; ``number`` None is the last pairing."""
        pairing = self.pairings[-1 if number is None else number - 1]
        for _ in range(times):
            await self.send_match(pairing, only)

    async def emit(self, who: str, payload: object, event: str | None = None) -> None:
        """Send any payload to the open sockets of an attendee."""
        receiver = self.attendee(who).key
        await self.socket_server.send(
            OutgoingEvent(receiver, event or self.knobs.event_name, payload)
        )

    async def swap(self, events: int = 2) -> None:
        """Hold each person's next ``events`` events, then send them in reverse; 0 ends it."""
        await self.socket_server.swap(events)

    # Sockets.

    @property
    def sockets(self) -> list[Connection]:
        """Open sockets, oldest first."""
        return list(self.socket_server.open.values())

    async def drop_sockets(self, who: str | None = None, how: DropMode = "cut") -> None:
        """Close the open sockets of everybody or of one, abruptly or with a disconnect packet."""
        await self.socket_server.drop(who, how)

    async def restart_sockets(self, seconds: float) -> None:
        """Cut all sockets and refuse handshakes for ``seconds``; 0 accepts them again at once."""
        await self.socket_server.refuse_for(seconds)

    async def connected(self, who: str) -> None:
        """Wait until the attendee has an open socket that matches would reach."""
        await self.socket_server.until(
            lambda: any(c.attendee == who and c.ready for c in self.sockets)
        )

    async def disconnected(self, who: str) -> None:
        """Wait until the attendee has no open socket."""
        await self.socket_server.until(lambda: all(c.attendee != who for c in self.sockets))

    # Faults.

    def delay(self, seconds: float, path: str = "", **where: Any) -> None:
        """Slow calls down; takes the fields of ``faults.Delay``."""
        self.faults.delay(Delay(seconds=seconds, path=path, **where))

    def next_status(self, status: int, times: int = 1, **fields: Any) -> None:
        """Answer the next calls with this status; takes the fields of ``faults.NextStatus``."""
        self.faults.next_status(NextStatus(status=status, times=times, **fields))

    def broken(self, times: int = 1, **fields: Any) -> None:
        """Break the bodies of the next calls; takes the fields of ``faults.Broken``."""
        self.faults.broken(Broken(times=times, **fields))

    async def reset(self) -> None:
        """Reset the knobs, drop planned faults, release held events and accept handshakes."""
        self.set_knobs(Knobs())
        self.faults.clear()
        await self.swap(0)
        await self.restart_sockets(0)

    def set_knobs(self, knobs: Knobs) -> None:
        """Copy all fields of ``knobs``."""
        for name in Knobs.model_fields:
            setattr(self.knobs, name, getattr(knobs, name))
