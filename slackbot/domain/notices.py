"""What a person is told without having asked, as plain values: they outlive a restart.

None of them holds a token or call details but `MatchFound` and `MatchOver`, which are never kept:
their match is read from its row again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from slackbot.domain.model import Match


@dataclass(frozen=True, slots=True)
class MatchFound:
    """You are matched (or, late, you were). The first face of a match's message."""

    match: Match


@dataclass(frozen=True, slots=True)
class MatchOver:
    """The round is over: go on, or pause. The second face of the same message."""

    match: Match


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """Accelevents no longer takes the token."""


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
    """Matches that are stored and not told yet."""

    count: int
    oldest: datetime | None
    """When the one that has waited longest was heard of."""


Remark = LinkRefused | SessionOver | AvailabilityLost
Notice = MatchFound | MatchOver | Remark

_REMARKS: Final[Mapping[str, type[Remark]]] = {
    "link_refused": LinkRefused,
    "session_over": SessionOver,
    "availability_lost": AvailabilityLost,
}
_KINDS: Final = {remark: kind for kind, remark in _REMARKS.items()}


def kind_of(remark: Remark) -> str:
    """One word for the kind, for keys and logs."""
    return _KINDS[type(remark)]


def packed(remark: Remark) -> dict[str, str]:
    """The remark as JSON values."""
    return {"kind": kind_of(remark), **asdict(remark)}


def unpacked(values: Mapping[str, Any]) -> Remark:
    """The remark of such values.

    Raises:
        KeyError, TypeError: they are none.
    """
    fields = {name: str(value) for name, value in values.items() if name != "kind"}
    return _REMARKS[values["kind"]](**fields)
