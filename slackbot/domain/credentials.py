"""Recognise event links, access tokens and magic links in pasted text."""

from __future__ import annotations

import re
import unicodedata
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
from slackbot.domain.random_words import SHORTEST, is_random, is_token
from slackbot.domain.text import fold

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_AFTER_SLUG: Final = re.compile(r"[?#].*")
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
# Parameters that hold a secret in any link, and those that do only in the link of the platform.
_SECRET_PARAMETER: Final = re.compile(
    r"token|jwt|secret|passw|user[_-]?key|magic[_-]?(?:key|link)|api[_-]?key", re.IGNORECASE
)
_OWN_SECRET_PARAMETER: Final = re.compile(r"auth(?!or)|key$|(?:^|[_-])code$|pwd", re.IGNORECASE)
# Parameters by which visits are counted, and which are random.
_TRACKING: Final = re.compile(
    r"utm_\w+|\w*clid|mc_[ce]id|_hs\w+|igshid?|_g[al]|srsltid|mkt_tok", re.IGNORECASE
)
# Characters from which on the value of such a parameter is a secret, whatever it looks like.
_SECRET_LENGTH: Final = 8
_LOGIN_LINK: Final = re.compile(
    r"accelevents|log-?in|sign-?in|magic|auth|verify|/u/", re.IGNORECASE
)
# Paths of pages that log somebody in.
_LOGIN_PATH: Final = re.compile(r"log-?in|sign-?in|magic|auth(?!or)|verify|/u/", re.IGNORECASE)
# A key of which nothing else is known.
_SHORT_KEY: Final = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[\w.~=+-]{16,512}", re.ASCII)
# Hosts of mail filters, and of services that count clicks. Some hide where their links lead.
_FILTER_HOST: Final = re.compile(
    r"(?:^|[.-])(?:safelinks|urldefense|mimecast|linkprotect|clicktime|secure-web|protect"
    r"|clicks?|track(?:ing)?|links?|ct|sendgrid|mandrillapp|hubspotlinks)(?:[.-]|$)",
    re.IGNORECASE,
)
_FILTER_PATH: Final = re.compile(r"/(?:wf|ls)/click\b")  # SendGrid's, on any host
# Values after a name; those are secrets that have a digit or are long.
_NAMED_VALUE: Final = re.compile(
    r"(?:bearer\s+|token[\"']?\s*[=:]\s*|passw(?:or)?d[\"']?\s*[=:]\s*)[\"']?([^\s\"'&]{6,})",
    re.IGNORECASE,
)
# Values that are secrets in any case: assigned to such a name, the last word after `bearer`, or a
# word with a digit and a letter after `password`.
_SECRET_VALUE: Final = re.compile(
    r"(?:token|jwt|secret|passw(?:or)?d|(?:user|magic|api|access|auth)[_-]?key)[\"']? ?= ?[\"']?"
    r"([^\s\"'&]{4,})|\bbearer\s+([\w.~+/=-]{8,})$"
    r"|passw(?:or)?d\s+((?=\S*\d)(?=\S*[A-Za-z])\S{6,})",
    re.IGNORECASE | re.ASCII,
)
_E_MAIL: Final = re.compile(r"[^\s@/:]{1,64}@[^\s@/:]{1,255}\.[A-Za-z]{2,}")
_SLACK_TOKEN: Final = re.compile(r"(?:xox[a-z][.-]|xapp-)(?=\w)", re.IGNORECASE)
# A word of a text, without what may stand around it. Secrets have no characters beyond ASCII.
_WORD: Final = re.compile(r"[^\s\"'`<>(){}\[\],;|:=\x00-\x20\x7f-\U0010ffff]+")
# A slug in the link of an event may look as random as this many characters do.
_ODD_SLUG_LENGTH: Final = 32
_WRAPPERS: Final = "()[]{}<>\"'`*~|\u201c\u201d\u2018\u2019\u00ab\u00bb\u201e "
_ENDS: Final = f"{_WRAPPERS}.,;:!?\u2026"
_CUT: Final = re.compile(r"\S(?:\u2026|\.\.\.)$")


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
        slug = slug or bare.strip("/")
    else:
        bare = _AFTER_SLUG.sub("", unicodedata.normalize("NFKC", bare.lstrip("#@")))
        slug = bare.lower() if _CAPITALIZED.fullmatch(bare) else bare
    is_secret = is_secret_slug(slug, pasted.links) or (
        not pasted.links and not _SLUG.fullmatch(slug) and holds_secret(text)
    )
    if is_secret:
        raise BadEventLink(EventProblem.WRONG_FIELD)
    if not _SLUG.fullmatch(slug):
        raise BadEventLink(EventProblem.NO_EVENT if pasted.links else EventProblem.UNKNOWN)
    return EventSlug(slug)


def event_spellings(text: str) -> tuple[EventSlug, ...]:
    """Return the slug that `read_event` returns, and the one with the capital that was typed.

    Raises:
        BadEventLink: The text is neither an event link nor a slug.
    """
    slug, typed = read_event(text), read_pasted(text).text.strip(_ENDS)
    is_other = typed != slug and _CAPITALIZED.fullmatch(typed)
    return (slug, EventSlug(typed)) if is_other else (slug,)


def is_secret_slug(slug: str, links: Sequence[Sequence[SplitResult]]) -> bool:
    """Return whether the slug is a token. Names such as `BIO2026JPMWeekSF` look like one.

    They are accepted in the links of the platform, where a token does not stand.
    """
    is_named = any("accelevents" in link.netloc.casefold() for chain in links for link in chain)
    if is_named and len(slug) < _ODD_SLUG_LENGTH:
        return is_token(slug) or bool(_SLACK_TOKEN.match(slug))
    return is_random(slug) or bool(_SLACK_TOKEN.match(slug))


