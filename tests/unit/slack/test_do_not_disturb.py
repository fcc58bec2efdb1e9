"""What Slack says about notifications that it holds back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.slack.outbound.do_not_disturb import read_held_until

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
SCHEDULE = {"dnd_enabled": True, "next_dnd_start_ts": AT - 60, "next_dnd_end_ts": AT + 600}
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (SCHEDULE, 600),
        (SCHEDULE | {"dnd_enabled": False}, None),
        (SCHEDULE | {"next_dnd_start_ts": AT + 60}, None),
        (SCHEDULE | {"next_dnd_end_ts": AT}, None),
        (SCHEDULE | {"snooze_enabled": True, "snooze_endtime": AT + 900}, 900),
        ({"snooze_enabled": True, "snooze_endtime": AT + 900}, 900),
        ({"snooze_enabled": False, "snooze_endtime": AT + 900}, None),
        ({}, None),
    ],
)
def test_the_hours_are_read(answer: dict[str, Any], seconds: int | None) -> None:
    """Of a schedule that is in force, and of a snooze."""
    until = read_held_until(answer, NOW)
    assert (until and (until - NOW).total_seconds()) == seconds


@given(st.dictionaries(st.sampled_from([*SCHEDULE, "snooze_enabled", "snooze_endtime"]), VALUES))
def test_any_answer_is_read(answer: dict[str, Any]) -> None:
    """Without an error, and never a time that is over."""
    until = read_held_until(answer, NOW)
    assert until is None or until > NOW
