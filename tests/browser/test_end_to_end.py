"""From the match to the call and back; `REPEAT=20` runs it twenty times."""

from __future__ import annotations

import os

import pytest

from tests.browser.end_to_end import assert_round_over, run_through
from tests.browser.harness import Harness

TIMES = int(os.environ.get("REPEAT", "1"))
# Length of the round in seconds. A single run has other tests beside it, which slow it down.
SECONDS = 90 if TIMES == 1 else 40


@pytest.mark.parametrize("time", range(1, TIMES + 1))
async def test_two_people_meet(harness: Harness, time: int) -> None:
    """Two people are matched, follow the button, hear and see each other, and leave."""
    round_seconds = await harness.match(seconds=SECONDS)
    await run_through(harness)
    assert harness.plane.problems == []
    assert harness.plane.refused == harness.plane.telemetry == 0
    await assert_round_over(harness, round_seconds)
