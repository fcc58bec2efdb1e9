"""How a token is sent."""

from __future__ import annotations

from pydantic import SecretStr

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
