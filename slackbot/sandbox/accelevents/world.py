"""The platform as one object: state, the ASGI application, and the dials as methods."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from starlette.types import ASGIApp

from slackbot.sandbox.accelevents import render
from slackbot.sandbox.accelevents.controls import controls
from slackbot.sandbox.accelevents.dials import Dials
from slackbot.sandbox.accelevents.event import Session, demo_event
from slackbot.sandbox.accelevents.faults import Broken, Delay, Faults, NextStatus
from slackbot.sandbox.accelevents.gate import Call, Gate
from slackbot.sandbox.accelevents.pairing import Networking, Pairing
from slackbot.sandbox.accelevents.parcels import Heard, Parcel, Sent
from slackbot.sandbox.accelevents.people import (
    KEY_LIFETIME,
    TOKEN_LIFETIME,
    Attendee,
    People,
    Ticket,
)
from slackbot.sandbox.accelevents.rest import Rest
from slackbot.sandbox.accelevents.shapes import Parts, payload
from slackbot.sandbox.accelevents.sockets import Connection, Farewell, Sockets
from slackbot.sandbox.chime.api import Chime

WEB_URL = "https://www.accelevents.com"
FIRST_SESSION = 11645
When = Literal["past", "live", "upcoming"]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Accelevents:
    """One event of the platform. ``app`` is its REST API, socket server and controls.

    ``now`` gives an aware time; ``dials`` are explained in ``dials.py``; ping times of the
    socket are in seconds. The event holds two attendees, ``ada`` and ``priya``. ``chime`` makes
    the meetings of matches; they lead nowhere until its ``media_url`` is a media plane's.
    """

    def __init__(
        self,
        *,
        slug: str = "demo",
        name: str = "Demo Summit",
        dials: Dials | None = None,
        now: Callable[[], datetime] = _utc_now,
        socket_path: str = "/socket.io",
        namespace: str = "/",
        ping_interval: float = 25,
        ping_timeout: float = 20,
    ) -> None:
        self.now = now
        self.dials = dials or Dials()
        self.event = demo_event(slug, name, now())
        self.people = People(now)
        self.chime = Chime()
        self.networking = Networking(now, self.chime)
        self.faults = Faults()
        self._sockets = Sockets(
            self.people.holder_of,
            self.dials,
            path=socket_path,
            namespace=namespace,
            ping_interval=ping_interval,
            ping_timeout=ping_timeout,
        )
        self._gate = Gate(Rest(self), self._sockets, controls(self), self.faults, socket_path)
        self.app: ASGIApp = self._gate
        self._add_first_people()

    def _add_first_people(self) -> None:
        self.add_attendee(
            "ada",
            "Ada Example",
            user_id=501,
            title="Engineer",
            company="Northwind",
            profile_image="ada-example.png",  # a bare name is what the platform documents
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
        """Add a person with one ticket (none when ``ticket_type`` is None), any name allowed."""
        number = user_id or 1 + max((a.user_id for a in self.people), default=500)
        tickets = [Ticket(7000 + number, ticket_type, max_sessions)] if ticket_type else []
        return self.people.add(
            Attendee(key, number, full_name, title, company, profile_image, tickets)
        )

    def token_for(self, who: str, lifetime: timedelta = TOKEN_LIFETIME) -> str:
        """A new access token of an attendee."""
        return self.people.token_for(who, lifetime)

    def user_key_for(self, who: str, lifetime: timedelta = KEY_LIFETIME) -> str:
        """A new single-use key of an attendee."""
        return self.people.user_key_for(who, lifetime)

    def magic_link_for(
        self, who: str, web_url: str = WEB_URL, lifetime: timedelta = KEY_LIFETIME
    ) -> str:
        """A whole magic link with a new single-use key, as an e-mail would carry it."""
        return self.magic_link(self.user_key_for(who, lifetime), web_url)

    def magic_link(self, user_key: str, web_url: str = WEB_URL) -> str:
        """The magic link around a user key."""
        query = urlencode({"userKey": user_key, "loginSource": "MAGIC_LINK"})
        return f"{web_url}/e/{self.event.slug}/portal?{query}"

    def revoke(self, who: str) -> None:
        """Void all access tokens of an attendee; open sockets stay until dropped."""
        self.people.revoke(who)

    def lock(self, who: str, *, locked: bool = True) -> None:
        """Lock the account (4010102), or unlock it."""
        self.attendee(who).locked = locked

    # Sessions and pairings.

    def session(self, session_id: int) -> Session:
        return self.event.session(session_id)

    def move_session(self, session_id: int, when: When) -> None:
        """Let a session be over, run, or still be to come."""
        session, now = self.session(session_id), self.now()
        hours = {"past": (-3, -1), "live": (-1, 2), "upcoming": (1, 3)}[when]
        session.starts, session.ends = (now + timedelta(hours=hour) for hour in hours)
        if when != "live":
            self.networking.close(session_id)

    def status_of(self, who: str, session_id: int = FIRST_SESSION) -> str | None:
        """The last networking status of an attendee in a session."""
        return self.networking.statuses.get((session_id, who))

    async def pair(self, a: str, b: str, session_id: int = FIRST_SESSION) -> Pairing:
        """Pair two people now, registered and available or not, and tell both."""
        session = self.session(session_id)
        for who in (self.attendee(a), self.attendee(b)):
            session.registered.setdefault(who.key, [ticket.id for ticket in who.tickets])
        pairing = self.networking.pair(session_id, a, b)
        await self.tell(pairing)
        return pairing

    async def tell(self, pairing: Pairing, only: str | None = None) -> None:
        """Send the event of a pairing, in the shape set now, to both sides or to one."""
        for who in pairing.sides:
            if only in {None, who}:
                told = payload(self._parts(pairing, who), self.dials.shape)
                meeting_id = str(pairing.meeting["MeetingId"])
                await self._sockets.send(Parcel(who, self.dials.event_name, told, meeting_id))

    def _parts(self, pairing: Pairing, who: str) -> Parts:
        partner = self.attendee(pairing.partner_of(who))
        row = render.match_row(pairing, partner, render.socket_time(pairing, self.dials))
        if not self.dials.with_time:
            del row["matTimeDate"]
        return Parts(
            pairing.session_id, row, pairing.meeting, pairing.passes[who], self.dials.round_seconds
        )

    async def send_again(
        self, times: int = 1, *, number: int | None = None, only: str | None = None
    ) -> None:
        """Send a pairing's event so many times more; ``number`` None is the last pairing."""
        pairing = self.pairings[-1 if number is None else number - 1]
        for _ in range(times):
            await self.tell(pairing, only)

    async def emit(self, who: str, payload: object, event: str | None = None) -> None:
        """Send any payload to the open sockets of an attendee."""
        receiver = self.attendee(who).key
        await self._sockets.send(Parcel(receiver, event or self.dials.event_name, payload))

    async def swap(self, events: int = 2) -> None:
        """Hold each person's next ``events`` events, then send them in reverse; 0 ends it."""
        await self._sockets.swap(events)

    # Sockets.

    async def drop_sockets(self, who: str | None = None, how: Farewell = "cut") -> None:
        """End open sockets of everybody or of one: line broken, or a proper disconnect."""
        await self._sockets.drop(who, how)

    async def restart_sockets(self, seconds: float) -> None:
        """Cut all sockets and refuse handshakes for so long; 0 opens again at once."""
        await self._sockets.refuse_for(seconds)

    async def connected(self, who: str) -> None:
        """Wait until the attendee has an open socket that matches would reach."""
        await self._sockets.until(lambda: any(c.attendee == who and c.ready for c in self.sockets))

    async def disconnected(self, who: str) -> None:
        """Wait until the attendee has no open socket."""
        await self._sockets.until(lambda: all(c.attendee != who for c in self.sockets))

    # Trouble.

    def delay(self, seconds: float, path: str = "", **where: Any) -> None:
        """Slow calls down; fields of ``faults.Delay``."""
        self.faults.delay(Delay(seconds=seconds, path=path, **where))

    def next_status(self, status: int, times: int = 1, **fields: Any) -> None:
        """Answer the next calls with this status; fields of ``faults.NextStatus``."""
        self.faults.next_status(NextStatus(status=status, times=times, **fields))

    def broken(self, times: int = 1, **fields: Any) -> None:
        """Break the bodies of the next calls; fields of ``faults.Broken``."""
        self.faults.broken(Broken(times=times, **fields))

    async def reset(self) -> None:
        """Dials back to the default, nothing planned, nothing held, handshakes accepted."""
        self.turn(Dials())
        self.faults.clear()
        await self.swap(0)
        await self.restart_sockets(0)

    def turn(self, dials: Dials) -> None:
        """Take over all fields of ``dials``."""
        for name in Dials.model_fields:
            setattr(self.dials, name, getattr(dials, name))

    # What happened.

    @property
    def calls(self) -> list[Call]:
        """REST calls received, in order; no credentials."""
        return self._gate.calls

    @property
    def pairings(self) -> list[Pairing]:
        return self.networking.pairings

    @property
    def sockets(self) -> list[Connection]:
        """Open sockets, oldest first."""
        return list(self._sockets.open.values())

    @property
    def sent(self) -> list[Sent]:
        """Events sent, with the number of connections that each reached."""
        return self._sockets.sent

    @property
    def heard(self) -> list[Heard]:
        """Events that clients sent."""
        return self._sockets.heard
