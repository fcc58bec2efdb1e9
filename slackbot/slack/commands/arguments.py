"""Read the arguments of commands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from slackbot.domain.credentials import read_event
from slackbot.domain.errors import BadEventLink
from slackbot.domain.model import EventSlug
from slackbot.domain.sessions import Day, SessionFilter
from slackbot.domain.text import POLITE, fold, without_words
from slackbot.services.sessions import View
from slackbot.slack.command import CONNECT_FILLERS
from slackbot.slack.commands.times import is_readable_time

# Words that mean nothing in an argument.
FILLERS: Final = POLITE | frozenset({"me", "it", "matching", "yet"})
# Words about a session in general, which may stand before its title or after it.
_PAUSE_FILLERS: Final = FILLERS | {"the", "my", "this", "session"}
# What `pause` is about anyway. If the argument has no other words, it names no session.
_PAUSE_EVERYTHING: Final = _PAUSE_FILLERS | frozenset({
    "for", "everyone", "everything", "everywhere", "everybody", "all", "any", "anymore",
    "more", "looking", "searching", "matches", "match", "being", "matched", "session",
    "sessions", "availability", "available", "myself", "alone", "sending", "messaging",
    "message", "messages", "notifications",
})  # fmt: skip
# Words after `disconnect` that name no event.
_DISCONNECT_FILLERS: Final = CONNECT_FILLERS | frozenset(
    {"everywhere", "everything", "all", "data", "and", "completely"}
)
_VIEWS: Final = {
    **{view.value: view for view in View},
    "current": View.CURRENT,
    "all": View.CURRENT,
    "now": View.LIVE,
    "open": View.LIVE,
    "next": View.UPCOMING,
    "later": View.UPCOMING,
    "over": View.PAST,
    "my": View.MINE,
    "joined": View.MINE,
}
# Words before the words of a title or a track.
_LIST_FILLERS: Final = FILLERS | {"sessions", "session", "for", "of", "on", "in", "the", "list"}
_DAYS: Final = {day.value: day for day in Day}
_PAGE: Final = re.compile(r"(?:(.*) )?page ([0-9]{1,6})", re.IGNORECASE)
# A higher number is the id of a session.
_IS_PAGE: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_TRACK: Final = re.compile(r"tracks?:? +(\S.*)", re.IGNORECASE)
# In the form of `fold`: `1.5 hours` is `1 5 hours`.
_COUNT: Final = (
    r"(?:[0-9]{1,3}(?: [0-9]{1,2})?|an?|half(?: an?)?|(?:a )?(?:quarter|couple)(?: of)?(?: an)?"
    r"|(?:a )?few|some|several|(?:one|two|three|four|five|six|ten|fifteen|twenty|thirty)"
    r"(?: and a half)?)"
)
_UNIT: Final = (
    r"(?:m|mins?|minutes?|h|hrs?|hours?|s|secs?|seconds?|d|days?|w|weeks?|months?|whiles?|bit)"
)
_PART_OF_DAY: Final = r"(?:mornings?|noon|midday|lunch(?:time)?|afternoons?|evenings?|nights?)"
_WEEKDAY: Final = r"(?:(?:mon|tues?|wednes|thurs?|fri|satur|sun)day|weekend|week|month|day)"
_DURATION: Final = re.compile(
    rf"(?:for |until |till |til |in |at |after )?(?:the )?(?:next |another )?"
    rf"(?:{_COUNT} ?{_UNIT}(?: ?(?:and )?{_COUNT} ?{_UNIT}| and a half)?(?: later| from now| long)?"
    r"|[0-9]{1,3}|[0-9]{1,2} ?h ?[0-9]{0,2}|[0-9]{1,2} [0-9]{2}"
    r"|[0-9]{1,2}(?: [0-9]{2})? ?[ap] ?m)(?: today| tonight| tomorrow)?"
)
_POINT_IN_TIME: Final = re.compile(
    rf"(?:for (?:lunch|today|tonight|tomorrow|the (?:day|night|morning|afternoon|evening|week"
    rf"|moment|time))|(?:until|till|til)(?! further| im?\b)|tomorrow|tonight|later)\b.*"
    rf"|(?:for )?(?:the )?(?:next|another) {_UNIT}"
    rf"|(?:after |this |next |over )?(?:{_PART_OF_DAY}|midnight|today)|(?:this|next) {_WEEKDAY}"
    rf"|(?:for )?(?:the )?(?:rest of|all)(?: the| this)? (?:{_PART_OF_DAY}|{_WEEKDAY})"
)
# What is nearly a time and stands beside other words, such as those of a title.
_MENTIONS_TIME: Final = re.compile(
    rf"\b(?:until|till|til)\b(?! further| im?\b)"
    rf"|\b{_COUNT} ?(?:mins?|minutes?|hrs?|hours?|secs?|seconds?|days?|weeks?)\b"
)
# A time beside one of these words is another one than by itself, as in `until 3 pm on Thursday`.
_NOT_BESIDE_TIME: Final = re.compile(
    r"\b(?:until|till|til|after|before|when|once|or|today|tonight|tomorrow|next"
    r"|(?:mon|tues?|wednes|thurs?|fri|satur|sun)days?|weeks?|months?)\b"
)
_OPENING: Final = re.compile(
    r"(?:when|once|as soon as) (?P<session>.+) (?:opens|is open|starts|begins)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The list of sessions that was asked for."""

    view: View
    page: int
    only: SessionFilter
    # The argument without its page, for the buttons to other pages.
    words: str


