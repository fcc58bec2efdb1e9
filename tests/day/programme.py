"""The sessions of a day, which organisers move, cancel, extend and cut short."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from slackbot.domain.model import Session, SessionId, SessionScope

FIRST_ID: Final = 101
_ALWAYS: Final = datetime.min.replace(tzinfo=UTC)
ROUNDS: Final = (180, 240, 300, None)  # seconds, unless the platform does not say


class Change(StrEnum):
    """A thing that organisers do to a session."""

    NONE = "as planned"
    LATER = "moved later"
    EARLIER = "moved earlier"
    CANCELLED = "cancelled"
    EXTENDED = "extended"
    CUT_SHORT = "cut short"
    BROKEN_OFF = "cancelled while it runs"


# Of every ten sessions, in an order of chance.
CHANGES: Final = (*Change, Change.NONE, Change.NONE, Change.NONE)


@dataclass(frozen=True)
class Times:
    """When a session is held, as announced at `since`, unless it is cancelled."""

    since: datetime
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool = False


@dataclass
class Slot:
    """A session with all that was ever announced of it."""

    id: SessionId
    title: str
    change: Change
    round_seconds: int | None
    rolls: bool  # whether the platform pairs people again after a round, without their asking
    announced: list[Times]

    def times(self, at: datetime) -> Times:
        """Return the latest announcement by this time."""
        return [times for times in self.announced if times.since <= at][-1]

    @property
    def final(self) -> Times:
        return self.announced[-1]

    def is_live(self, at: datetime) -> bool:
        return self.scope(at) is SessionScope.LIVE

    def scope(self, at: datetime) -> SessionScope | None:
        """Return in which list the platform has it, if it is not cancelled."""
        times = self.times(at)
        if times.is_cancelled:
            return None
        if at >= times.ends_at:
            return SessionScope.PAST
        return SessionScope.LIVE if at >= times.starts_at else SessionScope.UPCOMING

    def listed(self, at: datetime, *, registered: bool = False) -> Session:
        """Return what the platform lists."""
        times = self.times(at)
        return Session(
            id=self.id,
            title=self.title,
            starts_at=times.starts_at,
            ends_at=times.ends_at,
            registered=registered,
        )

    def ended_at(self, at: datetime) -> datetime | None:
        """Return since when it has not been live, if it was once and is not by this time."""
        if self.is_live(at):
            return None
        known = [times for times in self.announced if times.since <= at]
        replaced = [*(times.since for times in known[1:]), at]
        held = [
            min(times.ends_at, until)
            for times, until in zip(known, replaced, strict=True)
            if not times.is_cancelled and times.starts_at < min(times.ends_at, until)
        ]
        return held[-1] if held else None


def draw_programme(
    rng: random.Random, opens_at: datetime, count: int, length: timedelta
) -> list[Slot]:
    """Return so many sessions. Each begins when half of the one before is over."""
    slots, changes = list[Slot](), list[Change]()
    for number in range(count):
        if not changes:
            changes = rng.sample(CHANGES, len(CHANGES))
        times = Times(_ALWAYS, opens_at + number * length / 2, opens_at + (number + 2) * length / 2)
        slots.append(
            Slot(
                SessionId(FIRST_ID + number),
                f"Session {number + 1}",
                changes.pop(),
                rng.choice(ROUNDS),
                rng.random() < 0.7,
                [times],
            )
        )
        slots[-1].announced += _announced(rng, slots[-1].change, times)
    return slots


def _announced(rng: random.Random, change: Change, planned: Times) -> list[Times]:
    """Return the later announcements of a session."""
    starts_at, ends_at = planned.starts_at, planned.ends_at
    length = ends_at - starts_at

    def share(low: float, high: float) -> timedelta:
        """Return a part of the session's length, in whole seconds."""
        return timedelta(seconds=round(rng.uniform(low, high) * length.total_seconds()))

    before, by, within = starts_at - share(0.1, 1.5), share(0.2, 0.8), ends_at - share(0.15, 0.7)
    late, more = ends_at - share(0.05, 0.3), share(0.1, 0.4)
    later = {
        Change.LATER: Times(before, starts_at + by, ends_at + by),
        Change.EARLIER: Times(before - by, starts_at - by, ends_at - by),
        Change.CANCELLED: Times(before, starts_at, ends_at, is_cancelled=True),
        Change.EXTENDED: Times(late, starts_at, ends_at + more),
        Change.CUT_SHORT: Times(within, starts_at, within),
        Change.BROKEN_OFF: Times(within, starts_at, ends_at, is_cancelled=True),
    }
    return [later[change]] if change in later else []
