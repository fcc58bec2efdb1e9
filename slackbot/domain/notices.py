"""Notices: messages that the bot initiates.

Only `MatchFound`, `MatchOver` and `MatchBack` may contain call details, so these are never stored.
Their match is loaded from the database when they are sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from slackbot.domain.contacts import Report, Swap
from slackbot.domain.matching import person_key
from slackbot.domain.model import Availability, Epoch, Link, Match, Person, State


@dataclass(frozen=True, slots=True)
class MatchFound:
    """A new match, which may be reported late. This is the first version of a match's message."""

    match: Match


@dataclass(frozen=True, slots=True)
class MatchOver:
    """The end of a match's round. This is the second version of a match's message."""

    match: Match
    may_swap: bool = False  # the partner is connected here, and the person has not answered yet
    may_report: bool = False


@dataclass(frozen=True, slots=True)
class MatchBack:
    """The partner can make it after all. It is what becomes of a `PartnerLeft` that says so."""

    match: Match


@dataclass(frozen=True, slots=True)
class LinkRefused:
    """Accelevents no longer accepts the token. `title` is of the session they are available in."""

    event: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class LoginExpiring:
    """A login that runs out before a session of the person ends.

    `expires` is a time in ISO format, and `available` is "True" if they are available there.
    """

    event: str
    title: str
    expires: str
    available: str


@dataclass(frozen=True, slots=True)
class SessionOver:
    """The session ended, so the person is no longer available."""

    title: str


@dataclass(frozen=True, slots=True)
class AvailabilityLost:
    """The platform refused to keep the person available. `code` is an error's code.

    If the session `opens`, they were not available before.
    """

    title: str
    code: str
    opens: str = str(False)


@dataclass(frozen=True, slots=True)
class SessionReminder:
    """A session that is about to open. Times are in ISO format, and `ends` may be empty.

    It opens in `left` minutes, and `calendar` is the URL of its calendar entry. Both are known only
    when the reminder is sent. `minutes` are those that the person has set.
    """

    event: str
    session: str
    title: str
    place: str
    starts: str
    ends: str
    minutes: str
    joined: str
    left: str = ""
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Recap:
    """The event is over. `count` are the person's matches, with `talked` of whom they talked.

    After `until`, a time in ISO format, it would be old news. Earlier versions left it empty.
    """

    event: str
    count: str
    talked: str
    until: str = ""


@dataclass(frozen=True, slots=True)
class SnoozeOver:
    """The pause is over, and the person is available again. `asked` is a time in ISO format.

    If it `opens`, they are available in a session that has just opened.
    """

    title: str
    session: str
    asked: str
    opens: str = str(False)


@dataclass(frozen=True, slots=True)
class StillThere:
    """The person had two matches and did not react, so they were paused.

    `paused` is a time in ISO format, as is `ends`, that of the session's end, unless it is empty.
    """

    title: str
    session: str
    paused: str
    ends: str


@dataclass(frozen=True, slots=True)
class PartnerLeft:
    """The partner can't make it, or can after all if `is_back` is "True".

    `round` is what buttons name the round by, and `ends` its end in ISO format, or empty. The name
    is that of the partner in the `match`, and known only when the notice is sent. Earlier versions
    named the partner and no match.
    """

    name: str
    title: str
    session: str
    round: str
    ends: str
    is_back: str
    match: str = ""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The number and age of stored matches whose notices are pending."""

    count: int
    oldest: datetime | None  # when the oldest one was received


@dataclass(frozen=True, slots=True)
class ContactsSwapped:
    """Two people who both want to swap contacts. It is posted in their shared conversation.

    If that is not possible, each of them gets it `apart`, in their own direct messages.
    """

    swap: Swap
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """A report for an admin. `partner` is the reported person, if they are connected here."""

    report: Report
    partner: Person | None


Remark = (
    LinkRefused
    | LoginExpiring
    | SessionOver
    | AvailabilityLost
    | SessionReminder
    | Recap
    | SnoozeOver
    | StillThere
    | PartnerLeft
)
Notice = MatchFound | MatchOver | MatchBack | Remark | ContactsSwapped | Reported

_REMARKS: Final[Mapping[str, type[Remark]]] = {
    "link_refused": LinkRefused,
    "login_expiring": LoginExpiring,
    "session_over": SessionOver,
    "availability_lost": AvailabilityLost,
    "reminder": SessionReminder,
    "recap": Recap,
    "snooze_over": SnoozeOver,
    "still_there": StillThere,
    "partner_left": PartnerLeft,
}
_KINDS: Final = {remark: kind for kind, remark in _REMARKS.items()}


def kind_of(remark: Remark) -> str:
    """Return the kind of the remark as an identifier for keys and logs."""
    return _KINDS[type(remark)]


def notice_key(kind: str, epoch: Epoch, *occasion: object) -> str:
    """Return the key of a notice that has no match. One notice is sent for each `occasion`."""
    return person_key(epoch, kind, *occasion)


def refusal_key(link: Link) -> str:
    """Return the key of the notice that the link's token is refused."""
    occasion = (link.credential_digest, link.linked_at)
    return notice_key("link_refused", link.person_epoch, *occasion)


def remark_holds(remark: Remark, key: str, link: Link, now: datetime) -> bool:
    """Return False if the remark is not true any more, as a login may have been renewed."""
    if isinstance(remark, LinkRefused):
        return key == refusal_key(link)
    if isinstance(remark, SessionReminder):
        return now < datetime.fromisoformat(remark.starts)
    if isinstance(remark, PartnerLeft | StillThere):
        return not remark.ends or now < datetime.fromisoformat(remark.ends)
    if isinstance(remark, Recap):
        return not remark.until or now < datetime.fromisoformat(remark.until)
    if not isinstance(remark, LoginExpiring):
        return True
    expires_at = datetime.fromisoformat(remark.expires)
    return link.refused_at is None and link.expires_at == expires_at and now < expires_at


def is_urgent(remark: Remark) -> bool:
    """Return whether it is about a round or an availability of this moment.

    Quiet hours do not hold it back, because the person takes part: they wait for a partner, or
    somebody is about to wait for them.
    """
    if isinstance(remark, LinkRefused):
        return bool(remark.title)
    return isinstance(
        remark, PartnerLeft | AvailabilityLost | SessionOver | SnoozeOver | StillThere
    )


def is_still_back(remark: SnoozeOver, current: Availability) -> bool:
    """Return whether the person is still available as the pause has left them."""
    is_there = str(current.session_id) == remark.session and current.state is not State.LEAVING
    return is_there and current.since >= datetime.fromisoformat(remark.asked)


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
