"""Recognise event links, access tokens and magic links in pasted text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from slackbot.domain.errors import BadCredential, BadEventLink
from slackbot.domain.model import EventSlug

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,4096}")
_USER_KEY = re.compile(r"[\w.~=+-]{8,512}", re.ASCII)
_KEY_PARAMETERS = {"userkey", "user_key", "key", "magiclink", "magic_link", "token"}
_HEX = re.compile(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{24,}")
_EVENT_FOLDERS = {"e", "events"}


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token, which is used unchanged."""

    token: SecretStr


@dataclass(frozen=True, slots=True)
class MagicLink:
    """The single-use key from an e-mailed link."""

    user_key: str = field(repr=False)


def read_event(text: str) -> EventSlug:
    """Return the slug of an event link (`…/e/{slug}`, `…/events/{slug}`), or the slug itself.

    A token that was pasted into the wrong field is rejected, because a slug becomes part of a URL.

    Raises:
        BadEventLink: The text is neither an event link nor a slug.
    """
    text = text.strip().strip("<>")
    if "/" in text:
        folders = [unquote(part) for part in _address(text).path.split("/") if part]
        after = [b for a, b in pairwise(folders) if a in _EVENT_FOLDERS]
        text = after[0] if after else ""
    if not _SLUG.fullmatch(text) or _is_scrambled(text):
        raise BadEventLink
    return EventSlug(text)


def read_credential(text: str) -> AccessToken | MagicLink:
    """Return the access token, or the magic link if the text is a link.

    Raises:
        BadCredential: The text is neither a token nor a magic link.
    """
    text = text.strip().strip("<>")
    if re.match(r"(?i)https?://", text):
        return MagicLink(_user_key(_address(text)))
    token = re.sub(r"(?i)^bearer\s+", "", text)
    if not _TOKEN.fullmatch(token):
        raise BadCredential
    return AccessToken(SecretStr(token))


def _address(text: str) -> SplitResult:
    try:
        return urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:
        return urlsplit("")


def _user_key(address: SplitResult) -> str:
    """Return the key from the query, the query of the fragment, or the last part of the path."""
    queries = parse_qsl(address.query) + parse_qsl(address.fragment.partition("?")[2])
    named = [value for name, value in queries if name.casefold() in _KEY_PARAMETERS]
    last = [part for part in address.path.split("/") if part][-1:]
    for key in named or last:
        if _USER_KEY.fullmatch(key) and (named or _looks_random(key)):
            return key
    raise BadCredential


def _looks_random(word: str) -> bool:
    return len(word) >= 16 and any(c.isdigit() for c in word) and any(c.isalpha() for c in word)


def _is_scrambled(word: str) -> bool:
    """Return True if case and digits alternate more often than in a human-readable name."""
    if len(word) < 20:
        return False
    changes = sum(
        a.isdigit() != b.isdigit() or a.isupper() != b.isupper()
        for a, b in pairwise(word)
        if (a + b).isalnum()
    )
    return changes >= 0.35 * len(word) or bool(_HEX.fullmatch(word))


def holds_secret(text: str) -> bool:
    """Return True if the text seems to contain a token or a magic link."""
    lowered, words = text.casefold(), text.split()
    if any(mark in lowered for mark in ("userkey=", "bearer ", "token=")):
        return True
    bare = [word.strip("<>\"'`") for word in words]
    return any(word.startswith("eyJ") for word in words) or any(
        _looks_random(word) and (len(word) >= 20 or "/" not in word) and word.isascii()
        for word in bare
    )
