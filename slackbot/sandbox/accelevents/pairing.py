"""Matchmaking: available people are paired at once, in the order in which they waited."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from slackbot.sandbox.chime.api import Chime, Json

Status = Literal["REGISTERED", "CHECK_IN_AVAILABLE", "IN_MEETING", "LEFT", "PAST_SESSION_CHECK_IN"]
STATUSES: tuple[str, ...] = get_args(Status)


@dataclass(frozen=True)
class Pairing:
    """Two attendees (by key) who met.

    ``number`` counts from 1; ``chime_attendees`` maps each key to its Chime ``Attendee`` object.
    """

    number: int
    session_id: int
    at: datetime
    sides: tuple[str, str]
    meeting: Json
    chime_attendees: dict[str, Json]

    def partner_of(self, who: str) -> str:
        """Return the key of the other side."""
        return self.sides[1] if who == self.sides[0] else self.sides[0]


class Networking:
    """The waiting lists of all sessions and the record of every pairing."""

    def __init__(self, now: Callable[[], datetime], chime: Chime) -> None:
        self._now = now
        self._chime = chime
        self._waiting: dict[int, list[str]] = {}
        self.statuses: dict[tuple[int, str], Status] = {}
        self.pairings: list[Pairing] = []

    def set_status(self, session_id: int, who: str, status: Status) -> Pairing | None:
        """Set a status; somebody available is paired as soon as another person is."""
        self.statuses[session_id, who] = status
        if status != "CHECK_IN_AVAILABLE":
            self._stop_waiting(who, session_id)
            return None
        waiting = self._waiting.setdefault(session_id, [])
        if who not in waiting:
            # A person waits in one session only: the last request counts.
            self._stop_waiting(who)
            waiting.append(who)
        return self.pair(session_id, waiting[0], waiting[1]) if len(waiting) > 1 else None

    def pair(self, session_id: int, a: str, b: str) -> Pairing:
        """Pair two people in a new Chime meeting, whether or not they were waiting."""
        number = len(self.pairings) + 1
        meeting = self._chime.create_meeting(f"networking-{session_id}-{number}")
        pairing = Pairing(
            number=number,
            session_id=session_id,
            at=self._now(),
            sides=(a, b),
            meeting=meeting,
            chime_attendees={
                who: self._chime.create_attendee(meeting, f"{session_id}-{number}-{who}"[:64])
                for who in (a, b)
            },
        )
        for who in (a, b):
            self._stop_waiting(who)
            self.statuses[session_id, who] = "IN_MEETING"
        self.pairings.append(pairing)
        return pairing

    def waiting_in(self, session_id: int) -> list[str]:
        """Return the keys of those waiting, longest first."""
        return list(self._waiting.get(session_id, ()))

    def of(self, session_id: int, who: str) -> list[Pairing]:
        """Return every pairing of one attendee in one session, oldest first."""
        return [p for p in self.pairings if p.session_id == session_id and who in p.sides]

    def close(self, session_id: int) -> None:
        """Empty the waiting list of a session that is over."""
        self._waiting.pop(session_id, None)

    def _stop_waiting(self, who: str, session_id: int | None = None) -> None:
        for waiting_id, waiting in self._waiting.items():
            if who in waiting and session_id in {None, waiting_id}:
                waiting.remove(who)
