"""Socket events: those on their way, those sent, those received, and the reordering of some."""

from collections import defaultdict
from dataclasses import dataclass


@dataclass(frozen=True)
class OutgoingEvent:
    """An event to be sent to an attendee."""

    attendee: str
    event: str
    payload: object
    meeting_id: str | None = None


@dataclass(frozen=True)
class SentEvent:
    """One event as it was sent to ``connections`` sockets, 0 if the attendee had none.

    ``at`` is ``time.monotonic()``.
    """

    at: float
    attendee: str
    event: str
    meeting_id: str | None
    connections: int


@dataclass(frozen=True)
class ReceivedEvent:
    """One event that an attendee's connection sent to the server."""

    attendee: str
    event: str
    data: object


class Reversal:
    """Hold each person's next ``size`` events, once, and release them last first."""

    def __init__(self, size: int = 0) -> None:
        self._size = size
        self._held: defaultdict[str, list[OutgoingEvent]] = defaultdict(list)
        self._done: set[str] = set()

    def put(self, event: OutgoingEvent) -> list[OutgoingEvent]:
        """Add an event and return those to be sent now."""
        who = event.attendee
        if not self._size or who in self._done:
            return [event]
        self._held[who].append(event)
        if len(self._held[who]) < self._size:
            return []
        self._done.add(who)
        return self._held.pop(who)[::-1]

    def remaining(self) -> list[OutgoingEvent]:
        """Return the events still held, last first."""
        return [event for held in self._held.values() for event in reversed(held)]
