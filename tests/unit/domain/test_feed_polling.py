"""The decision of a poll: what to do for somebody available, and when."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from slackbot.domain.feed_polling import (
    CONNECTED_SECONDS,
    DISCONNECTED_SECONDS,
    MAX_OVERTIME,
    Action,
    is_poll_due,
    next_action,
)
from slackbot.domain.model import FeedHealth, State
from tests.harness.fakes import NOON, availability, link

SOON, PAST = NOON + timedelta(seconds=1), NOON - timedelta(seconds=1)
LONG_PAST = NOON - MAX_OVERTIME
UP, DOWN = FeedHealth(True, NOON), FeedHealth(False, NOON, "closed")


@pytest.mark.parametrize(
    ("state", "ends_at", "refused_at", "action"),
    [
        (State.AVAILABLE, SOON, None, Action.POLL),
        (State.AVAILABLE, None, None, Action.POLL),
        (State.IN_MEETING, SOON, None, Action.POLL),
        (State.LEAVING, SOON, None, Action.POLL),
        (State.LEAVING, None, None, Action.POLL),
        (State.AVAILABLE, NOON, None, Action.ASK_END),
        (State.AVAILABLE, PAST, None, Action.ASK_END),
        (State.IN_MEETING, PAST, None, Action.ASK_END),
        (State.LEAVING, PAST, None, Action.ASK_END),
        (State.AVAILABLE, SOON, PAST, Action.AWAIT_LOGIN),
        (State.LEAVING, None, PAST, Action.AWAIT_LOGIN),
        (State.AVAILABLE, PAST, PAST, Action.AWAIT_LOGIN),
        (State.AVAILABLE, LONG_PAST, PAST, Action.END),
        (State.LEAVING, LONG_PAST, PAST, Action.END),
        (State.AVAILABLE, LONG_PAST, None, Action.ASK_END),
    ],
)
def test_the_next_action(
    state: State, ends_at: datetime | None, refused_at: datetime | None, action: Action
):
    """A refused token comes before the end of the session, of which the platform is asked."""
    current = availability(state=state, session_ends_at=ends_at)
    assert next_action(current, link(refused_at=refused_at), NOON) is action


@pytest.mark.parametrize(
    ("health", "waited", "due"),
    [
        (UP, CONNECTED_SECONDS, True),
        (UP, CONNECTED_SECONDS - 1, False),
        (DOWN, DISCONNECTED_SECONDS, True),
        (DOWN, DISCONNECTED_SECONDS - 1, False),
        (None, DISCONNECTED_SECONDS, True),
    ],
)
def test_when_a_poll_is_due(health: FeedHealth | None, waited: float, due: bool):
    """Once a minute while the feed is up, six times as often while it is not."""
    assert is_poll_due(health, waited) is due
