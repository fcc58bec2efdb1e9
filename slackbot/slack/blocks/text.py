"""Foreign text made harmless, and our sentences turned into Block Kit. Nowhere else.

Names, titles and session texts come from strangers. They go into `rich_text` text elements, which
Slack does not parse at all, or escaped into the notification's text, which it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from string import Formatter
from typing import Any

from slackbot.domain.text import sanitize

Block = dict[str, Any]
Value = str | int | datetime

NOTHING = "…"
"""Stands where nothing visible is left of a text, since Slack takes no empty ones."""
_MARKS = "*_~`"
_SPLITTER = "\u200b"
_IN_ADDRESS = re.compile(r"(?<=\w)[.@:](?=[\w/])")
_STYLES = {"*": "bold", "_": "italic", "`": "code"}
_DATE_FORMATS = {"time": "{time}", "when": "{date_short_pretty} at {time}"}
_FALLBACKS = {"time": "%H:%M UTC", "when": "%d %b %Y at %H:%M UTC"}


def escape(text: str) -> str:
    """Text for a place where Slack reads mrkdwn: shows as it is, mentions and links nothing.

    Bare addresses are broken up, since Slack makes links of them by itself, and the ways to send
    an answer at once and by `response_url` have no `parse` to forbid it.
    """
    unlinked = _IN_ADDRESS.sub(rf"\g<0>{_SPLITTER}", text)
    entities = unlinked.replace("&", "&amp;").replace("<", "&lt;")
    entities = entities.replace(">", f"{_SPLITTER}&gt;")  # or it would quote a line it begins
    return "".join(f"{_SPLITTER}{c}{_SPLITTER}" if c in _MARKS else c for c in entities)


def date_token(at: datetime, form: str) -> str:
    """A `<!date>` token that each reader sees in their own zone."""
    return f"<!date^{int(at.timestamp())}^{_DATE_FORMATS[form]}|{_in_words(at, form)}>"


def _in_words(at: datetime, form: str) -> str:
    return at.astimezone(UTC).strftime(_FALLBACKS[form])


def rich(sentence: str, values: Mapping[str, Value]) -> Block:
    """A sentence of `texts.py` as a `rich_text` block."""
    elements = []
    for value, form, styles in _pieces(sentence, values):
        style = dict.fromkeys(sorted(styles), True)
        if isinstance(value, datetime):
            elements.append(_date_element(value, form))
        elif value:
            element: Block = {"type": "text", "text": value}
            elements.append(element | {"style": style} if style else element)
    if not elements:
        elements.append({"type": "text", "text": NOTHING})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def mrkdwn(sentence: str, values: Mapping[str, Value]) -> str:
    """The same sentence as mrkdwn, styled: for small print."""
    return "".join(
        date_token(value, form) if isinstance(value, datetime) else _marked(value, styles)
        for value, form, styles in _pieces(sentence, values)
    )


def fallback(sentence: str, values: Mapping[str, Value]) -> str:
    """The same sentence without style: for notifications and screen readers."""
    return "".join(
        date_token(value, form) if isinstance(value, datetime) else escape(value)
        for value, form, _ in _pieces(sentence, values)
    )


def plain(sentence: str, values: Mapping[str, Value]) -> str:
    """The same sentence for `plain_text`, where nothing is parsed; no times there."""
    return "".join(str(value) for value, _, _ in _pieces(sentence, values))


def _marked(text: str, styles: frozenset[str]) -> str:
    mark = next((m for m, style in _STYLES.items() if style in styles), "")
    body = escape(text)
    if not mark or not body.strip():
        return body
    lead, tail = body[: len(body) - len(body.lstrip())], body[len(body.rstrip()) :]
    return f"{lead}{mark}{body.strip()}{mark}{tail}"


def _date_element(at: datetime, form: str) -> Block:
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": _DATE_FORMATS[form],
        "fallback": _in_words(at, form),
    }


def _pieces(
    sentence: str, values: Mapping[str, Value]
) -> Iterator[tuple[str | datetime, str, frozenset[str]]]:
    """The sentence cut where its style changes or a value stands: (text, date form, styles)."""
    for literal, name, form, styles in _cut(sentence):
        if name is None:
            yield literal, "", styles
        else:
            value = values[name]
            yield value if isinstance(value, datetime) else sanitize(str(value)), form, styles


@lru_cache(maxsize=512)
def _cut(sentence: str) -> tuple[tuple[str, str | None, str, frozenset[str]], ...]:
    """The same without the values: (literal, name of a value, date form, styles).

    Remembered, since every answer draws several of the few sentences of `texts.py`.
    """
    cuts: list[tuple[str, str | None, str, frozenset[str]]] = []
    styles: frozenset[str] = frozenset()
    for literal, name, form, _ in Formatter().parse(sentence):
        for part in re.split(r"([*_`])", literal):
            if part in _STYLES:
                styles ^= {_STYLES[part]}
            elif part:
                cuts.append((part, None, "", styles))
        if name is not None:
            cuts.append(("", name, form or "", styles))
    return tuple(cuts)
