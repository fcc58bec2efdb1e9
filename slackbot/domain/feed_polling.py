"""Decide what to do when a person is polled, and when the next poll is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from slackbot.domain.model import Availability, FeedHealth, Link

CONNECTED_SECONDS = 60.0  # between polls while the feed is up, as a safety net
DISCONNECTED_SECONDS = 10.0  # between polls while the feed is down
# A session may still be running for this long after its end if the platform cannot confirm it. The
# scheduled end may be off by the difference between two time zones, which is rarely larger.
MAX_OVERTIME = timedelta(hours=12)


class Action(Enum):
    """The next step for a person with an availability and a link."""

    POLL = auto()  # read the match list
    ASK_END = auto()  # the end time has passed: check with the platform whether the session is over
    AWAIT_LOGIN = auto()  # the token was rejected: wait for the person to connect again
    END = auto()  # the token was rejected and the session ended long ago


def next_action(availability: Availability, link: Link, now: datetime) -> Action:
    """Return the next step. A session without a known end is never considered over.

    The parsed end time may be off by several hours if the configured time zone is wrong, so the
    platform decides whether the session is over.
    """
    ends_at = availability.session_ends_at
    if link.refused_at is not None:
        return Action.END if is_long_over(ends_at, now) else Action.AWAIT_LOGIN
    return Action.ASK_END if ends_at is not None and ends_at <= now else Action.POLL


def is_long_over(ends_at: datetime | None, now: datetime) -> bool:
    """Return True if the session is over even if its end was parsed in the wrong time zone."""
    return ends_at is not None and ends_at + MAX_OVERTIME <= now


def is_poll_due(health: FeedHealth | None, waited: float) -> bool:
    """Return True if a poll is due `waited` seconds after the last one, given the feed's health."""
    connected = health is not None and health.connected
    return waited >= (CONNECTED_SECONDS if connected else DISCONNECTED_SECONDS)
