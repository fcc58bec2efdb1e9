"""Who may enter which call, and until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from slackbot.domain.matching import ROUND_UNKNOWN
from slackbot.domain.model import Match, MatchId, Person, Source

GRACE = timedelta(seconds=60)
"""How long after its round a call may still be entered again."""
LASTS_UNKNOWN = 6 * ROUND_UNKNOWN
"""How long a call may be entered when the platform does not say how long its round lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLink:
    """A link to one call, for one person. Of its id and its browser only digests are known."""

    person: Person
    match_id: MatchId
    id_digest: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    """When a newer link took its place, or the call was over."""
    browser_digest: str | None = field(default=None, repr=False)
    """Of the cookie of the one browser that it works in, once there is one."""
    opened_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None


class Visit(StrEnum):
    """What a person does in the call."""

    JOINED = "joined"
    LEFT = "left"


class RefusalReason(StrEnum):
    """Why a call cannot be entered by a link."""

    UNKNOWN = "unknown"
    """No link of ours."""
    ELSEWHERE = "elsewhere"
    """It is bound to another browser."""
    OVER = "over"
    REPLACED = "replaced"
    """A newer link was made."""
    EXPIRED = "expired"


class EntryRefused(Exception):
    """A call cannot be entered. Told to a browser, not in Slack, so no `SlackbotError`."""

    def __init__(self, why: RefusalReason) -> None:
        super().__init__(why.value)
        self.why = why


def round_ends(match: Match) -> datetime:
    """When the match's round is over, or is taken to be."""
    return match.ends_at or match.received_at + LASTS_UNKNOWN


def closes_at(match: Match) -> datetime:
    """When the match's call is closed to everybody, and its details are deleted."""
    return round_ends(match) + GRACE


def is_offered(match: Match, now: datetime) -> bool:
    """Whether there is a call worth offering: its details are known and its round goes on."""
    told = match.source is not Source.BEFORE
    return told and match.call is not None and now < round_ends(match)


def why_not(link: CallLink | None, match: Match | None, now: datetime) -> RefusalReason | None:
    """Why the call of `match` cannot be entered by `link`, which was made by us; None if it can.

    A link or a match that is gone was deleted with the person's data.
    """
    if link is None or match is None or match.call is None or now >= closes_at(match):
        return RefusalReason.OVER
    if link.revoked_at is not None:
        return RefusalReason.REPLACED
    if now >= link.expires_at:
        return RefusalReason.EXPIRED
    return None
