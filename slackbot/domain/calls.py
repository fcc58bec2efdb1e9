"""Calls of matches: the links to them, and the rules of entering one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from slackbot.domain.matching import ASSUMED_ROUND
from slackbot.domain.model import Match, MatchId, Person, Source

REENTRY_GRACE = timedelta(
    seconds=60
)  # after the end of its round a call may be entered for so long
LONGEST_ASSUMED_ROUND = (
    6 * ASSUMED_ROUND
)  # a call may be entered, when the round's length is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLink:
    """A link to one call, for one person. Only digests of its id and its browser are kept."""

    person: Person
    match_id: MatchId
    id_digest: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None  # when a newer link replaced it, or the call was over
    # Digest of the cookie of the one browser that the link works in, once there is one.
    browser_digest: str | None = field(default=None, repr=False)
    opened_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None


class Visit(StrEnum):
    """A step of a person's visit to the call."""

    JOINED = "joined"
    LEFT = "left"


class RefusalReason(StrEnum):
    """The reason that a link does not open a call."""

    UNKNOWN = "unknown"  # not a link of ours
    ELSEWHERE = "elsewhere"  # bound to another browser
    OVER = "over"
    REPLACED = "replaced"  # by a newer link
    EXPIRED = "expired"


class EntryRefused(Exception):
    """A call cannot be entered. Shown in a browser, not in Slack, so not a `SlackbotError`."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def round_ends(match: Match) -> datetime:
    """Return the time at which the match's round is over, or assumed to be."""
    return match.ends_at or match.received_at + LONGEST_ASSUMED_ROUND


def closes_at(match: Match) -> datetime:
    """Return the time from which nobody may enter the match's call; its details are deleted."""
    return round_ends(match) + REENTRY_GRACE


def is_offered(match: Match, now: datetime) -> bool:
    """Return whether to offer the call: its details are known and its round goes on."""
    return match.call is not None and match.source is not Source.BEFORE and now < round_ends(match)


def refusal_reason(
    link: CallLink | None, match: Match | None, now: datetime
) -> RefusalReason | None:
    """Return the reason that `link` does not open the call of `match`, or None if it does.

    The link was signed by us, so what is missing was deleted with the person's data.
    """
    if link is None or match is None or match.call is None or now >= closes_at(match):
        return RefusalReason.OVER
    if link.revoked_at is not None:
        return RefusalReason.REPLACED
    if now >= link.expires_at:
        return RefusalReason.EXPIRED
    return None
