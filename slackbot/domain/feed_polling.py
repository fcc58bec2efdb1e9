"""Decide what a poll does for an available person, and when the next one is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from slackbot.domain.model import Availability, FeedHealth, Link

CONNECTED_SECONDS = 60.0  # between polls while the feed is up, as a safety net
DISCONNECTED_SECONDS = 10.0  # while the feed is down and the match list is the only source
# How long a session may go on after its end if the platform cannot be asked. No two zones that
# could be mistaken for each other are further apart, but for a few islands.
MAX_OVERTIME = timedelta(hours=12)


class Action(Enum):
    """The next step for a person with an availability and a link."""

    POLL = auto()  # read the match list
    ASK_END = auto()  # the session's end has passed: ask the platform whether it is over
    AWAIT_LOGIN = auto()  # the token is refused: wait for the person to connect again
    END = auto()  # the token is refused and the session was over long ago


def next_action(availability: Availability, link: Link, now: datetime) -> Action:
    """Return the next step. A session without a known end never counts as over.

    Our reading of its end may be hours off, as its zone is a setting: the platform decides.
    """
    ends_at = availability.session_ends_at
    if link.refused_at is not None:
        return Action.END if is_long_over(ends_at, now) else Action.AWAIT_LOGIN
    return Action.ASK_END if ends_at is not None and ends_at <= now else Action.POLL


def is_long_over(ends_at: datetime | None, now: datetime) -> bool:
    """Return whether a session is over even if its end was read in a wrong zone."""
    return ends_at is not None and ends_at + MAX_OVERTIME <= now


def is_poll_due(health: FeedHealth | None, waited: float) -> bool:
    """Return whether to poll `waited` seconds after the last poll; `health` is the feed's."""
    connected = health is not None and health.connected
    return waited >= (CONNECTED_SECONDS if connected else DISCONNECTED_SECONDS)
