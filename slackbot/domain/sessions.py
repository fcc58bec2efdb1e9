"""Determine the phase of sessions, sort them, and select one by a query."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from slackbot.domain.credentials import event_in_chain
from slackbot.domain.errors import AmbiguousSession, NoSuchSession, NothingLive
from slackbot.domain.model import Session, SessionId, SessionScope
from slackbot.domain.pasted import parameters, read_pasted
from slackbot.domain.text import (
    POLITE,
    emoji_in,
    emoji_in_name,
    fold,
    fold_name,
    normalize,
    spell_out,
    without_words,
)

# Parameters that hold the id in the link of a session.
_ID_PARAMETER: Final = re.compile(r"s?id|session(?:_?id)?", re.IGNORECASE)
# An id, and the words that people write before it. The platform takes 18 digits.
_NUMBER: Final = re.compile(r"(?:(?:session|no|nr|number|id) ?)?#?([0-9]{1,18})")
# Words about a session in general, which may stand around the words of its title.
_AROUND: Final = POLITE | frozenset({"the", "session", "called", "named", "titled"})
# Words that lead to a title, as in `available in the founders session`.
_LEADING: Final = frozenset({"in", "for", "at", "to", "into", "on", "the", "session"})
# Words that name no session. If there are no others, the one that is live is meant.
_ANYWHERE: Final = frozenset({
    "any", "anywhere", "everywhere", "anyone", "anybody", "everyone", "everybody", "here", "today",
    "all", "matching", "networking", "to", "be", "matched",
})  # fmt: skip
# Letters of Thai, Lao, Burmese, Khmer, Japanese, Chinese and Korean.
_UNSPACED: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u9fff\uac00-\ud7a3]")


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
    _track: SessionQuery = field(init=False, repr=False, compare=False)
    _words: SessionQuery = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Read once, because an event may have hundreds of sessions.
        object.__setattr__(self, "_track", SessionQuery.read(self.track))
        object.__setattr__(self, "_words", SessionQuery.read(self.words))

    def keeps(self, session: Session, now: datetime, zone: tzinfo | None) -> bool:
        """Return whether the filter keeps the session. Days begin at midnight in `zone`."""
        if self.day is not None and not self._is_on_day(session, now.astimezone(zone)):
            return False
        if self.track and not any(map(self._track.is_in, session.tracks)):
            return False
        if not self.words or session.id == self._words.number:
            return True
        return self._words.is_in(" ".join((session.title, *session.tracks, session.location or "")))

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


@dataclass(frozen=True, slots=True)
class SessionQuery:
    """What a person typed to name a session, read once for all titles that it is compared with."""

    text: str = field(repr=False)
    # The words of `fold`, with the names of emoji and without emoji.
    words: tuple[str, ...] = field(repr=False)
    plain_words: tuple[str, ...] = field(repr=False)
    # The words with letters such as `ü` spelt out.
    spelt_words: tuple[str, ...] = field(repr=False)
    emoji: frozenset[str] = field(repr=False)
    number: SessionId | None = field(repr=False)
    # The text is nothing but the id, or a link to the session.
    is_id: bool = field(repr=False)

    @classmethod
    def read(cls, text: str) -> SessionQuery:
        """Read a typed text."""
        words, plain_words = fold(text).split(), fold(text, emoji=False).split()
        number = session_number(text)
        is_id = number is not None and (plain_words == [str(number)] or "/" in text)
        spelt = tuple(fold(spell_out(text)).split())
        emoji = emoji_in(text)
        return cls(text.strip(), tuple(words), tuple(plain_words), spelt, emoji, number, is_id)

    @property
    def is_empty(self) -> bool:
        """True if nothing was typed."""
        return not self.text

    def is_in(self, name: str) -> bool:
        """Return whether the name contains every word of the query, also within its words.

        A query without words is compared as it is.
        """
        return any(all(word in folded for word in words) for words, folded in self._forms(name))

    def names(self, title: str) -> bool:
        """Return whether every word of the query begins a word of the title.

        A number has to be the whole word. Scripts that are written without spaces have no words, so
        theirs may begin anywhere.
        """
        return any(
            all(begins_word(word, folded) for word in words) for words, folded in self._forms(title)
        )

    def is_title(self, title: str, *, emoji: bool) -> bool:
        """Return whether the query is the whole title."""
        words = self.words if emoji else self.plain_words
        if not self.words:
            return emoji and normalize(title) == normalize(self.text)
        if not words or not (emoji or self.has_emoji_of(title)):
            return False
        return fold_name(title, emoji=emoji) == " ".join(words)

    def has_joined(self, title: str) -> bool:
        """Return whether words of the title, written as one, begin with the query as one word."""
        words, solid = fold_name(title, emoji=False).split(), "".join(self.plain_words)
        if not solid or not self.has_emoji_of(title):
            return False
        return any(_begins("".join(words[start:]), solid) for start in range(len(words)))

    def has_emoji_of(self, title: str) -> bool:
        """Return whether no emoji tells the query and the title apart.

        People leave them out when they type, but do not type others.
        """
        return not self.emoji or not (shown := emoji_in_name(title)) or self.emoji <= shown

    def _forms(self, name: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the words of the query and the folded name in each form to compare."""
        if not self.words:
            if normalize(self.text) in normalize(name):
                yield (), ""
            return
        yield self.words, fold_name(name)
        if self.spelt_words != self.words:
            yield self.spelt_words, fold_name(name)
        if (spelt := spell_out(name)) != name:
            yield self.words, fold_name(spelt)
        if self.plain_words and self.has_emoji_of(name):
            yield self.plain_words, fold_name(name, emoji=False)


