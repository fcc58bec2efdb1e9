"""Recognise event links, access tokens and magic links in pasted text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from urllib.parse import SplitResult, unquote

from pydantic import SecretStr

from slackbot.domain.errors import (
    BadCredential,
    BadEventLink,
    CredentialProblem,
    EventProblem,
)
from slackbot.domain.model import EventSlug
from slackbot.domain.pasted import PastedText, parameters, read_pasted, split_link, tokens_in
from slackbot.domain.random_words import is_random
from slackbot.domain.text import fold

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
# A phone begins what is typed with a capital letter.
_CAPITALIZED: Final = re.compile(r"[A-Z][a-z0-9_-]*")
_EVENT_FOLDERS: Final = frozenset({"e", "events"})
_USER_KEY: Final = re.compile(r"[\w.~=+-]{8,512}", re.ASCII)
_ASSIGNED_KEY: Final = re.compile(
    r"(?:user|magic)[_-]?(?:key|link)[\"']?\s*[=:]\s*[\"']?([\w.~=+-]{8,512})",
    re.IGNORECASE | re.ASCII,
)
_KEY_PARAMETERS: Final = frozenset({"userkey", "user_key", "magiclink", "magic_link"})
# These hold the key of a magic link, but something else in the links of mail filters.
_OTHER_KEY_PARAMETERS: Final = frozenset({"key", "token"})
_LOGIN_LINK: Final = re.compile(
    r"accelevents|log-?in|sign-?in|magic|auth|verify|/u/", re.IGNORECASE
)
# Hosts of mail filters, and of services that count clicks. Some hide where their links lead.
_FILTER_HOST: Final = re.compile(
    r"(?:^|[.-])(?:safelinks|urldefense|mimecast|linkprotect|clicktime|secure-web|protect"
    r"|clicks?|track(?:ing)?|links?|ct|sendgrid|mandrillapp|hubspotlinks)(?:[.-]|$)",
    re.IGNORECASE,
)
_ASSIGNED_TOKEN: Final = re.compile(
    r"(?:bearer\s+|token[\"']?\s*[=:]\s*)[\"']?([^\s\"'&]{8,})", re.IGNORECASE
)
_E_MAIL: Final = re.compile(r"[^\s@/:]{1,64}@[^\s@/:]{1,255}\.[A-Za-z]{2,}")
_SLACK_TOKEN: Final = re.compile(r"x(?:ox[a-z]|app)-", re.IGNORECASE)
_WRAPPERS: Final = "()[]{}<>\"'`*~|\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e "
_ENDS: Final = f"{_WRAPPERS}.,;:!?\u2026"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token, which is used unchanged."""

    token: SecretStr

    @property
    def secret(self) -> str:
        """The token itself."""
        return self.token.get_secret_value()


@dataclass(frozen=True, slots=True)
class MagicLink:
    """The single-use key from an e-mailed link."""

    user_key: str = field(repr=False)

    @property
    def secret(self) -> str:
        """The key itself."""
        return self.user_key


def read_event(text: str) -> EventSlug:
    """Return the slug of an event link (`…/e/{slug}`, `…/events/{slug}`), or the slug itself.

    Everything that mail filters and Slack put around a link is removed. A token that was pasted
    into the wrong field is rejected, because a slug becomes part of a URL.

    Raises:
        BadEventLink: The text is neither an event link nor a slug.
    """
    pasted = read_pasted(text)
    bare = pasted.text.strip(_ENDS)
    if pasted.links:
        slug = next(filter(None, map(event_in_chain, pasted.links)), "")
    elif "/" in bare and "://" not in bare:
        has_host = "." in bare.partition("/")[0]
        slug = event_in(split_link(bare if has_host else f"link/{bare}"))
    else:
        slug = bare.lower() if _CAPITALIZED.fullmatch(bare) else bare
    if is_random(slug) or (not pasted.links and not _SLUG.fullmatch(slug) and holds_secret(text)):
        raise BadEventLink(EventProblem.WRONG_FIELD)
    if not _SLUG.fullmatch(slug):
        raise BadEventLink(EventProblem.NO_EVENT if pasted.links else EventProblem.UNKNOWN)
    return EventSlug(slug)


def event_in(link: SplitResult) -> str:
    """Return what stands in a link where an event's slug does, or an empty text."""
    folders = [unquote(part) for part in link.path.split("/") if part]
    return next((b for a, b in pairwise(folders) if a in _EVENT_FOLDERS), "")


