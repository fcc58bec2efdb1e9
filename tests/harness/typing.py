"""Titles as organisers write them, and the ways in which devices and Slack write what is typed."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from typing import Final

from emoji import emojize

_TOPICS: Final = (
    "Founders", "Speakers' Lounge", "Women’s Breakfast", "COVID-19 Roundtable", "AI & Data",
    "B2B SaaS", "B2B-SaaS-Founders", "C++ and C#", "Kubernetes 1.30", "R&D Leaders", "Café Central",
    "İstanbul Meetup", "Straße der Talente", "Zürich Hour", "São Paulo", "Привет, мир", "Ёлка",
    "东京交流会", "パーティー", "네트워킹", "लोगों से मिलें", "مقابلة سريعة", "שיחות מהירות",
    "Ηλεκτρονική", "Łódź Evening", "Nguyễn & Friends", "Smörgåsbord", "Œuvre", "Ⅳ. Panel", "½ Day",
    "“Fireside” Chat", "«Rendez-vous»", "1:1 Speed Networking", "Q&A", "3–4 pm", "Web3/DeFi",
    "First-timers (welcome!)", "Node.js", "EMEA – APAC", "HR/People", "SRE*", "Ask_Me_Anything",
    "Day 2", "Session 7", "2026", "K8sOps", "iOS18", "WebSummit2026", "Hack~Night", "¡Hola!",
)  # fmt: skip
_EMOJI: Final = ("🚀", "🎉", "☕", "👋🏽", "👩‍💻", "❤️", "🇩🇪", "🤝", "💡", "🏳️‍🌈")
_EMOJI_NAMES: Final = {
    "🚀": ":rocket:", "🎉": ":tada:", "☕": ":coffee:", "👋🏽": ":wave::skin-tone-4:",
    "👩‍💻": ":female-technologist:", "❤️": ":heart:", "🇩🇪": ":flag-de:", "🤝": ":handshake:",
    "💡": ":bulb:", "🏳️‍🌈": ":rainbow-flag:",
}  # fmt: skip
_WORDS: Final = (
    "founders", "roundtable", "networking", "developers", "conference", "startup", "investors",
    "Breakfast", "Workshop", "machine", "learning", "engineering", "leadership", "product",
    "Gesundheitswesen", "Digitalisierung", "intelligence", "artificielle", "emprendedores",
    "sviluppatori", "tecnologia", "marketing", "healthcare", "cybersecurity", "blockchain",
)  # fmt: skip
_SHORT_WORDS: Final = (
    "2026", "COVID-19", "B2B", "SaaS", "Q4", "v2", "3rd", "AI", "NYC", "K8s", "iOS18", "Web3", "5G",
    "C3", "H1-2026", "2026-11-23", "EMEA", "24x7", "L10n", "S3", "ISO-27001", "TYPO3", "Day2of3",
)  # fmt: skip
_INVISIBLE: Final = "\u200b\u2060\ufeff\u00ad\u200e\u202a\u2069"


def title(rng: random.Random, number: int) -> str:
    """Return a title; the number makes it the only one of its kind."""
    words = [rng.choice(_TOPICS) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.4:
        words.insert(rng.randint(0, len(words)), rng.choice(_EMOJI))
    return rng.choice((" ", " ", " – ", ": ", " | ")).join([*words, f"№{number}"])


def _apostrophes(text: str) -> str:
    return text.replace("'", "’").replace("’", "‘", 1)


def _straight(text: str) -> str:
    return text.translate(str.maketrans("‘’“”«»", '\'\'""""'))


def _dashes(text: str) -> str:
    return text.replace("–", "--").replace("-", "—", 1)


def _full_width(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _emoji_names(text: str) -> str:
    for emoji, name in _EMOJI_NAMES.items():
        text = text.replace(emoji, name)
    return text


def _without_accents(text: str) -> str:
    kept = (c for c in unicodedata.normalize("NFD", text) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", "".join(kept))


def _sprinkled(text: str) -> str:
    spaced = text.replace(" ", f"{_INVISIBLE} {_INVISIBLE}")
    return f"{_INVISIBLE}{spaced}{_INVISIBLE}"


def compound(rng: random.Random) -> str:
    """Return a title of one word, as in `B2B-SaaS-Founders-2026` or `WebSummitDay2026`."""
    words = [rng.choice(_WORDS) for _ in range(rng.randint(2, 5))]
    words.insert(rng.randint(0, len(words)), rng.choice(_SHORT_WORDS))
    separator = rng.choice(("-", "-", "_", "/", "."))
    solid = "".join(word[0].upper() + word[1:] for word in words)
    return solid if rng.random() < 0.3 else separator.join(words)


WAYS: Final[dict[str, Callable[[str], str]]] = {
    "as it is": str,
    "lower case": str.lower,
    "upper case": str.upper,
    "folded": str.casefold,
    "title case": str.title,
    "composed": lambda text: unicodedata.normalize("NFC", text),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "curly apostrophes": _apostrophes,
    "straight quotes": _straight,
    "dashes": _dashes,
    "full width": _full_width,
    "Slack's entities": _entities,
    "Slack's emoji": _emoji_names,
    "without accents": _without_accents,
    "invisible characters": _sprinkled,
    "narrow spaces": lambda text: text.replace(" ", "\u202f"),
    "wide spaces": lambda text: text.replace(" ", "  \u00a0 "),
    "bold": lambda text: f"*{text}*",
    "italic": lambda text: f"_{text}_",
    "struck": lambda text: f"~{text}~",
    "code": lambda text: f"`{text}`",
    "in quotes": lambda text: f'"{text}"',
    "in curly quotes": lambda text: f"“{text}”",
    "in German quotes": lambda text: f"„{text}“",
    "in guillemets": lambda text: f"« {text} »",
    "in brackets": lambda text: f"<{text}>" if "|" not in text else f"[{text}]",
    "with a full stop": lambda text: f"{text}.",
    "with an exclamation mark": lambda text: f"{text}!",
    "with an ellipsis": lambda text: f"{text}…",
    "without emoji": lambda text: "".join(c for c in text if emojize(c) == c and c.isprintable()),
}
