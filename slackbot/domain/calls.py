"""Links to the calls of matches, and the rules for entering a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from slackbot.domain.matching import ASSUMED_ROUND
from slackbot.domain.model import Match, MatchId, Person, Source

# A call can still be entered for this long after its round has ended.
REENTRY_GRACE = timedelta(seconds=60)
# A call can be entered for this long if the length of its round is unknown.
LONGEST_ASSUMED_ROUND = 6 * ASSUMED_ROUND


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLink:
    """A link to one call for one person. Only digests of its id and its browser are stored."""

    person: Person
    match_id: MatchId
    id_digest: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None  # when a newer link replaced it or the call closed
    # Digest of the cookie of the browser that the link is bound to, if any.
    browser_digest: str | None = field(default=None, repr=False)
    opened_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None


class Visit(StrEnum):
    """An event of a person's visit to a call."""

    JOINED = "joined"
    LEFT = "left"


class RefusalReason(StrEnum):
    """The reason why a link does not open a call."""

    UNKNOWN = "unknown"  # the bot did not create this link
    ELSEWHERE = "elsewhere"  # bound to another browser
    OVER = "over"
    REPLACED = "replaced"  # by a newer link
    EXPIRED = "expired"


class EntryRefused(Exception):
    """A call cannot be entered. This is not a `SlackbotError` because a browser shows it."""

    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def round_ends(match: Match) -> datetime:
    """Return the time at which the round of the match ends or is assumed to end."""
    return match.ends_at or match.received_at + LONGEST_ASSUMED_ROUND


def closes_at(match: Match) -> datetime:
    """Return the time at which the call closes and its details are deleted."""
    return round_ends(match) + REENTRY_GRACE


def is_offered(match: Match, now: datetime) -> bool:
    """Return True if the call's details are known and its round has not ended."""
    return match.call is not None and match.source is not Source.BEFORE and now < round_ends(match)


def refusal_reason(
    link: CallLink | None, match: Match | None, now: datetime
) -> RefusalReason | None:
    """Return the reason why `link` does not open the call of `match`, or None if it does.

    The caller has verified the link's signature, so a missing row means that the person's data was
    deleted.
    """
    if link is None or match is None or match.call is None or now >= closes_at(match):
        return RefusalReason.OVER
    if link.revoked_at is not None:
        return RefusalReason.REPLACED
    if now >= link.expires_at:
        return RefusalReason.EXPIRED
    return None
