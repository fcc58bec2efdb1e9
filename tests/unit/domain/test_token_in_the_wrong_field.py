"""A token pasted where the event belongs."""

from __future__ import annotations

import random
import string
from base64 import urlsafe_b64encode
from uuid import UUID

import pytest

from slackbot.domain.credentials import read_event
from slackbot.domain.errors import BadEventLink

DICE = random.Random(7)
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
    *("".join(DICE.choices(ALPHABET[2:], k=length)) for length in (32, 64, 99) for _ in range(20)),
    *(f"{DICE.getrandbits(bits):0{bits // 4}x}" for bits in (128, 256) for _ in range(20)),
    str(UUID(int=DICE.getrandbits(128), version=4)),
]


@pytest.mark.parametrize("slug", SLUGS)
def test_a_slug_may_have_digits_and_capitals(slug: str) -> None:
    """What organisers call their events is taken."""
    assert read_event(slug) == slug


def test_a_token_is_no_event() -> None:
    """It is refused at its field and never becomes part of an address."""
    for token in TOKENS:
        for pasted in (token, f"https://www.accelevents.com/e/{token}/portal"):
            with pytest.raises(BadEventLink):
                read_event(pasted)


def test_nearly_every_fresh_token_is_seen() -> None:
    """Of a thousand of the shortest kind, hardly one in a hundred looks like a name."""
    taken, rng = 0, random.Random(8)
    for _ in range(1_000):
        try:
            read_event("a" + urlsafe_b64encode(rng.randbytes(24)).decode())
        except BadEventLink:
            continue
        taken += 1
    assert taken <= 10