def begins_word(word: str, folded: str) -> bool:
    """Return whether a word of the folded text begins with this word, or is this number."""
    if word.isdigit():
        return f" {word} " in f" {folded} "
    if _UNSPACED.search(word):
        return word in folded
    if f" {word}" not in f" {folded}":
        return False
    return not word[-1].isdigit() or any(_begins(each, word) for each in folded.split())


def _begins(text: str, beginning: str) -> bool:
    """Return whether the text begins so, and not with a longer number."""
    after = text[len(beginning) : len(beginning) + 1]
    is_number_cut = beginning[-1:].isdigit() and after.isdigit()
    return text.startswith(beginning) and not is_number_cut


def choose(
    live: Sequence[Session],
    query: SessionQuery | str,
    now: datetime,
    upcoming: Sequence[Session] = (),
) -> Session:
    """Return the session that matches the query: an id, a link, words of a title, or nothing.

    A complete title or an id takes precedence over titles that only have all words of the query, in
    either list. Those take precedence over an id within a sentence and over a difference in spaces.
    Of equally good ones, a live session is chosen. Polite words are part of a title, or nothing,
    and so are those in `the founders session` and in `in founders`.

    Raises:
        NoSuchSession: No session matches the query.
        AmbiguousSession: Several sessions match, or the query is empty and several are live.
        NothingLive: The query is empty and no session is live.
    """
    typed = query if isinstance(query, str) else query.text
    ids = {session.id for session in live}
    lists = live, [session for session in upcoming if session.id not in ids]
    polite = without_words(typed, POLITE)
    *led, rest = polite, *_without_leading(polite)
    bare = without_words(rest, _AROUND)
    ways = [(_exact, text) for text in (typed, *led, rest)]
    ways += [(_similar, polite), (_exact, bare), (_similar, bare)]
    for search, text in dict.fromkeys(ways):
        if text and (found := search(lists, SessionQuery.read(text))):
            return _only(found)
    if without_words(bare, _ANYWHERE):
        raise NoSuchSession(typed.strip())
    return _only([session for session in live if phase(session, now) is SessionScope.LIVE])


def _without_leading(text: str) -> Iterator[str]:
    """Yield the text without the words that lead to a title, one fewer each time."""
    words = text.split()
    while words and fold(words[0]) in _LEADING:
        words = words[1:]
        yield " ".join(words)


def is_certain(live: Sequence[Session], query: SessionQuery) -> bool:
    """Return whether no other list can hold a session that matches the query better."""
    title = normalize(query.text)
    return any(s.id == query.number if query.is_id else normalize(s.title) == title for s in live)


def _exact(lists: Sequence[Sequence[Session]], query: SessionQuery) -> list[Session]:
    """Return the session with the id, or those with the title; live ones if there are any.

    Of titles that are written alike, those with the same marks are returned.
    """
    every = [session for sessions in lists for session in sessions]
    by_id = [session for session in every if session.id == query.number]
    if by_id and query.is_id:
        return by_id
    title = normalize(query.text)
    for emoji in (True, False):
        whole = [s for s in every if query.is_title(s.title, emoji=emoji)]
        closest = [s for s in whole if normalize(s.title) == title] or whole
        if len(closest) > 1 and by_id:
            return by_id
        if closest:
            return [session for session in lists[0] if session in closest] or closest
    return by_id


def _similar(lists: Sequence[Sequence[Session]], query: SessionQuery) -> list[Session]:
    """Return the sessions of the first list that has some, for the best way in which any has."""
    ways: tuple[Callable[[Session], bool], ...] = (
        lambda session: query.names(session.title),
        lambda session: str(session.id) in query.plain_words,
        lambda session: query.has_joined(session.title),
    )
    for fits in ways:
        for sessions in lists:
            if found := [session for session in sessions if fits(session)]:
                return found
    return []


def names_session(query: str, session_id: SessionId, title: str) -> bool:
    """Return whether the query is the id of this session, or has words of its title only."""
    asked = map(SessionQuery.read, [query, *filter(None, _without_leading(query))])
    return any(each.number == session_id or each.names(title) for each in asked)


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
