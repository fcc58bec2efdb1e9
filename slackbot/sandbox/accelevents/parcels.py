"""Events on their way to attendees, and the record of what left and what came in."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class Parcel:
    """A payload on its way to an attendee."""

    attendee: str
    event: str
    payload: object
    meeting_id: str | None = None


@dataclass(frozen=True)
class Sent:
    """One event that left, or found nobody (``connections`` 0). ``at``: ``time.monotonic()``."""

    at: float
    attendee: str
    event: str
    meeting_id: str | None
    connections: int


@dataclass(frozen=True)
class Heard:
    """One event that an attendee's connection sent to the server."""

    attendee: str
    event: str
    data: object


class Reversal:
    """Holds the next ``size`` parcels of each person, once, and lets them go last first."""

    def __init__(self, size: int = 0) -> None:
        self._size = size
        self._held: defaultdict[str, list[Parcel]] = defaultdict(list)
        self._done: set[str] = set()

    def put(self, parcel: Parcel) -> list[Parcel]:
        """What may leave now that this parcel has come."""
        who = parcel.attendee
        if not self._size or who in self._done:
            return [parcel]
        self._held[who].append(parcel)
        if len(self._held[who]) < self._size:
            return []
        self._done.add(who)
        return self._held.pop(who)[::-1]

    def rest(self) -> list[Parcel]:
        """What is still held, last first."""
        return [parcel for held in self._held.values() for parcel in reversed(held)]
