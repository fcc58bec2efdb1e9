"""Determine the phase of sessions, sort them, and select one by a query."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from slackbot.domain.credentials import event_in_chain
from slackbot.domain.errors import AmbiguousSession, NoSuchSession, NothingLive
from slackbot.domain.model import Session, SessionId, SessionScope
from slackbot.domain.pasted import parameters, read_pasted
from slackbot.domain.text import fold, fold_name, normalize

# Parameters that hold the id in the link of a session.
_ID_PARAMETER: Final = re.compile(r"s?id|session(?:_?id)?", re.IGNORECASE)
# An id, and the words that people write before it. The platform takes 18 digits.
_NUMBER: Final = re.compile(r"(?:(?:session|no|nr|number|id) )?#?([0-9]{1,18})")


def phase(session: Session, now: datetime) -> SessionScope:
    """Return whether the session is live, upcoming or past, according to its times.

    A session without times is considered live, which leaves the decision to the platform.
    """
    if session.ends_at is not None and session.ends_at <= now:
        return SessionScope.PAST
    if session.starts_at is not None and session.starts_at > now:
        return SessionScope.UPCOMING
    return SessionScope.LIVE


class Day(StrEnum):
    """A day that a person can ask for, in their own time zone."""

    TODAY = "today"
    TOMORROW = "tomorrow"


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """The sessions of a list that a person wants to see. An empty filter keeps all."""

    day: Day | None = None
    # A part of a track's name.
    track: str = ""
    # Words of a title, a track or a place, or an id.
    words: str = ""

    def keeps(self, session: Session, now: datetime, zone: tzinfo | None) -> bool:
        """Return whether the filter keeps the session. Days begin at midnight in `zone`."""
        if self.day is not None and not self._is_on_day(session, now.astimezone(zone)):
            return False
        if self.track and not any(has_words(track, self.track) for track in session.tracks):
            return False
        if not self.words:
            return True
        names = " ".join((session.title, *session.tracks, session.location or ""))
        return names_session(self.words, session.id, names)

    def _is_on_day(self, session: Session, now: datetime) -> bool:
        """Return whether the session is open at some time of the day in the zone of `now`."""
        day = now.date() + timedelta(days=self.day is Day.TOMORROW)
        starts = session.starts_at.astimezone(now.tzinfo).date() if session.starts_at else day
        ends = session.ends_at.astimezone(now.tzinfo).date() if session.ends_at else starts
        return starts <= day <= ends


def in_order(sessions: Iterable[Session], now: datetime) -> list[Session]:
    """Sort the sessions: live ones, then upcoming ones by start, then past ones, latest first."""
    rank = {SessionScope.LIVE: 0, SessionScope.UPCOMING: 1, SessionScope.PAST: 2}

    def key(session: Session) -> tuple[int, float, int]:
        when = phase(session, now)
        start = session.starts_at.timestamp() if session.starts_at else 0.0
        return rank[when], -start if when is SessionScope.PAST else start, session.id

    return sorted(sessions, key=key)


def choose(sessions: Sequence[Session], query: str, now: datetime) -> Session:
    """Return the session that matches the query: an id, a link, words of a title, or nothing.

    A complete title takes precedence over an id, an id over titles that contain all words of the
    query, and those over an id within a sentence. Last, spaces make no difference.

    Raises:
        NoSuchSession: No session matches the query.
        AmbiguousSession: Several sessions match, or the query is empty and several are live.
        NothingLive: The query is empty and no session is live.
    """
    if not query.strip():
        return _only([s for s in sessions if phase(s, now) is SessionScope.LIVE])
    whole = with_title(sessions, query)
    if len(whole) == 1:
        return whole[0]
    number = session_number(query)
    by_id = next((s for s in sessions if s.id == number), None)
    if by_id is not None:
        return by_id
    fitting = whole or [s for s in sessions if has_words(s.title, query)]
    typed = fold(query, emoji=False).split()
    if not fitting:
        fitting = [s for s in sessions if str(s.id) in typed]
    if not fitting and typed:
        fitting = [s for s in sessions if has_joined(s.title, "".join(typed))]
    if not fitting:
        raise NoSuchSession(query.strip())
    return _only(fitting)


def with_title(sessions: Sequence[Session], query: str) -> list[Session]:
    """Return the sessions with this title, and of several the one with the same marks."""
    for emoji in (True, False):
        title = fold(query, emoji=emoji)
        whole = [s for s in sessions if title and fold_name(s.title, emoji=emoji) == title]
        if whole:
            closest = [s for s in whole if normalize(s.title) == normalize(query)]
            return closest or whole
    return [s for s in sessions if normalize(s.title) == normalize(query)]


def has_words(name: str, query: str) -> bool:
    """Return whether the name has every word of the query, or its emoji if it has no words."""
    for emoji in (True, False):
        words, folded = fold(query, emoji=emoji).split(), fold_name(name, emoji=emoji)
        if words and all(word in folded for word in words):
            return True
    return not fold(query) and normalize(query) in normalize(name)


def has_joined(title: str, solid: str) -> bool:
    """Return whether words of the title, written as one, begin with the text."""
    words = fold_name(title, emoji=False).split()
    return any("".join(words[start:]).startswith(solid) for start in range(len(words)))


def names_session(query: str, session_id: SessionId, title: str) -> bool:
    """Return whether the query is the id of this session, or has words of its title only."""
    return session_number(query) == session_id or has_words(title, query)


def session_number(query: str) -> SessionId | None:
    """Return the session id in the query, or None if the text is not an id.

    The id may follow a word such as `session` or `No.`, or be part of a session's link.
    """
    links = read_pasted(query).links
    texts = [fold(query)]
    if links:
        link = links[0][-1]
        routes = link.path, link.fragment.partition("?")[0]
        texts = [route.rstrip("/").rpartition("/")[2] for route in routes]
        texts += [value for name, value in parameters(link) if _ID_PARAMETER.fullmatch(name)]
    found = next(filter(None, map(_NUMBER.fullmatch, texts)), None)
    return SessionId(int(found[1])) if found else None


def linked_event(query: str) -> str:
    """Return the slug of the event in a session's link, or an empty text."""
    return next(filter(None, map(event_in_chain, read_pasted(query).links)), "")


def _only(candidates: list[Session]) -> Session:
    if not candidates:
        raise NothingLive
    if len(candidates) == 1:
        return candidates[0]
    registered = [s for s in candidates if s.registered]
    if len(registered) == 1:
        return registered[0]
    raise AmbiguousSession(candidates)