def event_in_chain(chain: Sequence[SplitResult]) -> str:
    """Return the slug in the innermost link that has one, or an empty text.

    If both links lead to the same site, the outer one counts, because the inner one leads back.
    """
    leads_back = chain[0].netloc == chain[-1].netloc
    return next(filter(None, map(event_in, chain if leads_back else reversed(chain))), "")


def read_credential(text: str) -> AccessToken | MagicLink:
    """Return the access token or the magic link in a text, without its wrapping.

    Raises:
        BadCredential: The text contains none, or more than one.
    """
    pasted = read_pasted(text)
    keys = [key for chain in pasted.links if (key := key_in_chain(chain))]
    keys = list(dict.fromkeys(keys or _ASSIGNED_KEY.findall(pasted.rest)))
    tokens = [] if keys else tokens_in(pasted.rest)
    tokens = [t for t in tokens if not (_SLACK_TOKEN.match(t) or _E_MAIL.fullmatch(t))]
    if pasted.text.rstrip(_WRAPPERS).endswith(("\u2026", "...")):
        raise BadCredential(CredentialProblem.CUT)
    if len(keys) > 1 or len(tokens) > 1:
        raise BadCredential(CredentialProblem.SEVERAL)
    if keys:
        return MagicLink(keys[0])
    if tokens:
        return AccessToken(SecretStr(tokens[0]))
    raise BadCredential(_problem(pasted))


def key_in_chain(chain: Sequence[SplitResult]) -> str:
    """Return the key in a link's parameters or in the last part of its path, or an empty text.

    The parameters of the links around it are not mistaken for the key.
    """
    for link in reversed(chain):
        is_innermost = link is chain[-1]
        names = _KEY_PARAMETERS | (_OTHER_KEY_PARAMETERS if is_innermost else set())
        named = [value for name, value in parameters(link) if name.casefold() in names]
        last = [part for part in link.path.split("/") if part][-1:] if is_innermost else []
        for key in named or filter(is_random, last):
            if _USER_KEY.fullmatch(key):
                return key
    return ""


def _problem(pasted: PastedText) -> CredentialProblem:
    """Return the reason why neither a token nor a key was found."""
    if pasted.links:
        return _link_problem(pasted.links[0][-1])
    if _SLACK_TOKEN.match(pasted.text):
        return CredentialProblem.OF_SLACK
    return CredentialProblem.E_MAIL if _E_MAIL.search(pasted.text) else CredentialProblem.UNKNOWN


def _link_problem(link: SplitResult) -> CredentialProblem:
    """Return the reason why a link holds no key."""
    names = {name.casefold() for name, _ in parameters(link)}
    if names & (_KEY_PARAMETERS | _OTHER_KEY_PARAMETERS):
        return CredentialProblem.CUT
    if event_in(link):
        return CredentialProblem.EVENT_LINK
    is_filter = _FILTER_HOST.search(link.netloc)
    return CredentialProblem.FILTERED if is_filter else CredentialProblem.OTHER_LINK


def holds_secret(text: str, known: Iterable[str] = ()) -> bool:
    """Return whether the text seems to contain a token or a magic link.

    Words of the `known` titles do not count, even if they look random.
    """
    pasted = read_pasted(text)
    if any(map(_is_secret_link, pasted.links)) or _ASSIGNED_KEY.search(pasted.rest):
        return True
    values = _ASSIGNED_TOKEN.findall(pasted.rest)
    if any(any(map(str.isdigit, value)) for value in values):
        return True
    titles = " ".join(map(fold, known))
    words = (word.strip(_ENDS) for word in re.split(r"[\s\"'`<>(){}\[\],;|:=]+", pasted.rest))
    return any(is_random(word) and fold(word) not in titles for word in words)


def _is_secret_link(chain: Sequence[SplitResult]) -> bool:
    """Return whether a link has a key, as far as the link itself shows it."""
    for link in chain:
        for name, value in parameters(link):
            if name.casefold() in _KEY_PARAMETERS and _USER_KEY.fullmatch(value):
                return True
            is_key = name.casefold() in _OTHER_KEY_PARAMETERS or value.startswith("eyJ")
            if is_key and is_random(value):
                return True
    innermost = chain[-1]
    parts = innermost.path.split("/")
    address = f"{innermost.netloc}{innermost.path}"
    return bool(_LOGIN_LINK.search(address)) and any(map(is_random, parts))
