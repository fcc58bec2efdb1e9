"""Quiet hours follow the person's clock on the wall, whatever the zone does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.preferences import Preferences, quiet_until
from tests.harness.fakes import ANA, epoch_of

MINUTES = st.integers(0, 24 * 60 - 1)
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"]
).map(ZoneInfo)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 2 * 365 * 24 * 3600).map(lambda seconds: BEGIN + timedelta(0, seconds))
LONGEST = timedelta(hours=25)  # of a day, when the clocks go back


def quiet(begin: int | None, end: int | None) -> Preferences:
    return Preferences(person=ANA, person_epoch=epoch_of(ANA), quiet_from=begin, quiet_to=end)


@given(MINUTES, MINUTES, MOMENTS, ZONES)
def test_quiet_hours_end(begin: int, end: int, now: datetime, zone: ZoneInfo) -> None:
    """Within a day, and never before now; outside of the hours nothing is held back."""
    hours = quiet(begin, end)
    until = quiet_until(hours, now, zone)
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    inside = begin <= minute < end or (begin > end and (minute >= begin or minute < end))
    assert (until is not None) is inside
    if until is not None:
        assert now < until <= now + LONGEST


@given(MOMENTS, ZONES, st.one_of(st.none(), MINUTES))
def test_without_hours_nothing_is_held_back(
    now: datetime, zone: ZoneInfo, minute: int | None
) -> None:
    """Neither if one end is missing, nor if both are the same."""
    for hours in (quiet(minute, None), quiet(None, minute), quiet(minute, minute)):
        assert quiet_until(hours, now, zone) is None


@pytest.mark.parametrize(
    ("now", "end"),
    [
        # The night in which 02:00 to 03:00 does not exist, and that in which it comes twice.
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 0, 10, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 1, 10, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_the_night_of_a_change_of_clocks(now: datetime, end: datetime) -> None:
    """Hours until 02:30 end at the next moment at which a clock shows that time, or would."""
    assert quiet_until(quiet(22 * 60, 150), now, ZoneInfo("Europe/Berlin")) == end
