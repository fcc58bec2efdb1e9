"""Sanitize, clean, fold and digest untrusted text."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from functools import lru_cache
from html.entities import html5
from typing import Final

from emoji import emojize, replace_emoji

NAME_LIMIT = 120  # maximum characters of an untrusted value such as a name or a title
# Words that ask politely, and mean nothing else.
POLITE: Final = frozenset({"please", "pls", "plz", "now", "thanks", "again"})

# A link or a mention as Slack writes it: `<url|label>`, `<@U1|ada>`, `<#C1|general>`. Slack makes
# a link of a typed domain or e-mail address, too: `<http://node.js|Node.js>`.
_SLACK_TOKEN: Final = re.compile(r"<([@#!]?)([^<>|\s]+)(?:\|([^<>]*))?>")
_ENTITY: Final = re.compile(r"&(?:#\w{1,8}|\w{2,8});")
_HAS_EMOJI_NAME: Final = re.compile(r":([\w+'-]+):")
_SKIN_TONES: Final = re.compile(r":skin-tone-[2-6]:|[\U0001f3fb-\U0001f3ff]")
# Apostrophes that join the letters around them, and marks that people type in their place.
_APOSTROPHES: Final = dict.fromkeys(
    map(ord, "'`\u00b4\u02b9\u02bb\u02bc\u02c8\u2018\u2019\u201b\u2032")
)
# Letters without a decomposition, and letters that differ between keyboards of one script.
_LETTERS: Final = str.maketrans(
    {
        "ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "þ": "th",
        "æ": "ae", "œ": "oe", "\u0649": "\u06cc", "\u064a": "\u06cc", "\u0643": "\u06a9",
        "\u0640": "", "&": " and ",
    }
)  # fmt: skip
# Letters that are spelt out on keyboards without them, in German and the Nordic languages.
_SPELT_OUT: Final = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe",
    "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Å": "Aa", "Ø": "Oe",
})  # fmt: skip
# Marks that people leave out when they type: accents, Hebrew points, Arabic vowels. Those of other
# scripts tell words apart.
_ACCENTS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u1dc0-\u1dff]")
# A sign that is part of no name such as `C#` or `C++`.
_LOOSE_SIGN: Final = re.compile(r"(?<![\w+#])[+#]+")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co"})
_RIGHT_NOW: Final = re.compile(r"\bright (now)\b", re.IGNORECASE)
# Variation selectors and the combining grapheme joiner are marks that nobody sees either.
_SELECTORS: Final = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def sanitize(text: str, limit: int = NAME_LIMIT) -> str:
    """Return the text as one line of at most `limit` visible characters.

    Remove line breaks, control, bidirectional and zero-width characters, and lone surrogates.
    """
    spaced = "".join(" " if c.isspace() else c for c in text)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in _INVISIBLE)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def normalize(text: str) -> str:
    """Return the text with case and spacing normalized.

    Stored keys are made of it, so it never changes. What people type is compared by `fold`.
    """
    return " ".join(text.casefold().split())


def clean(typed: str) -> str:
    """Return typed text without what Slack and devices put into it, as one line.

    Slack's entities and links are read as what was typed, a mention as its name. Invisible
    characters are removed.
    """
    if "<" in typed:
        typed = _SLACK_TOKEN.sub(_typed_for, typed)
    if "&" in typed:
        # `html.unescape` alone would also read a part of what is no entity, such as `&ltd;`.
        typed = _ENTITY.sub(
            lambda f: html.unescape(f[0]) if f[0][1] == "#" or f[0][1:] in html5 else f[0], typed
        )
    spaced = "".join(" " if c.isspace() else c for c in typed)
    # Emoji are joined by a character without a width, which is kept.
    kept = (c for c in spaced if c == "\u200d" or unicodedata.category(c) not in _INVISIBLE)
    return " ".join("".join(kept).split())


def _typed_for(token: re.Match[str]) -> str:
    """Return what was typed for a link or a mention of Slack's."""
    kind, target, label = token.groups()
    if kind:
        return f"{kind}{label or target}"
    _, scheme, address = target.partition("://")
    is_domain = bool(scheme) and label is not None and address.casefold() == label.casefold()
    return str(label if is_domain and "/" not in label else target.removeprefix("mailto:"))


