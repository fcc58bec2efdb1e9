"""Events that feed connections and the worker send to the feed monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slackbot.domain.model import Link, MatchReport, Person


@dataclass(frozen=True, slots=True)
class MatchesReported:
    """The socket of a link reported matches. Each report is delivered only once."""

    link: Link
    reports: Sequence[MatchReport]


@dataclass(frozen=True, slots=True)
class FeedConnected:
    """A feed has connected or reconnected."""

    person: Person


@dataclass(frozen=True, slots=True)
class FeedDisconnected:
    """A feed has disconnected, or an attempt to connect has failed."""

    person: Person
    failure: str  # one word: `refused`, `timeout`, `unreachable`, `unreadable`, `closed`


@dataclass(frozen=True, slots=True)
class FeedClaimed:
    """This process has claimed a feed."""

    person: Person
    taken_over: bool  # another worker owned the feed; many feeds may be claimed at the same time


@dataclass(frozen=True, slots=True)
class FeedReleased:
    """This process has released a feed, which another process may now claim."""

    person: Person


FeedEvent = MatchesReported | FeedConnected | FeedDisconnected | FeedClaimed | FeedReleased
