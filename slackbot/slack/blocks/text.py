"""Render sentences as Block Kit and escape untrusted text. No other module does this.

Names, titles and session texts are untrusted. They are placed in `rich_text` elements, which Slack
does not parse, or escaped in the notification text, which Slack parses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from string import Formatter
from typing import Any, ClassVar

from slackbot.domain.model import UserId
from slackbot.domain.text import NAME_LIMIT, sanitize

Block = dict[str, Any]


class Sentence(str):
    """An untrusted sentence, such as the reason of a refusal or a description."""

    __slots__ = ()
    limit: ClassVar = 200  # characters, which is longer than a name


class Paragraph(Sentence):
    """A few sentences, some of them untrusted."""

    __slots__ = ()
    limit: ClassVar = 500


class Whole(Sentence):
    """Text of which nothing may be missing."""

    __slots__ = ()
    limit: ClassVar = 3000


@dataclass(frozen=True, slots=True)
class Linked:
    """Untrusted text, such as a title, that leads to a page of the event hub."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A person of this workspace, whom Slack shows by name and notifies."""

    user: UserId


Value = str | int | datetime | Linked | Mention

# Replaces a text without visible characters, because Slack rejects empty text.
NOTHING = "…"
_MARKS = "*_~`"
_SPLITTER = "\u200b"
# A dot between digits, as in a version, makes no link.
_IN_ADDRESS = re.compile(r"(?<=\w)(?!(?<=\d)\.\d)[.@:](?=[\w/])")
_STYLES = {"*": "bold", "_": "italic", "`": "code"}
_DATE_FORMATS = {"time": "{time}", "when": "{date_short_pretty} at {time}"}
_FALLBACKS = {"time": "%H:%M UTC", "when": "%d %b %Y at %H:%M UTC"}


def escape(text: str) -> str:
    """Escape text for mrkdwn, so Slack shows it unchanged, without mentions and links.

    Bare URLs are split because Slack converts them into links. Responses in the acknowledgement or
    by `response_url` have no `parse` argument to prevent this.
    """
    unlinked = _IN_ADDRESS.sub(rf"\g<0>{_SPLITTER}", text)
    entities = unlinked.replace("&", "&amp;").replace("<", "&lt;")
    entities = entities.replace(">", f"{_SPLITTER}&gt;")  # a leading ">" would create a quote
    return "".join(f"{_SPLITTER}{c}{_SPLITTER}" if c in _MARKS else c for c in entities)


def date_token(at: datetime, form: str) -> str:
    """Return a `<!date>` token, which Slack shows in the reader's time zone."""
    return f"<!date^{int(at.timestamp())}^{_DATE_FORMATS[form]}|{_utc(at, form)}>"


def _utc(at: datetime, form: str) -> str:
    return at.astimezone(UTC).strftime(_FALLBACKS[form])


def rich(sentence: str, values: Mapping[str, Value]) -> Block:
    """Return a sentence from `texts.py` as a `rich_text` block."""
    elements = []
    for value, form, styles in _pieces(sentence, values):
        if isinstance(value, datetime):
            element: Block = {"type": "date", "timestamp": int(value.timestamp())}
            element |= {"format": _DATE_FORMATS[form], "fallback": _utc(value, form)}
        elif isinstance(value, Linked):
            element = {"type": "link", "url": value.url, "text": value.text}
        elif isinstance(value, Mention):
            element = {"type": "user", "user_id": value.user}
        else:
            element = {"type": "text", "text": value}
        if styles and not isinstance(value, datetime | Mention):
            element["style"] = dict.fromkeys(sorted(styles), True)
        if value:
            elements.append(element)
    if not elements:
        elements.append({"type": "text", "text": NOTHING})
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def mrkdwn(sentence: str, values: Mapping[str, Value]) -> str:
    """Return the sentence as styled mrkdwn, for small print."""
    parts = []
    for value, form, styles in _pieces(sentence, values):
        if isinstance(value, datetime):
            parts.append(date_token(value, form))
        elif isinstance(value, Linked):
            parts.append(f"<{value.url}|{escape(value.text.replace('|', ' '))}>")
        elif isinstance(value, Mention):
            parts.append(f"<@{value.user}>")
        else:
            parts.append(_styled(value, styles))
    return "".join(parts)


def fallback(sentence: str, values: Mapping[str, Value], share: float = 1.0) -> str:
    """Return the sentence without styles, for notifications and screen readers.

    If there is little room, untrusted values are shortened to this `share` of their limits.
    """
    parts = []
    for value, form, _ in _pieces(sentence, values, share):
        if isinstance(value, datetime):
            parts.append(date_token(value, form))
        elif isinstance(value, Mention):
            parts.append(f"<@{value.user}>")
        else:
            parts.append(escape(value.text if isinstance(value, Linked) else value))
    return "".join(parts)


def plain(sentence: str, values: Mapping[str, Value]) -> str:
    """Return the sentence for `plain_text`, without markup. It must not contain times or links."""
    return "".join(str(value) for value, _, _ in _pieces(sentence, values))


def plain_text(text: str) -> Block:
    """Return a `plain_text` object, which Slack does not parse."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _styled(text: str, styles: frozenset[str]) -> str:
    mark = next((m for m, style in _STYLES.items() if style in styles), "")
    body = escape(text)
    if not mark or not body.strip():
        return body
    lead, tail = body[: len(body) - len(body.lstrip())], body[len(body.rstrip()) :]
    return f"{lead}{mark}{body.strip()}{mark}{tail}"


def _pieces(
    sentence: str, values: Mapping[str, Value], share: float = 1.0
) -> Iterator[tuple[str | datetime | Linked | Mention, str, frozenset[str]]]:
    """Yield the parts of a sentence as tuples of (text or other value, date form, styles)."""
    for literal, name, form, styles in _split(sentence):
        if name is None:
            yield literal, "", styles
            continue
        value = values[name]
        if isinstance(value, datetime | Mention):
            yield value, form, styles
        elif isinstance(value, Linked):
            text = sanitize(value.text, int(NAME_LIMIT * share)) or NOTHING
            yield Linked(text, value.url), form, styles
        else:
            limit = value.limit if isinstance(value, Sentence) else NAME_LIMIT
            yield sanitize(str(value), int(limit * share)), form, styles


@lru_cache(maxsize=512)
def _split(sentence: str) -> tuple[tuple[str, str | None, str, frozenset[str]], ...]:
    """Split a sentence into tuples of (literal, name of a value, date form, styles).

    The result is cached because every answer uses some of the few sentences in `texts.py`.
    """
    pieces: list[tuple[str, str | None, str, frozenset[str]]] = []
    styles: frozenset[str] = frozenset()
    for literal, name, form, _ in Formatter().parse(sentence):
        for part in re.split(r"([*_`])", literal):
            if part in _STYLES:
                styles ^= {_STYLES[part]}
            elif part:
                pieces.append((part, None, "", styles))
        if name is not None:
            pieces.append(("", name, form or "", styles))
    return tuple(pieces)
