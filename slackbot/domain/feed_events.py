"""Events that connections and the worker send to the feed monitor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slackbot.domain.model import Link, MatchReport, Person


@dataclass(frozen=True, slots=True)
class MatchesReported:
    """The socket of a link reported matches. Each report arrives only once."""

    link: Link
    reports: Sequence[MatchReport]


@dataclass(frozen=True, slots=True)
class FeedConnected:
    """A feed is up, for the first time or again."""

    person: Person


@dataclass(frozen=True, slots=True)
class FeedDisconnected:
    """A feed went down or an attempt to connect failed."""

    person: Person
    failure: str  # one word: `refused`, `timeout`, `unreachable`, `unreadable`, `closed`


@dataclass(frozen=True, slots=True)
class FeedClaimed:
    """This process holds a feed from now on."""

    person: Person
    taken_over: bool  # from another worker; many feeds arrive at once


@dataclass(frozen=True, slots=True)
class FeedReleased:
    """Another process may hold the feed from now on."""

    person: Person


FeedEvent = MatchesReported | FeedConnected | FeedDisconnected | FeedClaimed | FeedReleased
