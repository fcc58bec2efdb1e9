"""What people set for the notices to them: switches, quiet hours and the time of reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, Protocol

from slackbot.domain.model import Epoch, Person

# Minutes before a session at which people are reminded of it, unless they set another time.
REMINDER_MINUTES: Final = 10
MAX_REMINDER_MINUTES: Final = 120
DAY_MINUTES: Final = 24 * 60


class NoticeKind(StrEnum):
    """A kind of notice that people can switch off. The value is the kind of the remark."""

    REMINDER = "reminder"
    RECAP = "recap"
    STILL_THERE = "still_there"
    PARTNER_LEFT = "partner_left"
    LOGIN_EXPIRING = "login_expiring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A person's preferences. Quiet hours are in minutes after midnight of the person's day."""

    person: Person
    person_epoch: Epoch
    reminder_minutes: int = REMINDER_MINUTES  # 0 means no reminders
    quiet_from: int | None = None
    quiet_to: int | None = None
    # The name of the person's time zone when they last set something, if Slack gave it.
    zone: str | None = None
    muted: frozenset[NoticeKind] = frozenset()

    def allows(self, kind: str) -> bool:
        """Return whether notices of this kind are sent. Kinds without a switch always are."""
        is_timed_off = kind == NoticeKind.REMINDER and not self.reminder_minutes
        return kind not in self.muted and not is_timed_off

    @property
    def has_quiet_hours(self) -> bool:
        """True if quiet hours are set. Those that end when they begin are none."""
        return None not in {self.quiet_from, self.quiet_to} and self.quiet_from != self.quiet_to


class PreferenceStore(Protocol):
    """The preferences of people. May raise `StoreUnavailable`."""

    async def get(self, person: Person) -> Preferences | None:
        """Return what the person has set, or None if that is nothing."""

    async def save(self, preferences: Preferences) -> None:
        """Insert or replace the person's preferences.

        Raises:
            NotLinked: The person has been deleted since the epoch began.
        """


def quiet_until(preferences: Preferences, now: datetime, zone: tzinfo) -> datetime | None:
    """Return when the person's quiet hours end, or None if they are not in them.

    The hours are those of a clock on the wall, also in a night with a change of the clocks.
    """
    if not preferences.has_quiet_hours:
        return None
    begin, end = preferences.quiet_from or 0, preferences.quiet_to or 0
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    is_quiet = begin <= minute < end if begin < end else minute >= begin or minute < end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=int(minute >= end))
    ends = datetime.combine(day, time(end // 60, end % 60), zone)
    # A time that comes twice, when the clocks go back, is the second one if the first is over.
    either = (ends.astimezone(UTC), ends.replace(fold=1).astimezone(UTC))
    return next((at for at in either if at > now), now + timedelta(minutes=1))
