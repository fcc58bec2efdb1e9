"""The road from the match to the call and back. `ROAD=20` walks it so often."""

from __future__ import annotations

import os

import pytest

from tests.browser.evening import Evening
from tests.browser.road import is_over_in_slack, walk

TIMES = int(os.environ.get("ROAD", "1"))
# Once, it is walked beside other tests: they slow it down, and use the time that is left.
SECONDS = 90 if TIMES == 1 else 40


@pytest.mark.parametrize("time", range(1, TIMES + 1))
async def test_two_people_meet(evening: Evening, time: int) -> None:
    """Matched, told in Slack, through the button, heard and seen by each other, and back."""
    lasts = await evening.match(seconds=SECONDS)
    await walk(evening)
    assert evening.plane.problems == []
    assert evening.plane.refused == evening.plane.telemetry == 0
    await is_over_in_slack(evening, lasts)
