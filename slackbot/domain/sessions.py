"""Determine the phase of sessions, sort them, and select one by a query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from slackbot.domain.errors import AmbiguousSession, NoSuchSession, NothingLive
from slackbot.domain.model import Session, SessionId, SessionScope
from slackbot.domain.text import normalize


def phase(session: Session, now: datetime) -> SessionScope:
    """Return whether the session is live, upcoming or past, according to its times.

    A session without times is considered live, which leaves the decision to the platform.
    """
    if session.ends_at is not None and session.ends_at <= now:
        return SessionScope.PAST
    if session.starts_at is not None and session.starts_at > now:
        return SessionScope.UPCOMING
    return SessionScope.LIVE


def in_order(sessions: Iterable[Session], now: datetime) -> list[Session]:
    """Sort the sessions: live ones, then upcoming ones by start, then past ones, latest first."""
    rank = {SessionScope.LIVE: 0, SessionScope.UPCOMING: 1, SessionScope.PAST: 2}

    def key(session: Session) -> tuple[int, float, int]:
        when = phase(session, now)
        start = session.starts_at.timestamp() if session.starts_at else 0.0
        return rank[when], -start if when is SessionScope.PAST else start, session.id

    return sorted(sessions, key=key)


def choose(sessions: Sequence[Session], query: str, now: datetime) -> Session:
    """Return the session that matches the query: an id, words of a title, or an empty string.

    Raises:
        NoSuchSession: No session matches the query.
        AmbiguousSession: Several sessions match, or the query is empty and several are live.
        NothingLive: The query is empty and no session is live.
    """
    if not query.strip():
        return _only([s for s in sessions if phase(s, now) is SessionScope.LIVE])
    number = session_number(query)
    by_id = next((s for s in sessions if s.id == number), None)
    if by_id is not None:
        return by_id
    title = normalize(query)
    fitting = [s for s in sessions if all(word in s.title.casefold() for word in title.split())]
    exact = [s for s in fitting if normalize(s.title) == title]
    if not fitting:
        raise NoSuchSession(query.strip())
    return exact[0] if len(exact) == 1 else _only(fitting)


def session_number(query: str) -> SessionId | None:
    """Return the session id in the query, or None if the text is not an id."""
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
