"""Decide which match a report refers to, and which listed matches are new."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, Protocol, TypeVar

from slackbot.domain.model import (
    Epoch,
    Link,
    Match,
    MatchId,
    MatchReport,
    Partner,
    SessionId,
    Source,
)
from slackbot.domain.text import digest, normalize

_EPOCH = re.compile(r"([0-9a-f]{16})-")
ASSUMED_ROUND = timedelta(minutes=5)  # used if the platform does not report the length
# The maximum number of late messages for one reading of the match list. Hundreds of new rows are
# more likely an error in the list, and that many messages would not be useful.
MAX_LATE = 10
MAX_IN_SESSION = 300  # matches from lists; 24 hours without a break have 288 rounds
CLOCK_ERROR = timedelta(days=1)  # largest plausible error of a platform time, including its zone
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def partner_key(partner: Partner) -> str:
    """Return the value that identifies a partner: the account id, or else the name."""
    if partner.account_id is not None:
        return f"id:{partner.account_id}"
    return f"name:{normalize(partner.name)}"


def same_partner(one: Partner, other: Partner) -> bool:
    """Compare two partners by account id if both have one, or else by name."""
    if one.account_id is not None and other.account_id is not None:
        return one.account_id == other.account_id
    return normalize(one.name) == normalize(other.name)


def match_id(link: Link, session_id: SessionId, partner: str, ordinal: int) -> MatchId:
    """Return the key of a match and its notice. The key reveals nothing about either person."""
    natural = (link.event, link.account, session_id, partner, ordinal)
    return MatchId(person_key(link.person_epoch, *natural))


def round_of(match: MatchId) -> str:
    """Return what buttons name the round of a match by."""
    return digest(match)[:16]


def earlier_keys(match: Match) -> list[MatchId]:
    """Return the keys of the person's earlier matches with the same partner."""
    natural = (match.event, match.account, match.session_id, match.partner_key)
    return [
        MatchId(person_key(match.person_epoch, *natural, ordinal))
        for ordinal in range(1, match.ordinal)
    ]


def person_key(epoch: Epoch, *occasion: object) -> str:
    """Return the person's key for an occasion. It begins with their epoch.

    All keys of a person can be found by this prefix. A person who was deleted and connects again
    has a new epoch, so old keys cannot collide with new ones.
    """
    natural = "\x1f".join((epoch, *map(str, occasion)))
    return f"{epoch}-{digest(natural)[:32]}"


def of_account(account: str, matches: Iterable[Match]) -> list[Match]:
    """Return the matches that belong to the account."""
    return [match for match in matches if match.account == account]


def comparable(report: MatchReport, account: str, matches: Iterable[Match]) -> list[Match]:
    """Return the person's matches that the account's report may refer to.

    These are the matches of the account and any match with the same Chime meeting, because the
    account is unknown until the person connects with a magic link.
    """
    return [
        match
        for match in matches
        if match.account == account
        or (report.meeting_digest is not None and match.meeting_digest == report.meeting_digest)
    ]


def epoch_of(key: str) -> Epoch | None:
    """Return the epoch of a key, or None if an older version created the key without one."""
    found = _EPOCH.match(key)
    return Epoch(found[1]) if found is not None else None


def find_existing_match(
    report: MatchReport, known: Iterable[Match], now: datetime, since: datetime | None = None
) -> Match | None:
    """Return the known match that a socket report refers to, or None if the match is new.

    Two matches with the same partner are compared by Chime meeting if both have one, or else by
    raw time if both came over the socket. Otherwise they are the same if the known round may still
    be running and the person has not become available again since then.

    Args:
        report: The report from the socket.
        known: The `comparable` matches in the session.
        now: The current time.
        since: The time at which the person last became available in the session.
    """
    found = [m for m in _with(report.partner, known) if _refers_to(report, m, now, since)]
    return max(found, key=lambda match: match.ordinal, default=None)


def decided_by_meeting_id(report: MatchReport, known: Iterable[Match]) -> bool:
    """Return True if `find_existing_match` compares only Chime meetings and ignores `since`."""
    with_partner = _with(report.partner, known)
    return all(match.meeting_digest and report.meeting_digest for match in with_partner)


def _with(partner: Partner, known: Iterable[Match]) -> list[Match]:
    return [match for match in known if same_partner(match.partner, partner)]


def _refers_to(report: MatchReport, match: Match, now: datetime, since: datetime | None) -> bool:
    if match.meeting_digest and report.meeting_digest:
        return match.meeting_digest == report.meeting_digest
    if match.source is Source.BEFORE:
        return False  # it ended before the person became available
    if match.source is Source.SOCKET and match.raw_time and report.raw_time:
        return match.raw_time == report.raw_time
    if since is not None and match.received_at < since:
        return False
    return not is_round_over(match, now)


def is_round_over(match: Match, now: datetime) -> bool:
    """Return whether the round of a match has ended, or is assumed to have ended."""
    return now >= round_end(match)


def round_end(match: Match) -> datetime:
    """Return when the round of a match ends, or is assumed to end."""
    return match.ends_at or match.received_at + ASSUMED_ROUND


