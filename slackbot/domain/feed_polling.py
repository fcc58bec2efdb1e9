"""Decide what a poll does for an available person, and when the next one is due."""

from __future__ import annotations

from datetime import datetime
from enum import Enum, auto

from slackbot.domain.model import Availability, FeedHealth, Link, State

CONNECTED_SECONDS = 60.0  # between polls while the feed is up, as a safety net
DISCONNECTED_SECONDS = 10.0  # while the feed is down and the match list is the only source


class Action(Enum):
    """The next step for a person with an availability and a link."""

    POLL = auto()  # read the match list
    LEAVE = auto()  # the person paused, and the platform has not confirmed it yet
    END_SESSION = auto()  # the session is over: leave it and say so
    AWAIT_LOGIN = auto()  # the token is refused: wait for the person to connect again
    END = auto()  # the token is refused and the session is over


def next_action(availability: Availability, link: Link, now: datetime) -> Action:
    """Return the next step. A session without a known end never counts as over."""
    ends_at = availability.session_ends_at
    over = ends_at is not None and ends_at <= now
    if link.refused_at is not None:
        return Action.END if over else Action.AWAIT_LOGIN
    if over:
        return Action.END_SESSION
    return Action.LEAVE if availability.state is State.LEAVING else Action.POLL


def is_poll_due(health: FeedHealth | None, waited: float) -> bool:
    """Return whether to poll `waited` seconds after the last poll; `health` is the feed's."""
    connected = health is not None and health.connected
    return waited >= (CONNECTED_SECONDS if connected else DISCONNECTED_SECONDS)
