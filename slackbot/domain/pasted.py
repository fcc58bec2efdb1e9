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

from slackbot.domain.random_words import is_random, is_token
from slackbot.domain.text import clean

# Links within links that are followed.
DEPTH_LIMIT: Final = 5
_QUOTES: Final = "\"'`\u201c\u201d\u2018\u2019\u201a\u201e\u00ab\u00bb\u2039\u203a"
# Punctuation of East Asian keyboards.
_WIDE: Final = "\u3001-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
# A link ends at a space, a quote or a bracket of any kind.
_LINK: Final = re.compile(
    rf"(?:https?://|www\.)[^\s<>|\\^(){{}}\[\]{_QUOTES}{_WIDE}]+",
    re.IGNORECASE,
)
_SOFT_BREAK: Final = re.compile(r"=\r?\n")
# Lines of a token that a mail program or a terminal has broken.
_BROKEN: Final = re.compile(r"(?:[\w.~+/=-]{40,}\\?\r?\n)+[\w.~+/=-]+", re.ASCII)
# A link that a mail program has broken before its parameters, or a long one within its key.
_BROKEN_LINK: Final = re.compile(
    r"(?<![\w./?&=#%+~-])((?:https?://|www\.)[^\s<>]{1,2000}+)"
    r"(?:\s[\s>]*+(?!\S*://|www\.)([^\s<>]*[?&][\w.-]+=)"
    r"|(?<=\S{60})\r?\n(?:> ?)?(?=[^\s\d]*\d)([\w.~%+-]+)(?=[&\r\n]|$))",
    re.IGNORECASE | re.ASCII,
)
# An element of HTML or XML, as in `<b>token</b>`. Slack's own links have no end.
_ELEMENT: Final = re.compile(r"<(\w+)>([^<>]*)</\1>")
# The characters of base64, in their order.
_RUN_LENGTHS: Final = f"{string.ascii_uppercase}{string.ascii_lowercase}{string.digits}-_"
_PROOFPOINT_3: Final = re.compile(r"/v3/__(.+?)__;([\w-]*)")
# Also marks beyond ASCII of any kind, such as the brackets and quotes of other keyboards.
_SEPARATORS: Final = re.compile(rf"(?:[\s<>(){{}}\[\],;|\\{_QUOTES}]|[^\w\x00-\x7f])+")
_NAME: Final = re.compile(
    r"(?:x-)?(?:[a-z]{1,12}[-_]?)?(?:token|authorization|bearer|jwt|cookie|api[-_]?key|auth)",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(
    rf"(?:(?:{_NAME.pattern})[:=]+|bearer(?:%20|\+|(?-i:(?=eyJ))))+", re.IGNORECASE
)
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
    encoded = text.count("=3D")
    if encoded and (_SOFT_BREAK.search(text) or text.count("=") == encoded > 1):
        # Quoted-printable, as in the source of an e-mail.
        text = _SOFT_BREAK.sub("", text).replace("=3D", "=")
    if _BROKEN.fullmatch(text):
        text = re.sub(r"[\\\s]+", "", text)
    for _ in range(DEPTH_LIMIT):
        text, count = _BROKEN_LINK.subn(_joined, text)
        if not count:
            break
    # `clean` keeps what joins emoji. No secret has any.
    text = clean(_ELEMENT.sub(r" \2 ", text)).replace("\u200d", "")
    found = (link.rstrip(".,;:!?*~…") for link in _LINK.findall(text))
    return PastedText(text, _LINK.sub(" ", text), tuple(follow(link) for link in found))


def _joined(broken: re.Match[str]) -> str:
    """Return a broken link in one piece. Without parameters, it does not go on with a key."""
    link, named, key = broken.groups()
    return f"{link}{named or key}" if named or "=" in link else broken[0]


def split_link(link: str) -> SplitResult:
    """Return the parts of a link, with or without a scheme; empty ones if it is broken."""
    try:
        return urlsplit(link if "://" in link else f"https://{link}")
    except ValueError:
        return urlsplit("")


def parameters(link: SplitResult, *, blank: bool = False) -> list[tuple[str, str]]:
    """Return the parameters in the query and in the fragment, as in `#/login?key=…` or `#key=…`.

    Those without a value are returned only if `blank` is True.
    """
    route, _, query = link.fragment.partition("?")
    # A redirect may have encoded them once more.
    queries = (text if "=" in text else unquote(text) for text in (link.query, query or route))
    return [pair for text in queries for pair in parse_qsl(text, keep_blank_values=blank)]


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
    if wrapped := next(filter(None, (_link_in(value) for _, value in parameters(link))), ""):
        return wrapped
    inside = re.search(r"(?i)https?:/{1,2}(.+)", unquote(link.path))
    if inside is None:
        return ""
    return f"https://{inside[1]}" + (f"?{link.query}" if link.query else "")


def _link_in(value: str) -> str:
    """Return the link that a parameter holds, encoded once more or not, or an empty text."""
    decoded = _from_base64(value)
    for text in (value, unquote(value), decoded):
        if re.match(r"(?i)https?://", text):
            return text
    # Mandrill's parameter is JSON within JSON.
    found = _LINK.search(decoded.replace("\\", "")) if decoded.startswith("{") else None
    return found[0] if found else ""


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
        bare = _without_marks(bare.rstrip(".:!?%"))  # some shells end an unfinished line by `%`
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


def _without_marks(word: str) -> str:
    """Return a word without the marks of Slack or Markdown around it: bold, struck, italic."""
    while len(word) > 2 and word[0] == word[-1] and word[0] in "*~_":
        # A random token may begin and end with an underscore.
        if word[0] == "_" and not is_token(word.strip("_")):
            break
        word = word[1:-1]
    return word