def missed_reports(
    listed: Sequence[MatchReport], known: Sequence[Match | MatchReport]
) -> list[MatchReport]:
    """Return the rows of the match list that do not correspond to a known match.

    The k-th row for a partner is the k-th pairing with that partner, so if there are more rows than
    known matches, the additional rows are new. This requires neither a clock nor a time zone. Both
    arguments must belong to one account in one session. The running time is linear in their total
    length.
    """
    missed: list[MatchReport] = []
    rows_left, known_left = _ByPartner(listed), _ByPartner(known)
    for first in listed:
        rows = rows_left.take(first.partner, len(listed))
        accounted = known_left.take(first.partner, len(rows))
        times = {match.raw_time for match in accounted}
        # Sort rows with a known time first, so the additional rows at the end are new.
        rows.sort(key=lambda row: (row.raw_time not in times, row.raw_time or ""))
        missed += rows[len(accounted) :]
    return missed


@dataclass(frozen=True, slots=True)
class Missed:
    """The rows of a match list without a known match, each group oldest first."""

    before: Sequence[MatchReport]  # older than the baseline, but not yet listed when it was read
    skipped: Sequence[MatchReport]  # above the message limit, so only stored
    late: Sequence[MatchReport]  # to be sent


def sort_missed(missed: Sequence[MatchReport], known: Sequence[Match], now: datetime) -> Missed:
    """Decide how to handle the missed rows of a person in one session.

    The list may be delayed or truncated when the baseline is read, so a row that is older than the
    newest match of the baseline belongs to the baseline. Both times come from the list, so the
    comparison does not depend on a time zone.
    """
    baseline = [
        match.matched_at
        for match in known
        if match.source is Source.BEFORE
        and match.matched_at is not None
        and match.matched_at <= now + CLOCK_ERROR
    ]
    newest = max(baseline, default=_LONG_AGO)
    room = max(MAX_IN_SESSION - len(known), 0)
    rows = sorted(missed[:room], key=lambda row: row.matched_at or now)
    before = [row for row in rows if row.matched_at is not None and row.matched_at < newest]
    after = [row for row in rows if row.matched_at is None or row.matched_at >= newest]
    return Missed(before, skipped=after[:-MAX_LATE], late=after[-MAX_LATE:])


class _Item(Protocol):
    @property
    def partner(self) -> Partner: ...


ItemT = TypeVar("ItemT", bound=_Item)


class _ByPartner(Generic[ItemT]):
    """Items grouped by partner. Each item can be taken once."""

    def __init__(self, items: Sequence[ItemT]) -> None:
        self._items = items
        self._taken = [False] * len(items)
        # Positions by account id, by name for items without an id, and by name for all items.
        self._with_id: defaultdict[int, deque[int]] = defaultdict(deque)
        self._without_id: defaultdict[str, deque[int]] = defaultdict(deque)
        self._named: defaultdict[str, deque[int]] = defaultdict(deque)
        for position, item in enumerate(items):
            name, account_id = normalize(item.partner.name), item.partner.account_id
            self._named[name].append(position)
            if account_id is None:
                self._without_id[name].append(position)
            else:
                self._with_id[account_id].append(position)

    def take(self, partner: Partner, limit: int) -> list[ItemT]:
        """Take up to `limit` items with this partner, as compared by `same_partner`."""
        name = normalize(partner.name)
        if partner.account_id is None:
            queues = [self._named[name]]
        else:
            queues = [self._with_id[partner.account_id], self._without_id[name]]
        found: list[ItemT] = []
        for queue in queues:
            while queue and len(found) < limit:
                position = queue.popleft()
                if not self._taken[position]:
                    self._taken[position] = True
                    found.append(self._items[position])
        return found


def next_match(
    link: Link,
    session_id: SessionId,
    session_title: str,
    report: MatchReport,
    *,
    known: Sequence[Match],
    source: Source,
    now: datetime,
) -> Match:
    """Create a match of the link's account from a report that matches none of the `known` ones.

    The match gets the next ordinal for its key. If two processes store the same match concurrently,
    the ids collide in the database and only one match is created. Ordinals are counted by key and
    not by partner because two partners with the same name may share a key if one of them was first
    reported without an id.
    """
    earlier = _with(report.partner, known)
    key = earlier[0].partner_key if earlier else partner_key(report.partner)
    ordinal = max((match.ordinal for match in known if match.partner_key == key), default=0) + 1
    ends_at = None
    if source is Source.SOCKET and report.round_seconds is not None:
        ends_at = now + timedelta(seconds=report.round_seconds)
    known_before = source is Source.BEFORE
    return Match(
        id=match_id(link, session_id, key, ordinal),
        person=link.person,
        person_epoch=link.person_epoch,
        event=link.event,
        account=link.account,
        session_id=session_id,
        session_title=session_title,
        partner=report.partner,
        partner_key=key,
        ordinal=ordinal,
        source=source,
        received_at=now,
        raw_time=report.raw_time,
        matched_at=report.matched_at,
        meeting_digest=report.meeting_digest,
        call=report.call,
        ends_at=ends_at,
        settled_at=now if known_before else None,
        outcome=source.value if known_before else None,
    )
