"""The token in an HTTP request and in a socket handshake."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit, urlunsplit

from pydantic import SecretStr

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.domain.errors import TokenRefused
from slackbot.domain.model import AuthScheme


def authorization(token: SecretStr, scheme: AuthScheme) -> str:
    """Return the value of the `Authorization` header.

    Raises:
        TokenRefused: No header can carry this token.
    """
    value = token.get_secret_value()
    if not (value and value.isascii() and value.isprintable()):
        raise TokenRefused
    return f"Bearer {value}" if scheme is AuthScheme.BEARER else value


@dataclass(frozen=True, slots=True)
class Credentials:
    """The parts of a socket handshake that may hold the token."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    auth: dict[str, str] | None = field(repr=False)


def credentials(options: FeedOptions, token: SecretStr, scheme: AuthScheme) -> Credentials:
    """Return the token in every place that `options.socket_auth` names.

    Raises:
        TokenRefused: No header can carry this token.
    """
    value, header = token.get_secret_value(), authorization(token, scheme)
    url = urlsplit(options.socket_url)
    if "query" in options.socket_auth:
        query = "&".join(filter(None, (url.query, urlencode({"token": value}))))
        url = url._replace(query=query)
    return Credentials(
        url=urlunsplit(url),
        headers={"Authorization": header} if "header" in options.socket_auth else {},
        auth={"token": value} if "auth" in options.socket_auth else None,
    )
