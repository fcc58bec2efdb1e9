"""Redact log records. No function in this module raises, whatever the input is.

Four rules apply to every record at every level, whether it comes from the bot or a library:

1. A value is hidden if its key suggests a secret.
2. Text that looks like a credential is hidden. This covers known token formats and any long word
   that mixes letters and digits. "Long" means 20 characters in the bot's own text and 8 in text
   from libraries and exceptions, which may quote the value that they failed on.
3. Text is written as a single line, with line breaks, control characters and direction marks
   escaped.
4. An exception is logged with its type, redacted message and stack frames, but without local
   variables.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any, Final

HIDDEN: Final = "[hidden]"
UNPRINTABLE: Final = "[unprintable]"
LONGEST_READ: Final = 20_000  # characters of a text that are scanned
LONGEST_TEXT: Final = 2_000  # characters of a text that are shown
LONGEST_ERROR: Final = 300  # characters of an exception's text that are shown
DEEPEST: Final = 5  # levels of nested values
MOST_ITEMS: Final = 50  # items of a collection
MOST_ERRORS: Final = 10  # exceptions of a chain
MOST_FRAMES: Final = 30  # frames of an exception

_SECRET_KEY: Final = re.compile(
    r"token|secret|authorization|password|credential|cookie|signature|response_?url|trigger_?id"
    r"|attendee|meeting|user_?key|magic|private_metadata|headers|^body$|^payload$|^args$",
    re.IGNORECASE,
)
_HARMLESS_KEYS: Final = frozenset({"timestamp", "level"})
_OUR_HARMLESS_KEYS: Final = _HARMLESS_KEYS | {"match"}  # a match's id is a digest
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
    """Return the record's fields with secrets hidden.

    `ours` is True for the bot's own records.
    """
    harmless = _OUR_HARMLESS_KEYS if ours else _HARMLESS_KEYS
    named = {clean(_text(key), ours=ours): value for key, value in event.items()}
    return {
        name: value if name in harmless else _field(name, value, ours, DEEPEST)
        for name, value in named.items()
    }


def clean(text: str, *, ours: bool, longest: int = LONGEST_TEXT) -> str:
    """Return the text as a single line, with credentials hidden."""
    known = _KNOWN_FORMS.sub(HIDDEN, text[:LONGEST_READ])
    line = (_OUR_WORD if ours else _THEIR_WORD).sub(_unless_plain, known)
    if not line.isprintable():
        line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return line if len(line) <= longest else f"{line[:longest]}…"


def redacted_traceback(error: BaseException) -> str:
    """Format an exception, its causes and its group members, one line per exception and frame."""
    left, seen, lines = [error], set[int](), list[str]()
    while left and len(seen) < MOST_ERRORS:
        one = left.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        text = clean(_text(one), ours=False, longest=LONGEST_ERROR)
        lines.append(f"{type(one).__qualname__}: {text}" if text else type(one).__qualname__)
        for frame in traceback.extract_tb(one.__traceback__)[-MOST_FRAMES:]:
            place = "/".join(PurePath(frame.filename).parts[-3:])
            lines.append(f"  at {place}:{frame.lineno} in {frame.name}")
        if isinstance(one, BaseExceptionGroup):
            left += one.exceptions
        before = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        left += [before] if before is not None else []
    return "\n".join(lines)


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
    except Exception:  # noqa: BLE001 - a log line must not fail because of its values
        return UNPRINTABLE


def _unless_plain(word: re.Match[str]) -> str:
    """Hide a word that may be a credential because it mixes letters and digits or is very long."""
    text = word[0]
    digits = sum(char.isdigit() for char in text)
    letters = sum(char.isalpha() for char in text)
    opaque = (digits and letters) or digits >= 16 or (letters >= 32 and text.isalpha())
    return HIDDEN if opaque else text
