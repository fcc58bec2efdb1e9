"""Notices: messages that the bot initiates.

Only `MatchFound` and `MatchOver` may contain call details, so these two are never stored. Their
match is loaded from the database when they are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from slackbot.domain.matching import person_key
from slackbot.domain.model import Epoch, Match


@dataclass(frozen=True, slots=True)
class MatchFound:
    """A new match, which may be reported late. This is the first version of a match's message."""

    match: Match


@dataclass(frozen=True, slots=True)
class MatchOver:
    """The end of a match's round. This is the second version of a match's message."""

    match: Match


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """Accelevents no longer accepts the token."""


@dataclass(frozen=True, slots=True)
class SessionOver:
    """The session ended, so the person is no longer available."""

    title: str


@dataclass(frozen=True, slots=True)
class AvailabilityLost:
    """The platform refused to keep the person available. `code` is an error's code."""

    title: str
    code: str


@dataclass(frozen=True, slots=True)
class Backlog:
    """The number and age of stored matches whose notices are pending."""

    count: int
    oldest: datetime | None  # when the oldest one was received


Remark = LinkRefused | SessionOver | AvailabilityLost
Notice = MatchFound | MatchOver | Remark

_REMARKS: Final[Mapping[str, type[Remark]]] = {
    "link_refused": LinkRefused,
    "session_over": SessionOver,
    "availability_lost": AvailabilityLost,
}
_KINDS: Final = {remark: kind for kind, remark in _REMARKS.items()}


def kind_of(remark: Remark) -> str:
    """Return the kind of the remark as an identifier for keys and logs."""
    return _KINDS[type(remark)]


def notice_key(kind: str, epoch: Epoch, *occasion: object) -> str:
    """Return the key of a notice that has no match. One notice is sent for each `occasion`."""
    return person_key(epoch, kind, *occasion)


def packed(remark: Remark) -> dict[str, str]:
    """Return the remark as JSON values."""
    return {"kind": kind_of(remark), **asdict(remark)}


def unpacked(values: Mapping[str, Any]) -> Remark:
    """Return the remark from its JSON values.

    Raises:
        KeyError, TypeError: The values do not represent a remark.
    """
    fields = {name: str(value) for name, value in values.items() if name != "kind"}
    return _REMARKS[values["kind"]](**fields)
