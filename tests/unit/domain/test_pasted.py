"""What people paste: event links, tokens, magic links."""

from __future__ import annotations

import pytest

from slackbot.domain.credentials import (
    AccessToken,
    MagicLink,
    holds_secret,
    read_credential,
    read_event,
)
from slackbot.domain.errors import BadCredential, BadEventLink

KEY = "a1b2c3d4e5f6a7b8"


@pytest.mark.parametrize(
    "pasted",
    [
        "my-event",
        "  my-event\n",
        "https://www.accelevents.com/e/my-event",
        "<https://www.accelevents.com/e/my-event>",
        "https://www.accelevents.com/e/my-event/portal?tab=1#top",
        "https://events.example.org/events/my-event/schedule",
        "www.accelevents.com/e/my-event",
        "https://www.accelevents.com/e/my%2Devent",
    ],
)
def test_an_event_is_read_from_its_link_or_slug(pasted: str):
    """The slug stands after `e` or `events`, with or without scheme, query and brackets."""
    assert read_event(pasted) == "my-event"


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "   ",
        "two words",
        "-dash-first",
        "é",
        "x" * 101,
        "https://www.accelevents.com/",
        "https://www.accelevents.com/e/",
        "https://www.accelevents.com/e/a%2Fb",
        "https://[broken/e/demo",
        "https://www.accelevents.com/e/../portal",
    ],
)
def test_what_is_no_event_is_refused(pasted: str):
    """Anything that could not be a slug is said at the field."""
    with pytest.raises(BadEventLink):
        read_event(pasted)


@pytest.mark.parametrize(
    "pasted", ["abcdefgh", " abcdefgh\n", "Bearer abcdefgh", "bearer  abcdefgh", "<abcdefgh>"]
)
def test_a_token_is_used_as_it_is(pasted: str):
    """A `Bearer` before it, spaces and brackets are not part of the token."""
    read = read_credential(pasted)
    assert isinstance(read, AccessToken)
    assert read.token.get_secret_value() == "abcdefgh"


@pytest.mark.parametrize(
    "pasted",
    [
        f"https://www.accelevents.com/e/demo/portal?userKey={KEY}&loginSource=MAGIC_LINK",
        f"<https://www.accelevents.com/e/demo?key={KEY}>",
        f"HTTPS://www.accelevents.com/e/demo?Token={KEY}",
        f"https://www.accelevents.com/#/login?user_key={KEY}",
        f"https://www.accelevents.com/u/login/{KEY}",
        f"https://www.accelevents.com/e/demo?userKey=short&magic_link={KEY}",
    ],
)
def test_a_magic_link_is_known_by_its_key(pasted: str):
    """The key stands in the query, in a fragment's query, or as the last folder."""
    assert read_credential(pasted) == MagicLink(KEY)


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "short",
        "with space",
        "tökentökentöken",
        "x" * 4097,
        "https://www.accelevents.com/",
        "https://www.accelevents.com/e/demo/portal",
        "https://www.accelevents.com/e/a-long-name-without-digits",
        "https://www.accelevents.com/e/demo?userKey=short",
        f"https://www.accelevents.com/e/demo?userKey={'x' * 513}",
        f"https://[broken?userKey={KEY}",
    ],
)
def test_what_is_no_credential_is_refused(pasted: str):
    """An address without a key is not taken for a token, nor a sentence for either."""
    with pytest.raises(BadCredential):
        read_credential(pasted)


@pytest.mark.parametrize(
    "typed",
    [
        "connect eyJhbGciOi",
        f"connect https://www.accelevents.com/e/demo?userKey={KEY}",
        "Bearer x",
        "token=1",
        "connect 8f14e45fceea167a5a36",
        "connect `8f14e45fceea167a5a36`",
    ],
)
def test_a_typed_secret_is_noticed(typed: str):
    """Tokens and magic links do not belong after a command, in whatever quotes they come."""
    assert holds_secret(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "sessions live",
        "available 11645",
        "join Coffee with the keynote",
        "available internationalization",
        "join Größe1Größe1Größe1Größe1",
        "join 12345678901234567890",
    ],
)
def test_ordinary_words_are_no_secret(typed: str):
    """Commands, ids and long words of a title are let through."""
    assert not holds_secret(typed)
