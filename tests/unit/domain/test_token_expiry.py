"""The expiry of a token is read from the token, if it says so."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from slackbot.domain.token_expiry import read_expiry


def jwt(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.c2lnbmF0dXJl"


@pytest.mark.parametrize(("exp", "second"), [(1777899600, 0), (1777899600.5, 0), (1777899601, 1)])
def test_the_claim_of_a_jwt(exp: float, second: int) -> None:
    """The claim `exp` counts seconds, possibly with a fraction."""
    read = read_expiry(jwt({"sub": "ada", "exp": exp}))
    assert read is not None
    assert read.replace(microsecond=0) == datetime(2026, 5, 4, 13, 0, second, tzinfo=UTC)


@pytest.mark.parametrize(
    "exp",
    [
        1777899600000,  # jwtk/jjwt#539
        1777899600000.0,  # jsonwebtoken/jsonwebtoken.github.io#466
        "1777899600",  # auth0/node-jsonwebtoken#293
        "1777899600.0",  # vmfunc/sif#311
        "1777899600000",
        "2026-05-04T13:00:00.000Z",  # ticarpi/jwt_tool#36
        "2026-05-04T05:00:00.000-0800",  # jwtk/jjwt#534
        "2026-05-04T13:00:00",  # auth0/java-jwt#240
    ],
)
def test_other_forms_of_the_claim(exp: object) -> None:
    """Milliseconds, and numbers or times in a string, are read as what they mean."""
    assert read_expiry(jwt({"exp": exp})) == datetime(2026, 5, 4, 13, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY",
        "a.b",
        "a.b.c",
        "a.é.c",
        f"a.{'A' * 100_000}.c",
        jwt({}),
        jwt([]),
        jwt("exp"),
        jwt({"exp": None}),
        jwt({"exp": "tomorrow"}),
        jwt({"exp": True}),
        jwt({"exp": 1e300}),
        jwt({"exp": -1e18}),
        jwt({"exp": float("nan")}),
        jwt({"exp": [1]}),
        jwt({"exp": "<not a number>"}),  # jpadilla/pyjwt#121
        *(jwt({"exp": text}) for text in ("", "nan", "inf", "1e300", "9" * 400)),
    ],
)
def test_other_tokens_have_none(token: str) -> None:
    """Opaque tokens, other shapes and impossible times are accepted without an expiry."""
    assert read_expiry(token) is None
