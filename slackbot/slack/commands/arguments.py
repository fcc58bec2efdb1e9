"""Read the arguments of `sessions` and `pause`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from slackbot.domain.sessions import Day, SessionFilter
from slackbot.domain.text import fold
from slackbot.services.sessions import View

# Words that ask politely and mean nothing else.
FILLERS: Final = frozenset({"please", "pls", "plz", "now", "me", "thanks", "it", "matching"})
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
_DAYS: Final = {day.value: day for day in Day}
_PAGE: Final = re.compile(r"(?:(.*) )?page ([0-9]{1,6})")
# A higher number is the id of a session.
_IS_PAGE: Final = re.compile(r"[0-9]{1,3}", re.ASCII)
_TRACK: Final = re.compile(r"tracks?:? +(\S.*)", re.IGNORECASE)
_DURATION: Final = re.compile(
    r"(?:for |until |till |til |in )?"
    r"(?:(?:an?|half an|[0-9]{1,3}) ?(?:m|mins?|minutes?|h|hrs?|hours?)"
    r"|[0-9]{1,3}|[0-9]{1,2} [0-9]{2}|[0-9]{1,2}(?: [0-9]{2})? ?[ap] ?m)"
)
_POINT_IN_TIME: Final = re.compile(r"(?:for|until|till|til|tomorrow|tonight|later|lunch)\b.*")


@dataclass(frozen=True, slots=True)
class ListQuery:
    """The list of sessions that was asked for."""

    view: View
    page: int
    only: SessionFilter
    # The argument without its page, for the buttons to other pages.
    words: str


def read_list_query(argument: str) -> ListQuery:
    """Read the argument of `sessions`: a list, a day, a track or words of a title, and a page."""
    page, words = 1, argument.split()
    # `sessions past 2`; buttons write `page 2`, since a title may end in a number.
    if found := _PAGE.fullmatch(argument):
        page, words = int(found[2]), (found[1] or "").split()
    elif words and _IS_PAGE.fullmatch(words[-1]) and all(map(_is_list_word, words[:-1])):
        page, words = int(words[-1]), words[:-1]
    kept, view, day = list(words), View.CURRENT, None
    while kept and (_is_list_word(kept[0]) or fold(kept[0]) in FILLERS):
        word = fold(kept.pop(0))
        view, day = _VIEWS.get(word, view), _DAYS.get(word, day)
    rest = " ".join(kept)
    track = _TRACK.fullmatch(rest)
    only = SessionFilter(day, track=track[1] if track else "", words="" if track else rest)
    return ListQuery(view, page, only, " ".join(words))


def _is_list_word(word: str) -> bool:
    return fold(word) in _VIEWS or fold(word) in _DAYS


def without_fillers(argument: str) -> str:
    """Return the argument without words such as `please`."""
    return " ".join(word for word in argument.split() if fold(word) not in FILLERS)


def is_time(argument: str) -> bool:
    """Return whether an argument of `pause` names a duration or a point in time."""
    text = fold(argument)
    return bool(_DURATION.fullmatch(text) or _POINT_IN_TIME.fullmatch(text))
