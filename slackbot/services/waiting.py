"""Find the one reason why a person is not matched yet, and what they can do about it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto

from slackbot.domain.model import Availability, Person, SessionId, State
from slackbot.domain.stores import Store
from slackbot.services.availability import Availabilities, AvailabilityStatus


class Reason(Enum):
    """Why a person is not matched yet. The first one that applies is given."""

    UNREACHABLE = auto()  # messages do not reach them
    SNOOZED = auto()
    NOT_AVAILABLE = auto()
    LEAVING = auto()  # the platform has not confirmed their pause
    MATCHED = auto()
    UNCONFIRMED = auto()
    UPDATES_DOWN = auto()
    NOBODY_ELSE = auto()  # of this workspace; the platform does not tell about others
    IN_ORDER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """The session in which most people from here are available."""

    session_id: SessionId
    title: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How things stand for a person who asks why they are not matched."""

    status: AvailabilityStatus
    reason: Reason
    elsewhere: Elsewhere | None = None


def reason_of(status: AvailabilityStatus, others: int) -> Reason:
    """Return the reason, with the number of `others` from here who are available there."""
    availability = status.availability
    state = availability.state if availability is not None else None
    found = {
        Reason.UNREACHABLE: state is None and status.link.unreachable is not None,
        Reason.SNOOZED: state is None and status.snooze is not None,
        Reason.NOT_AVAILABLE: state is None,
        Reason.LEAVING: state is State.LEAVING,
        Reason.MATCHED: state is State.IN_MEETING,
        Reason.UNCONFIRMED: not status.confirmed,
        Reason.UPDATES_DOWN: not status.is_connected,
        Reason.NOBODY_ELSE: others == 0,
    }
    return next((reason for reason, is_so in found.items() if is_so), Reason.IN_ORDER)


@dataclass(frozen=True, eq=False, repr=False)
class WaitingReasons:
    """Tells people why they are not matched yet, without calling the platform."""

    availabilities: Availabilities
    store: Store

    async def ask(self, person: Person) -> Waiting:
        """Return how things stand for the person."""
        status = await self.availabilities.status(person)
        mine = status.availability
        if mine is None or mine.state is not State.AVAILABLE:
            return Waiting(status=status, reason=reason_of(status, 0))
        everybody = await self.store.availabilities.list_all(person.team)
        others = [each for each in everybody if _may_be_paired(each, mine)]
        counts = Counter(each.session_id for each in others)
        elsewhere = None
        for session_id, count in counts.most_common():
            if session_id != mine.session_id:
                title = next(each.session_title for each in others if each.session_id == session_id)
                elsewhere = Elsewhere(session_id=session_id, title=title, count=count)
                break
        reason = reason_of(status, counts[mine.session_id])
        return Waiting(status=status, reason=reason, elsewhere=elsewhere)


def _may_be_paired(other: Availability, mine: Availability) -> bool:
    is_other = other.person != mine.person and other.event == mine.event
    return is_other and other.state is State.AVAILABLE and other.confirmed
