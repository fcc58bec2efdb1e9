"""What may stand in a log line. Nothing here raises, whatever it is given.

Four rules, for every record of ours and of others, at every level:

1. A value under a secret-sounding name is hidden.
2. A piece of text that looks like a credential is hidden: the known forms, and any long word of
   letters and digits. In what others wrote (their messages, the texts of exceptions, which quote
   what they stumbled over) eight characters are long.
3. A text is one line: line breaks, escapes and turned directions are written out.
4. Of an exception stand its kind, its text by these rules, and the places it came through; never
   a local variable.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

HIDDEN: Final = "[hidden]"
UNPRINTABLE: Final = "[unprintable]"
LONGEST_READ: Final = 20_000
LONGEST_TEXT: Final = 2_000
LONGEST_ERROR: Final = 300
DEEPEST: Final = 5
MOST_ITEMS: Final = 50
MOST_ERRORS: Final = 10
MOST_FRAMES: Final = 30

_SECRET_KEY: Final = re.compile(
    r"token|secret|authorization|password|credential|cookie|signature|response_?url|trigger_?id"
    r"|attendee|meeting|user_?key|magic|private_metadata|headers|^body$|^payload$|^args$",
    re.IGNORECASE,
)
_HARMLESS_KEYS: Final = frozenset({"timestamp", "level"})
_OUR_HARMLESS_KEYS: Final = _HARMLESS_KEYS | {"match"}
"""A match's id is a digest."""
_KNOWN_FORMS: Final = re.compile(
    r"xox[a-z]{1,2}-[\w-]+|xapp-[\w-]+"  # Slack's tokens
    r"|\b(?i:bearer|basic)\s+[\w.~+/=-]+"
    r"|eyJ[\w-]+\.[\w.-]+"  # JSON web tokens
    r"|https?://hooks\.slack(?:-gov)?\.com/\S+"
    r"|(?i:(?:token|key|secret|password|authorization|credential|trigger_?id)"
    r"[\"']?\s{0,3}[=:]\s{0,3}[\"']?)[^\s\"'&,;}]+"
)
_OUR_WORD: Final = re.compile(r"[\w+=~%./-]{20,}", re.ASCII)
_THEIR_WORD: Final = re.compile(r"[\w+=~%./@-]{8,}", re.ASCII)


def redacted(event: Mapping[str, Any], *, ours: bool) -> dict[str, Any]:
    """The record's fields, fit to be printed. `ours` is whether the bot itself wrote it."""
    harmless = _OUR_HARMLESS_KEYS if ours else _HARMLESS_KEYS
    named = {clean(_text(key), ours=ours): value for key, value in event.items()}
    return {
        name: value if name in harmless else _field(name, value, ours, DEEPEST)
        for name, value in named.items()
    }


def clean(text: str, *, ours: bool, longest: int = LONGEST_TEXT) -> str:
    """One line without credentials."""
    known = _KNOWN_FORMS.sub(HIDDEN, text[:LONGEST_READ])
    words = (_OUR_WORD if ours else _THEIR_WORD).sub(_unless_plain, known)
    line = words if words.isprintable() else "".join(map(_visible, words))
    return line if len(line) <= longest else f"{line[:longest]}…"


def told(error: BaseException) -> str:
    """An exception and what caused it, the last first; a line for each and for each place."""
    return "\n".join(line for one in _chain(error) for line in _lines(one))


def _field(key: str, value: Any, ours: bool, deep: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if _SECRET_KEY.search(key):
        return HIDDEN
    if isinstance(value, Mapping) and deep:
        return {
            (name := clean(_text(inner), ours=ours)): _field(name, item, ours, deep - 1)
            for inner, item in list(value.items())[:MOST_ITEMS]
        }
    if isinstance(value, (list, tuple, set, frozenset)) and deep:
        return [_field(key, item, ours, deep - 1) for item in list(value)[:MOST_ITEMS]]
    return clean(_text(value), ours=ours and isinstance(value, str))


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - a log line must not fail because of what it tells of
        return UNPRINTABLE


def _unless_plain(word: re.Match[str]) -> str:
    """The word, or `HIDDEN` for one that may be a credential: letters and digits mixed."""
    text = word[0]
    digits = sum(char.isdigit() for char in text)
    letters = sum(char.isalpha() for char in text)
    opaque = (digits and letters) or digits >= 16 or (letters >= 32 and text.isalpha())
    return HIDDEN if opaque else text


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, those inside of it, and those before it, each once."""
    left, seen = [error], set[int]()
    while left and len(seen) < MOST_ERRORS:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        left += [before] if before is not None else []


def _lines(error: BaseException) -> Iterator[str]:
    text = clean(_text(error), ours=False, longest=LONGEST_ERROR)
    yield f"{type(error).__qualname__}: {text}" if text else type(error).__qualname__
    for frame in traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]:
        place = "/".join(PurePath(frame.filename).parts[-3:])
        yield f"  at {place}:{frame.lineno} in {frame.name}"
