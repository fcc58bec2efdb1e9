"""How a token is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.domain.errors import TokenRefused
from slackbot.domain.model import AuthScheme


def authorization(token: SecretStr, scheme: AuthScheme) -> str:
    """The `Authorization` header's value.

    Raises:
        TokenRefused: no header can carry this token.
    """
    value = token.get_secret_value()
    if not (value and value.isascii() and value.isprintable()):
        raise TokenRefused
    return f"Bearer {value}" if scheme is AuthScheme.BEARER else value


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a socket handshake carries; each part may hold the token."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    auth: dict[str, str] | None = field(repr=False)


def credentials(options: FeedOptions, token: SecretStr, scheme: AuthScheme) -> Credentials:
    """The token in every place that `socket_auth` names.

    Raises:
        TokenRefused: no header can carry this token.
    """
    value, header, ways = (
        token.get_secret_value(),
        authorization(token, scheme),
        options.socket_auth,
    )
    url = options.socket_url
    return Credentials(
        url=_with_token(url, value) if "query" in ways else url,
        headers={"Authorization": header} if "header" in ways else {},
        auth={"token": value} if "auth" in ways else None,
    )


def _with_token(url: str, token: str) -> str:
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode({"token": token}))))
    return urlunsplit(parts._replace(query=query))
