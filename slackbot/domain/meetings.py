"""Whether the two people of a match have talked, as far as anybody knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from slackbot.domain.calls import closes_at
from slackbot.domain.model import Match


@dataclass(frozen=True, slots=True)
class CallVisit:
    """A person's visit to the call of a match, over all of its links."""

    joined_at: datetime | None  # None if they never joined it
    left_at: datetime | None  # None if it is unknown when they left


@dataclass(frozen=True, slots=True)
class Meeting:
    """What became of a match. `talked` is None if nobody knows, and so are the minutes."""

    talked: bool | None = None
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class PastMatch:
    """A match of the person's history, with what became of it."""

    match: Match
    meeting: Meeting = Meeting()


def meeting_of(match: Match, visit: CallVisit | None) -> Meeting:
    """Return what became of a match. What the person says counts more than the call's record.

    Without a link to the call nothing is recorded, since people can also meet in the event hub.
    """
    if match.talked is False:
        return Meeting(talked=False)
    if visit is None or visit.joined_at is None:
        return Meeting(talked=match.talked or (None if visit is None else False))
    if visit.left_at is None or visit.left_at < visit.joined_at:
        return Meeting(talked=True)
    lasted = min(visit.left_at, closes_at(match)) - visit.joined_at
    return Meeting(talked=True, minutes=max(1, round(lasted / timedelta(minutes=1))))
