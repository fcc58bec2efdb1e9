"""Pasted credentials and event links: any text is read or refused, and no secret is shown."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slackbot.domain.credentials import (
    AccessToken,
    MagicLink,
    holds_secret,
    read_credential,
    read_event,
)
from slackbot.domain.errors import BadCredential, BadEventLink
from slackbot.domain.random_words import is_random

ANYTHING = st.text() | st.text(alphabet=st.characters())
ADDRESS = ["https://", "http://", "www.accelevents.com", "/e/", "/events/", "demo", "?", "#", "&"]
ODD = ["[", "]", "::", "%2F", "%", "@", "\u2100", "\x00", "\ud800", "userKey=", "Bearer "]
PIECES = st.sampled_from([*ADDRESS, *ODD])
PASTED = ANYTHING | st.lists(PIECES | st.text(max_size=20), max_size=12).map("".join)
SECRETS = st.text(st.sampled_from("0123456789abcdefABCDEF"), min_size=24, max_size=60)


@given(PASTED)
@example("https://[")
@example("//[::1/e/demo")
@example("e/A")
def test_any_text_is_an_event_or_is_refused(text: str):
    """Any text is read as a slug that is safe in a URL path, or raises `BadEventLink`."""
    try:
        slug = read_event(text)
    except BadEventLink:
        return
    assert slug.isascii()
    assert slug.replace("-", "").replace("_", "").isalnum()
    # A single capital is taken for a phone's, unless it stands in a link.
    assert read_event(slug) in {slug, slug.lower()}


@given(PASTED)
@example("https://[")
@example("http://\u2100/")
def test_any_text_is_a_credential_or_is_refused(text: str):
    """A token is safe in a header and a key in a URL path; other text raises `BadCredential`."""
    try:
        credential = read_credential(text)
    except BadCredential:
        return
    if isinstance(credential, AccessToken):
        secret = credential.token.get_secret_value()
        assert not any(char.isspace() for char in secret)
    else:
        secret = credential.user_key
        assert not set("/?#& \n") & set(secret)
    assert secret.isascii()
    assert secret.isprintable()


@given(PASTED)
def test_any_text_can_be_searched(text: str):
    """Any text is searched for a secret without an error."""
    assert holds_secret(text) in {True, False}


@given(SECRETS)
def test_no_credential_is_shown(secret: str):
    """Neither a credential's repr nor an error's message holds the pasted secret."""
    link = f"https://www.accelevents.com/e/demo?userKey={secret}"
    token, key = read_credential(secret), read_credential(link)
    assert isinstance(token, AccessToken)
    assert isinstance(key, MagicLink)
    assert secret not in f"{token!r} {token} {key!r} {key}"
    with pytest.raises(BadCredential) as refused:
        read_credential(f"{secret} 0{secret}")
    assert secret not in f"{refused.value!r} {refused.value}"


@given(SECRETS.filter(lambda s: any(map(str.isdigit, s)) and any(map(str.isalpha, s))))
def test_a_secret_after_a_command_is_detected(secret: str):
    """A token typed after a command is detected."""
    assert holds_secret(f"connect demo {secret}")


@given(st.binary(min_size=32, max_size=64))
def test_hexadecimal_tokens_are_random(secret: bytes) -> None:
    """Any with a digit and a letter is."""
    text = secret.hex()
    assert is_random(text) or text.isdecimal() or text.isalpha()