def fold(text: str, *, emoji: bool = True) -> str:
    """Return the words of a text in the form in which typed text and names are compared.

    Case, width, accents, quotes, dashes, punctuation and style marks make no difference. An emoji
    becomes the words of its name, or is removed if `emoji` is False. The result may be empty.
    """
    if text.isascii() and ":" not in text:
        text = text.lower().translate(_ASCII)
    else:
        text = _fold_emoji(text, keep=emoji)
        text = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
        text = unicodedata.normalize("NFKD", text).translate(_APOSTROPHES | _LETTERS)
        text = _ACCENTS.sub("", _SELECTORS.sub("", text))
        text = "".join(map(_fold_character, unicodedata.normalize("NFC", text)))
    return " ".join(_LOOSE_SIGN.sub(" ", text).split())


@lru_cache(maxsize=4_096)
def fold_name(name: str, *, emoji: bool = True) -> str:
    """Return `fold` of a name, which is compared again and again; typed text is not kept."""
    return fold(name, emoji=emoji)


def spell_out(text: str) -> str:
    """Return the text with letters such as `ü` spelt out, as in `Mueller`."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text).translate(_SPELT_OUT)


def emoji_in(text: str) -> frozenset[str]:
    """Return the characters that the emoji of a text consist of, without skin tones."""
    if text.isascii() and ":" not in text:
        return frozenset()
    found: set[str] = set()

    def collect(emoji: str, _: dict[str, str]) -> str:
        found.update(emoji)
        return ""

    replace_emoji(_without_names(text), collect)
    return frozenset(c for c in found if unicodedata.category(c) not in {"Cf", "Mn"})


@lru_cache(maxsize=4_096)
def emoji_in_name(name: str) -> frozenset[str]:
    """Return `emoji_in` of a name, which is compared again and again."""
    return emoji_in(name)


def without_words(text: str, words: frozenset[str]) -> str:
    """Return typed text without these words, which are in the form of `fold`."""
    text = _RIGHT_NOW.sub(r"\1", text)
    return " ".join(word for word in text.split() if fold(word) not in words)


def _without_names(text: str) -> str:
    """Replace Slack's names of emoji by the emoji, and remove skin tones."""
    text = _SKIN_TONES.sub("", text)
    return _HAS_EMOJI_NAME.sub(lambda found: emoji_named(found[1]), text)


def _fold_emoji(text: str, *, keep: bool) -> str:
    text = _without_names(text)

    def name(_: str, data: dict[str, str]) -> str:
        return f" {data['en'].strip(':').replace('_', ' ')} " if keep else " "

    return replace_emoji(text, name)


def emoji_named(name: str) -> str:
    """Return the emoji of a name of Slack's, or the name in colons.

    Slack's names are those of GitHub, apart from flags, hyphens and `female-`.
    """
    other = name.removeprefix("flag-").replace("female-", "woman-").replace("male-", "man-")
    for alias in (f":{name}:", f":{other.replace('-', '_')}:"):
        found = emojize(alias, language="alias")
        if found != alias:
            return found
    return f":{name}:"


def _fold_character(character: str) -> str:
    """Return a letter, digit, mark or currency sign; a space for anything else that is seen."""
    kind = unicodedata.category(character)
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind[0] in "LNM" or kind == "Sc" or character in "+#":
        return character
    return "" if kind in _INVISIBLE and not character.isspace() else " "


# The characters of ASCII, folded; nearly all texts have no others.
_ASCII: Final = (
    {code: _fold_character(chr(code)) for code in range(0x80)}
    | dict.fromkeys(_APOSTROPHES, "")
    | {ord("&"): " and "}
)


def digest(secret: str) -> str:
    """Return the hexadecimal SHA-256 digest, to compare secrets without storing them."""
    return hashlib.sha256(secret.encode()).hexdigest()
