"""The types of settings: the form that a value must have, and the error if it has another."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from slackbot.domain.event_options import event_names, event_time_zones, time_zone

_PLACEHOLDERS = re.compile(r"(?i)change.?me|your.|example|xxx|placeholder|secret$|<|>")
_HEX = re.compile(r"[0-9a-fA-F]{32,}")
_PUBLIC_URL = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w.~%/-]*)?", re.ASCII)
_HTTP_URL = re.compile(r"https?://[^\s/?#]+[^\s?#]*")
_SOCKET_URL = re.compile(r"(http|ws)s?://\S+")
_HELP_URL = re.compile(r"(?:https?://[^\s/?#:]|mailto:[^\s@]+@)\S{1,2000}")


def _must(fit: Callable[[str], bool], otherwise: str) -> AfterValidator:
    """Return a validator that rejects values that do not fit, with the message `otherwise`."""

    def validate(value: Any) -> Any:
        if not fit(value.get_secret_value() if isinstance(value, SecretStr) else value):
            raise ValueError(otherwise)
        return value

    return AfterValidator(validate)


def _read_by(parse: Callable[[str], object]) -> AfterValidator:
    """Return a validator that accepts what can be parsed, and keeps the text."""

    def check(value: str) -> str:
        parse(value)
        return value

    return AfterValidator(check)


def _is_token(token: str, prefix: str) -> bool:
    return token.startswith(prefix) and len(token) >= 20 and not _PLACEHOLDERS.search(token)


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # unclosed brackets or an invalid port
        return False


def _is_encrypted_or_local(url: str) -> bool:
    """Return False for a URL without TLS, unless it points to the local machine."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "ws"}:
        return True
    host = parts.hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxy_address(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not url:
        return value
    if "://" not in url:
        url = f"http://{url}"
    if not re.fullmatch(r"https?://[^\s/?#]+/?", url) or not _has_host(url):
        raise ValueError(
            "is not the http:// or https:// address of a proxy; other kinds do not work"
        )
    return SecretStr(url)


AnyCase = BeforeValidator(lambda value: value.strip().lower() if isinstance(value, str) else value)
Text = Annotated[str, Field(min_length=1)]
BotToken = Annotated[
    SecretStr,
    _must(
        lambda token: _is_token(token, "xoxb-"),
        "is not a whole bot token; it begins with xoxb- and is at your app's page",
    ),
]
# These two may be empty. `Settings` checks that one of them is not.
AppToken = Annotated[
    SecretStr,
    _must(
        lambda token: not token or _is_token(token, "xapp-"),
        "is not a whole app-level token; it begins with xapp-",
    ),
]
SigningSecret = Annotated[
    SecretStr,
    _must(
        lambda secret: not secret or (bool(_HEX.fullmatch(secret)) and len(set(secret)) >= 6),
        "is not a signing secret; it has 32 hexadecimal characters",
    ),
]
SecretKeys = Annotated[
    SecretStr,
    _must(lambda keys: keys.strip(", ") != "", "is empty; slackbot doctor --new-key prints a key"),
]
HttpUrl = Annotated[
    Text,
    _must(
        lambda url: bool(_HTTP_URL.fullmatch(url)) and _has_host(url), "is not an http(s) address"
    ),
]
_SAFE = _must(_is_encrypted_or_local, "must begin with https: tokens would travel in clear")
# An address to which secrets are sent.
TlsUrl = Annotated[HttpUrl, _SAFE]
SocketUrl = Annotated[
    str,
    _must(
        lambda url: not url or (bool(_SOCKET_URL.fullmatch(url)) and _has_host(url)),
        "is not an http(s) or ws(s) address",
    ),
    _SAFE,
]
PublicUrl = Annotated[
    str,
    _must(
        lambda url: not url or (bool(_PUBLIC_URL.fullmatch(url)) and _has_host(url)),
        "is not an address such as https://bot.example.com",
    ),
    AfterValidator(lambda url: url.rstrip("/")),
]
ProxyAddress = Annotated[SecretStr, AfterValidator(_proxy_address)]
HelpUrl = Annotated[
    str,
    _must(
        lambda url: not url or bool(_HELP_URL.fullmatch(url)),
        "is not an https:// or mailto: address",
    ),
]
SlackUsers = Annotated[
    str,
    _must(
        lambda users: bool(re.fullmatch(r"(?:[UW][A-Z0-9]{2,20}(?:\s*,\s*|$))*", users)),
        "is not a list of user ids such as U012AB3CD; Slack shows them in a person's profile",
    ),
]
EventNames = Annotated[str, _read_by(event_names)]
EventZones = Annotated[str, _read_by(event_time_zones)]
Zone = Annotated[Text, _read_by(time_zone)]
