"""Titles and other texts of any kind are folded, and are no secrets."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.credentials import holds_secret
from slackbot.domain.text import clean, fold
from slackbot.slack.command import Command, Name, parse
from tests.harness.typing import compound, title


@given(st.characters(codec="ascii", exclude_characters=":"))
def test_ascii_is_folded_as_any_text_is(character: str) -> None:
    """The short cut for texts without other characters gives the same."""
    assert fold(f"a{character}b") == fold(f"a{character}b é").removesuffix("e").rstrip()


@given(st.text(max_size=60))
def test_folding_again_changes_nothing(text: str) -> None:
    """Any text is folded without an error, and only once."""
    assert fold(fold(text)) == fold(text)
    assert fold(clean(text)) == fold(text) or set(text) & set("<>&")


@given(st.integers(0, 2**32))
def test_a_known_title_is_no_secret(seed: int) -> None:
    """A word that looks like a token is none if a session is titled so."""
    rng = random.Random(seed)
    name = "".join(rng.choices("abcdefghjkmnpqrstuvwxyz0123456789", k=32))
    assert not holds_secret(f"join {name}", known=[f"The {name.title()} Hour"])


@given(st.integers(0, 2**32))
def test_join_takes_any_title(seed: int) -> None:
    """The argument is the title."""
    rng = random.Random(seed)
    for name in (title(rng, 1), compound(rng)):
        parsed = parse(f"join {name}")
        assert isinstance(parsed, Command)
        assert parsed.name is Name.JOIN
        assert fold(parsed.argument) == fold(name)
