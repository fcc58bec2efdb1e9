"""Decisions that need no outside world: which match is it, which session is meant, what is due."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from slackbot.domain.errors import AmbiguousSession, NoSuchSession, NothingLive
from slackbot.domain.model import (
    EventSlug,
    Match,
    MatchId,
    MatchReport,
    Partner,
    Person,
    Session,
    SessionId,
    SessionScope,
    Source,
)

ROUND_UNKNOWN = timedelta(minutes=5)
"""How long a round is taken to last when the platform does not say."""


def digest(secret: str) -> str:
    """SHA-256 as hex: lets two secrets be compared without keeping either."""
    return hashlib.sha256(secret.encode()).hexdigest()


# --- sessions ------------------------------------------------------------------------------------


def phase(session: Session, now: datetime) -> SessionScope:
    """Live, upcoming or past by its times. Unknown times count as live: the platform decides."""
    if session.ends_at is not None and session.ends_at <= now:
        return SessionScope.PAST
    if session.starts_at is not None and session.starts_at > now:
        return SessionScope.UPCOMING
    return SessionScope.LIVE


def in_order(sessions: Iterable[Session], now: datetime) -> list[Session]:
    """Live first, then upcoming by start, then past, latest first."""
    rank = {SessionScope.LIVE: 0, SessionScope.UPCOMING: 1, SessionScope.PAST: 2}

    def key(session: Session) -> tuple[int, float, int]:
        when = phase(session, now)
        start = session.starts_at.timestamp() if session.starts_at else 0.0
        return rank[when], -start if when is SessionScope.PAST else start, session.id

    return sorted(sessions, key=key)


def choose(sessions: Sequence[Session], query: str, now: datetime) -> Session:
    """The one session meant by an id, by words of its title, or by saying nothing.

    Raises:
        NoSuchSession: nothing fits the query.
        AmbiguousSession: several fit; when nothing was typed, several are live.
        NothingLive: nothing was typed and no session is live.
    """
    if not query.strip():
        return _only([s for s in sessions if phase(s, now) is SessionScope.LIVE])
    number = session_number(query)
    named = next((s for s in sessions if s.id == number), None)
    if named is not None:
        return named
    words = query.casefold().split()
    fitting = [s for s in sessions if all(word in s.title.casefold() for word in words)]
    exact = [s for s in fitting if s.title.casefold().split() == words]
    if not fitting:
        raise NoSuchSession(query.strip())
    return exact[0] if len(exact) == 1 else _only(fitting)


def session_number(query: str) -> SessionId | None:
    """The id that was typed, or None when it is no id."""
    text = query.strip()
    is_id = text.isascii() and text.isdecimal() and len(text) <= 18
    return SessionId(int(text)) if is_id else None


def _only(candidates: list[Session]) -> Session:
    if not candidates:
        raise NothingLive
    if len(candidates) == 1:
        return candidates[0]
    registered = [s for s in candidates if s.registered]
    if len(registered) == 1:
        return registered[0]
    raise AmbiguousSession(candidates)


# --- matches -------------------------------------------------------------------------------------


def partner_key(partner: Partner) -> str:
    """What tells one partner from another: the account id, else the name."""
    if partner.account_id is not None:
        return f"id:{partner.account_id}"
    return f"name:{_plain(partner.name)}"


def same_partner(one: Partner, other: Partner) -> bool:
    """By account id when both have one, else by name."""
    if one.account_id is not None and other.account_id is not None:
        return one.account_id == other.account_id
    return _plain(one.name) == _plain(other.name)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def match_id(
    person: Person, event: EventSlug, session_id: SessionId, partner: str, ordinal: int
) -> MatchId:
    """The match key, which is also the key of its notice. Tells nothing about either person."""
    natural = "\x1f".join((person.team, person.user, event, str(session_id), partner, str(ordinal)))
    return MatchId(digest(natural)[:32])


def notice_key(kind: str, person: Person, *occasion: object) -> str:
    """The key of a notice that is not a match: the same occasion is told once."""
    return digest("\x1f".join((kind, person.team, person.user, *map(str, occasion))))[:32]


def find_existing_match(
    seen: MatchReport, known: Iterable[Match], now: datetime, since: datetime | None = None
) -> Match | None:
    """The known match that a socket sighting speaks of, or None when it is a new one.

    `known` are the person's matches in that session; `since` is when they last became available
    in it. The strongest evidence that both sides have decides: the Chime meeting, else the raw
    time between two tellings of the socket, else whether the known round may still be going on
    and the person has not become available anew.
    """
    newest_first = sorted(_with(seen.partner, known), key=lambda match: match.ordinal, reverse=True)
    return next((match for match in newest_first if _speaks_of(seen, match, now, since)), None)


def decided_by_meeting_id(seen: MatchReport, known: Iterable[Match]) -> bool:
    """Tell whether Chime meetings alone decide in `find_existing_match`, without `since`."""
    with_partner = _with(seen.partner, known)
    return all(match.meeting_digest and seen.meeting_digest for match in with_partner)


def _with(partner: Partner, known: Iterable[Match]) -> list[Match]:
    return [match for match in known if same_partner(match.partner, partner)]


def _speaks_of(seen: MatchReport, match: Match, now: datetime, since: datetime | None) -> bool:
    if match.meeting_digest and seen.meeting_digest:
        return match.meeting_digest == seen.meeting_digest
    if match.source is Source.BEFORE:
        return False  # it was over before the person became available
    if match.source is Source.SOCKET and match.raw_time and seen.raw_time:
        return match.raw_time == seen.raw_time
    if since is not None and match.received_at < since:
        return False
    return now < (match.ends_at or match.received_at + ROUND_UNKNOWN)


def missed_reports(listed: Sequence[MatchReport], known: Sequence[Match]) -> list[MatchReport]:
    """Rows of the match list that no known match stands for, found by counting.

    The list's k-th row for a partner is the k-th pairing with that partner, so only as many rows
    as go beyond those known are new. Needs neither clock nor zone. `known` and `listed` are of
    one person and one session.
    """
    groups: list[list[MatchReport]] = []
    for row in listed:
        group = next((g for g in groups if same_partner(g[0].partner, row.partner)), None)
        if group is None:
            groups.append([row])
        else:
            group.append(row)
    return [row for group in groups for row in _beyond(group, known)]


def _beyond(group: list[MatchReport], known: Sequence[Match]) -> list[MatchReport]:
    told = _with(group[0].partner, known)
    surplus = len(group) - len(told)
    if surplus <= 0:
        return []
    heard = {match.raw_time for match in told}
    # Rows whose very time was told go first, so that the surplus at the end is what was missed.
    ordered = sorted(group, key=lambda row: (row.raw_time not in heard, row.raw_time or ""))
    return ordered[-surplus:]


def next_match(
    *,
    person: Person,
    event: EventSlug,
    session_id: SessionId,
    session_title: str,
    seen: MatchReport,
    known: Sequence[Match],
    source: Source,
    now: datetime,
) -> Match:
    """A match for a sighting that none of the `known` ones stands for.

    Its ordinal counts on from those with the same partner, so that two tellers who store it at
    the same moment collide in the store instead of making two. What counts is the key: namesakes
    may share it when one of them was first told without an id.
    """
    earlier = _with(seen.partner, known)
    key = earlier[0].partner_key if earlier else partner_key(seen.partner)
    ordinal = max((match.ordinal for match in known if match.partner_key == key), default=0) + 1
    ends_at = None
    if source is Source.SOCKET and seen.round_seconds is not None:
        ends_at = now + timedelta(seconds=seen.round_seconds)
    known_before = source is Source.BEFORE
    return Match(
        id=match_id(person, event, session_id, key, ordinal),
        person=person,
        event=event,
        session_id=session_id,
        session_title=session_title,
        partner=seen.partner,
        partner_key=key,
        ordinal=ordinal,
        source=source,
        received_at=now,
        raw_time=seen.raw_time,
        matched_at=seen.matched_at,
        meeting_digest=seen.meeting_digest,
        call=seen.call,
        ends_at=ends_at,
        settled_at=now if known_before else None,
        outcome=source.value if known_before else None,
    )