def event_in(link: SplitResult) -> str:
    """Return what stands in a link where an event's slug does, or an empty text."""
    route = link.fragment.partition("?")[0]
    folders = [unquote(part).strip() for part in f"{link.path}/{route}".split("/") if part]
    return next((b for a, b in pairwise(folders) if a.casefold() in _EVENT_FOLDERS), "")


def event_in_chain(chain: Sequence[SplitResult]) -> str:
    """Return the slug in the innermost link that has one, or an empty text.

    The outer one counts if it is the platform's, or of the same site as the inner one, which then
    leads back.
    """
    outer = chain[0].netloc.casefold()
    leads_back = "accelevents" in outer or outer == chain[-1].netloc.casefold()
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
    if _CUT.search(pasted.text.rstrip(_WRAPPERS)):
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
        named = [
            value.partition("&")[0] for name, value in parameters(link) if name.casefold() in names
        ]
        for key in named or ([key_in_path(link)] if is_innermost else []):
            if _USER_KEY.fullmatch(key):
                return key
    return ""


def key_in_path(link: SplitResult) -> str:
    """Return the key that is the last part of a link's path, or an empty text.

    On a page that logs somebody in, it may be a short one.
    """
    last = link.path.rstrip("/").rpartition("/")[2]
    is_short = is_login_path(link) and not event_in(link) and _SHORT_KEY.fullmatch(last)
    return last if is_short or is_random(last) else ""


def is_login_path(link: SplitResult) -> bool:
    """Return whether the last part of the path stands below the one of a login."""
    return bool(_LOGIN_PATH.search(link.path.rstrip("/").rpartition("/")[0] + "/"))


def _problem(pasted: PastedText) -> CredentialProblem:
    """Return the reason why neither a token nor a key was found."""
    if pasted.links:
        return _link_problem(pasted.links[0][-1])
    if _SLACK_TOKEN.match(pasted.text):
        return CredentialProblem.OF_SLACK
    return CredentialProblem.E_MAIL if _E_MAIL.search(pasted.text) else CredentialProblem.UNKNOWN


def _link_problem(link: SplitResult) -> CredentialProblem:
    """Return the reason why a link holds no key."""
    names = {name.casefold() for name, _ in parameters(link, blank=True)}
    if names & (_KEY_PARAMETERS | _OTHER_KEY_PARAMETERS):
        return CredentialProblem.CUT
    if event_in(link):
        return CredentialProblem.EVENT_LINK
    is_filter = _FILTER_HOST.search(link.netloc) or _FILTER_PATH.match(link.path)
    return CredentialProblem.FILTERED if is_filter else CredentialProblem.OTHER_LINK


def holds_secret(text: str, known: Iterable[str] = ()) -> bool:
    """Return whether the text seems to contain a token or a magic link.

    Words of the `known` titles do not count, even if they look random.
    """
    pasted = read_pasted(text)
    # Links without a scheme, or with another one, are not followed.
    nearly = [w for w in pasted.rest.split() if "://" in w or ("/" in w and "=" in w)]
    links = [*pasted.links, *((split_link(word.strip(_ENDS)),) for word in nearly)]
    if any(map(_is_secret_link, links)) or _ASSIGNED_KEY.search(pasted.rest):
        return True
    titles = " ".join(map(fold, known))
    named = _NAMED_VALUE.findall(pasted.rest)
    values = [v for v in named if len(v) >= SHORTEST or any(map(str.isdigit, v))]
    values += ["".join(found) for found in _SECRET_VALUE.findall(pasted.rest)]
    words = [word.strip(_ENDS) for word in _WORD.findall(pasted.rest)]
    values += [word for word in words if is_random(word) or _SLACK_TOKEN.match(word)]
    return any(fold(value) not in titles for value in values)


def _is_secret_link(chain: Sequence[SplitResult]) -> bool:
    """Return whether a link has a key, as far as the link itself shows it."""
    for link in chain:
        # The links of mail filters have random parameters that are no secrets.
        is_own = link is chain[-1] or "accelevents" in link.netloc.casefold()
        if link.password or is_random(link.username or ""):
            return True
        if any(_is_secret_parameter(*each, is_own=is_own) for each in parameters(link)):
            return True
    innermost = chain[-1]
    parts = {*innermost.path.split("/"), *innermost.fragment.partition("?")[0].split("/")}
    if any(map(_SLACK_TOKEN.match, parts)):
        return True
    if (slug := event_in(innermost)) and not is_secret_slug(slug, [chain]):
        parts.discard(slug)
    address = f"{innermost.netloc}{innermost.path}"
    is_login = bool(_LOGIN_LINK.search(address)) and any(map(is_random, parts))
    return is_login or (is_login_path(innermost) and bool(key_in_path(innermost)))


def _is_secret_parameter(name: str, value: str, *, is_own: bool) -> bool:
    """Return whether a parameter holds a secret. `is_own` is False for links around a link."""
    if name.casefold() in _KEY_PARAMETERS:
        return True
    if name.casefold() in _OTHER_KEY_PARAMETERS or value.startswith("eyJ"):
        return is_random(value) or (is_own and len(value) >= _SECRET_LENGTH)
    is_secret = _SECRET_PARAMETER.search(name) or (is_own and _OWN_SECRET_PARAMETER.search(name))
    if is_secret and len(value) >= _SECRET_LENGTH:
        return True
    return is_own and is_random(value) and not _TRACKING.fullmatch(name)
