"""Pasted event links, tokens and magic links."""

from __future__ import annotations

import random
import string
from base64 import urlsafe_b64encode
from uuid import UUID

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
    """The slug follows `e` or `events`, with or without scheme, query and brackets."""
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
    """Text that cannot be a slug is refused at its field."""
    with pytest.raises(BadEventLink):
        read_event(pasted)


@pytest.mark.parametrize(
    "pasted", ["abcdefgh", " abcdefgh\n", "Bearer abcdefgh", "bearer  abcdefgh", "<abcdefgh>"]
)
def test_a_token_is_used_as_it_is(pasted: str):
    """`Bearer`, spaces and brackets are not part of the token."""
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
        f"https://[broken?userKey={KEY}",
        f"userKey={KEY}",
    ],
)
def test_a_magic_link_is_known_by_its_key(pasted: str):
    """The key is in the query, in the fragment's query, or the last part of the path."""
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
    ],
)
def test_what_is_no_credential_is_refused(pasted: str):
    """A link without a key is not a token, and a sentence is neither."""
    with pytest.raises(BadCredential):
        read_credential(pasted)


@pytest.mark.parametrize(
    "typed",
    [
        "connect eyJhbGciOi",
        f"connect https://www.accelevents.com/e/demo?userKey={KEY}",
        "Bearer abcdef12",
        "token=abcdef12",
        "connect 8f14e45fceea167a5a36",
        "connect `8f14e45fceea167a5a36`",
        "connect xoxb-not-a-real-one",
        "bearer abcdefghijklmnopqrst",
        "join bearer abcdefghij",
        "join token=hunter2",
        "my password: hunter2",
        "password hunter2",
        "connect userkey=abc%2Bdef%2Fghi",
        "令牌：eyJhbGciOi",
        "token：eyJhbGciOi",
        "mine—eyJhbGciOi",
        "🔑eyJhbGciOi",
        "🔑8f14e45fceea167a5a36",
    ],
)
def test_a_typed_secret_is_noticed(typed: str):
    """Tokens and magic links after a command are noticed, in any quotes."""
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
        "join Password managers and you",
        "join Größenwahn für Anfängerinnen und Fortgeschrittene",
    ],
)
def test_ordinary_words_are_no_secret(typed: str):
    """Commands, ids and long words of a title pass."""
    assert not holds_secret(typed)


# --- a token in the event's field ---------------------------------------------------------------

RNG = random.Random(7)
SLUGS = [
    "techconf2026annualmeeting",
    "2026expo-hall2-day3-v4-stage5",
    "SpringTechnologyConferenceForWomen2026",
    "expo2026day2of3rd-nyc-00",
    "2nd-annual-c3-b2b-saas-summit-2026-q4",
    "speed-networking-berlin-2026-11-23",
    "internationalconferenceonmachinelearning",
    "20261123-20261124-20261125",
]
ALPHABET = string.ascii_letters + string.digits + "-_"
TOKENS = [
    *("".join(RNG.choices(ALPHABET[2:], k=length)) for length in (32, 64, 99) for _ in range(20)),
    *(f"{RNG.getrandbits(bits):0{bits // 4}x}" for bits in (128, 256) for _ in range(20)),
    str(UUID(int=RNG.getrandbits(128), version=4)),
]


@pytest.mark.parametrize("slug", ["B2BMX2026Scottsdale", "BIO2026JPMWeekSF", "rzadkosc-krzyzowka"])
def test_a_slug_in_the_platforms_link_may_look_random(slug: str):
    """A token does not stand there, unless it has the form of one."""
    link = f"https://www.accelevents.com/e/{slug}/portal"
    assert read_event(link) == slug
    assert not holds_secret(f"connect {link}")


@pytest.mark.parametrize(
    "slug", ["xoxb-not-a-real-one", "eyJhbGciOiJIUzI1", "8f14e45fceea167a5a36"]
)
def test_a_token_in_the_platforms_link_is_refused(slug: str):
    """It is refused by its form."""
    link = f"https://www.accelevents.com/e/{slug}/portal"
    for pasted in (link, slug):
        with pytest.raises(BadEventLink):
            read_event(pasted)
    assert holds_secret(link)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_slug_may_have_digits_and_capitals(slug: str):
    """Real names of events are accepted."""
    assert read_event(slug) == slug


def test_a_token_is_no_event():
    """A token is refused at the event's field and never becomes part of a URL."""
    for token in TOKENS:
        for pasted in (token, f"https://www.accelevents.com/e/{token}/portal"):
            with pytest.raises(BadEventLink):
                read_event(pasted)


def test_nearly_every_random_token_is_refused():
    """Of a thousand tokens of the shortest kind, at most one in a hundred looks like a name."""
    accepted, rng = 0, random.Random(8)
    for _ in range(1_000):
        try:
            read_event("a" + urlsafe_b64encode(rng.randbytes(24)).decode())
        except BadEventLink:
            continue
        accepted += 1
    assert accepted <= 10
