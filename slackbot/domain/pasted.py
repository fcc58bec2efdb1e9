"""Remove the wrapping of pasted links and tokens: mail filters, redirects, headers, quotes."""

from __future__ import annotations

import base64
import binascii
import re
import string
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from slackbot.domain.random_words import is_random
from slackbot.domain.text import clean

# Links within links that are followed.
DEPTH_LIMIT: Final = 5
_QUOTES: Final = "\"'`\u201c\u201d\u2018\u2019\u201a\u201e\u00ab\u00bb\u2039\u203a"
# A link ends at a space, a quote or a bracket of any kind.
_LINK: Final = re.compile(
    rf"(?:https?://|www\.)[^\s<>|\\^(){{}}\[\]{_QUOTES}]+",
    re.IGNORECASE,
)
_SOFT_BREAK: Final = re.compile(r"=\r?\n")
# Lines of a token that a mail program or a terminal has broken.
_BROKEN: Final = re.compile(r"(?:[\w.~+/=-]{40,}\r?\n)+[\w.~+/=-]+", re.ASCII)
# The characters of base64, in their order.
_RUN_LENGTHS: Final = f"{string.ascii_uppercase}{string.ascii_lowercase}{string.digits}-_"
_PROOFPOINT_3: Final = re.compile(r"/v3/__(.+?)__;([\w-]*)")
_SEPARATORS: Final = re.compile(rf"[\s<>(){{}}\[\],;|{_QUOTES}]+")
_NAME: Final = re.compile(
    r"(?:x-)?(?:[a-z]{1,12}[-_]?)?(?:token|authorization|bearer|jwt|cookie|api[-_]?key|auth)",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(rf"(?:(?:{_NAME.pattern})[:=]+)+", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{8,4096}")


@dataclass(frozen=True, slots=True)
class PastedText:
    """A pasted text, cleaned. `rest` is the text without its links.

    `links` holds a chain for each link, from the link as it was pasted to the innermost one.
    """

    text: str = field(repr=False)
    rest: str = field(repr=False)
    links: tuple[tuple[SplitResult, ...], ...] = field(repr=False)


def read_pasted(text: str) -> PastedText:
    """Find the links in a pasted text."""
    text = text.strip().replace("\\/", "/")  # as in JSON
    if "=3D" in text and _SOFT_BREAK.search(text):
        # Quoted-printable, as in the source of an e-mail.
        text = _SOFT_BREAK.sub("", text).replace("=3D", "=")
    if _BROKEN.fullmatch(text):
        text = "".join(text.split())
    text = clean(text)
    found = (link.rstrip(".,;:!?*~…") for link in _LINK.findall(text))
    return PastedText(text, _LINK.sub(" ", text), tuple(follow(link) for link in found))


def split_link(link: str) -> SplitResult:
    """Return the parts of a link, with or without a scheme; empty ones if it is broken."""
    try:
        return urlsplit(link if "://" in link else f"https://{link}")
    except ValueError:
        return urlsplit("")


def parameters(link: SplitResult) -> list[tuple[str, str]]:
    """Return the parameters in the query and in the fragment, as in `#/login?key=…` or `#key=…`."""
    route, _, query = link.fragment.partition("?")
    return parse_qsl(link.query) + parse_qsl(query or route)


def follow(link: str) -> tuple[SplitResult, ...]:
    """Return the link, the link that it wraps, and so on."""
    chain = [split_link(link)]
    while len(chain) < DEPTH_LIMIT and (inner := _inner(chain[-1])):
        chain.append(split_link(inner))
    return tuple(chain)


def _inner(link: SplitResult) -> str:
    """Return the link that a mail filter or a redirect wraps, or an empty text."""
    if "urldefense" in link.netloc.casefold():
        if found := _PROOFPOINT_3.search(link.path + (f"?{link.query}" if link.query else "")):
            return _proofpoint_3(*found.groups())
        wrapped = dict(parse_qsl(link.query)).get("u", "")
        if link.path.startswith("/v2/"):
            return unquote(wrapped.replace("-", "%").replace("_", "/"))
    for _, value in parameters(link):
        for text in (value, _from_base64(value)):
            if re.match(r"(?i)https?://", text):
                return text
    inside = re.search(r"(?i)https?:/{1,2}(.+)", unquote(link.path))
    if inside is None:
        return ""
    return f"https://{inside[1]}" + (f"?{link.query}" if link.query else "")


def _proofpoint_3(link: str, replaced: str) -> str:
    """Restore the replaced characters: one for `*`, two for `**A`, three for `**B`, and so on."""
    characters = iter(_from_base64(replaced))

    def restore(found: re.Match[str]) -> str:
        count = _RUN_LENGTHS.index(found[1]) + 2 if found[1] else 1
        return "".join(islice(characters, count))

    link = re.sub(r"\*(?:\*([\w-]))?", restore, link, flags=re.ASCII)
    return re.sub(r"(?i)^(https?):/(?!/)", r"\1://", link)


def _from_base64(value: str) -> str:
    try:
        return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""


def tokens_in(text: str) -> list[str]:
    """Return the words of a cleaned text that may be access tokens, each once.

    A token is the only word, or the word after a name such as `Bearer` or `accessToken`. Without
    either, it is a random word in a sentence.
    """
    words = [word for word in _SEPARATORS.split(text) if word]
    named: list[str] = []
    random: list[str] = []
    name, is_assigned = "", False
    for word, following in pairwise([*words, ""]):
        if not word.strip(":="):
            is_assigned = True
            continue
        bare = word[found.end() :] if (found := _PREFIX.match(word)) else word
        is_named = bare != word or (bool(name) and (is_assigned or is_random(bare)))
        bare = bare.rstrip(".:!?")
        if len(bare) > 2 and bare[0] == bare[-1] and bare[0] in "*~":  # bold or struck, in Slack
            bare = bare[1:-1]
        if _NAME.fullmatch(word.strip("-:=")):
            name = word.casefold()
            is_assigned = name == "bearer" or name.endswith((":", "="))
            continue
        is_key = following[:1] == ":"  # of JSON
        if _TOKEN.fullmatch(bare) and not is_key and "refresh" not in name:
            if is_named or len(words) == 1:
                named.append(bare)
            elif is_random(bare):
                random.append(bare)
        name, is_assigned = "", False
    return list(dict.fromkeys(named or random))