def session_to_open(argument: str) -> str:
    """Return the session at whose opening somebody wants to be available, or an empty text."""
    found = _OPENING.fullmatch(without_fillers(argument))
    return found["session"] if found else ""


def read_list_query(argument: str) -> ListQuery:
    """Read the argument of `sessions`: a list, a day, a track or words of a title, and a page."""
    page, rest = read_page(argument)
    words = rest.split()
    # `sessions past 2`; buttons write `page 2`, since a title may end in a number.
    if (
        rest == argument
        and words
        and _IS_PAGE.fullmatch(words[-1])
        and all(map(_is_list_word, words[:-1]))
    ):
        page, words = int(words[-1]), words[:-1]
    kept, view, day = list(words), View.CURRENT, None
    while kept and (_is_list_word(kept[0]) or fold(kept[0]) in _LIST_FILLERS):
        word = fold(kept.pop(0))
        view, day = _VIEWS.get(word, view), _DAYS.get(word, day)
    rest = " ".join(kept)
    track = _TRACK.fullmatch(rest)
    only = SessionFilter(day, track=track[1] if track else "", words="" if track else rest)
    return ListQuery(view, page, only, " ".join(words))


def read_page(argument: str) -> tuple[int, str]:
    """Return the page at the end of an argument, or the first one, and the rest."""
    found = _PAGE.fullmatch(argument)
    return (int(found[2]), found[1] or "") if found else (1, argument)


def _is_list_word(word: str) -> bool:
    return fold(word) in _VIEWS or fold(word) in _DAYS


def without_fillers(argument: str) -> str:
    """Return the argument without words such as `please`."""
    return without_words(argument, FILLERS)


def session_to_pause(argument: str) -> str:
    """Return the words of an argument of `pause` that may name a session."""
    if not without_words(argument, _PAUSE_EVERYTHING):
        return ""
    return without_words(argument, _PAUSE_FILLERS)


@dataclass(frozen=True, slots=True)
class PauseArgument:
    """An argument of `pause`: until when or for how long, and words that may name a session."""

    time: str = ""
    session: str = ""


def read_pause(argument: str) -> PauseArgument:
    """Read an argument of `pause`, in which a time may stand before a session or after it."""
    text = without_fillers(argument)
    if is_readable_time(text):
        return PauseArgument(text)
    words = text.split()
    ends = [(words[at:], words[:at]) for at in range(1, len(words))]
    begins = [(words[:at], words[at:]) for at in range(len(words) - 1, 0, -1)]
    for stated, others in (*ends, *begins):
        time, rest = " ".join(stated), " ".join(others)
        if any(pattern.search(fold(rest)) for pattern in (_NOT_BESIDE_TIME, _MENTIONS_TIME)):
            continue
        # A number by itself may be a part of the title.
        if is_readable_time(time) and not fold(time).isdecimal():
            return PauseArgument(time, session_to_pause(rest))
    if is_time(text) or _MENTIONS_TIME.search(fold(text)):
        return PauseArgument(text)
    return PauseArgument(session=session_to_pause(argument))


def event_to_disconnect(argument: str) -> str:
    """Return the event that an argument of `disconnect` names, or what cannot be one."""
    named = without_words(argument, _DISCONNECT_FILLERS)
    try:
        return read_event(named) if named else ""
    except BadEventLink:
        return named


def is_time(argument: str) -> bool:
    """Return whether an argument of `pause` names a duration or a point in time."""
    text = fold(argument)
    is_known = _DURATION.fullmatch(text) or _POINT_IN_TIME.fullmatch(text)
    return bool(is_known) or is_readable_time(argument)


def typed_event(argument: str, known: EventSlug | None) -> EventSlug | None:
    """Return the event that was typed after `connect`, or the `known` one if none was.

    Raises:
        BadEventLink: The argument is no event. While an event is known, a plain word is none,
            because people also type their name or what they want there.
    """
    words = without_words(argument, CONNECT_FILLERS)
    if not words:
        return known
    event = read_event(words)
    is_plain_word = words.isalpha() and event.casefold() != (known or "").casefold()
    if known is not None and is_plain_word:
        raise BadEventLink
    return event
