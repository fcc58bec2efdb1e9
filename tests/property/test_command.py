"""Whatever is typed is read as something, and what is offered can be typed."""

from __future__ import annotations

import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.slack import texts
from slackbot.slack.command import (
    ALIASES,
    ARGUMENT_LIMIT,
    Command,
    Name,
    SecretTyped,
    Unknown,
    from_action,
    parse,
)

WORDS = [*(name.value for name in Name if name.value), *ALIASES]
typed = st.one_of(
    st.text(max_size=400),
    st.tuples(st.sampled_from(WORDS), st.text(max_size=300)).map(" ".join),
)


@given(typed)
def test_parse_is_total(text: str) -> None:
    """Any text is a command, an unknown word with or without a near one, or a secret."""
    asked = parse(text)
    assert isinstance(asked, Command | Unknown | SecretTyped)
    if isinstance(asked, Unknown):
        assert asked.word == text.split(maxsplit=1)[0]
        assert asked.nearest in {"", *WORDS}


@given(typed)
def test_a_command_survives_its_button_and_its_text(text: str) -> None:
    """What was typed comes back the same from a button's action id and from the errand's text."""
    asked = parse(text)
    if isinstance(asked, Command):
        assert len(asked.argument) <= ARGUMENT_LIMIT
        assert len(asked.action) <= 255
        assert from_action(asked.action) == asked
        again = parse(asked.text)
        assert again == asked or asked.argument != asked.argument.strip()


@given(st.text(max_size=300))
def test_any_action_id_is_read(action_id: str) -> None:
    """A button of whatever origin is a command of ours, or none."""
    command = from_action(action_id)
    assert command is None or isinstance(command.name, Name)


@given(st.sampled_from(WORDS), st.sampled_from([str.upper, str.title, str.lower]))
def test_case_does_not_matter(word: str, spelling: object) -> None:
    """Commands are read in any case, with any blanks around."""
    assert callable(spelling)
    assert parse(f"\u00a0 {spelling(word)}\t") == parse(word)


def offered() -> list[str]:
    """Every way to type that the help prints, brackets spelt out."""
    lines = []
    for usage, meaning in texts.HELP.items():
        word, _, rest = usage.partition(" ")
        lines.append(word)
        if "|" in rest:
            lines += [f"{word} {choice}" for choice in rest.strip("[]").split("|")]
        elif rest:
            lines += [f"{word} 11645", f"{word} first network"]
        lines += re.findall(r"`([a-z]+)`", meaning)
    return lines


@pytest.mark.parametrize("line", offered(), ids=lambda line: line or "alone")
def test_what_the_help_prints_can_be_typed(line: str) -> None:
    """Each line of the help is a command, with what stands in its brackets as its argument."""
    asked = parse(line)
    assert isinstance(asked, Command)
    assert asked.argument == line.partition(" ")[2]


def test_the_help_names_every_command() -> None:
    """No command and no other name of one is a secret."""
    assert {line.partition(" ")[0] for line in offered()} == {"", *WORDS}


@pytest.mark.parametrize("word", WORDS)
def test_a_slip_of_the_finger_finds_the_command(word: str) -> None:
    """One letter left out: the command itself is offered."""
    if len(word) > 4:
        asked = parse(word[:2] + word[3:])
        assert asked == Unknown(word[:2] + word[3:], word)


@pytest.mark.parametrize("before", ["", "connect ", "join ", "x "])
def test_tokens_are_seen(before: str) -> None:
    """Tokens and magic links are told from sessions' titles and ids."""
    for _ in range(50):
        token = secrets.token_urlsafe(48)
        assert isinstance(parse(before + token), SecretTyped)
        assert isinstance(parse(f"{before}https://x.example/e/demo?userKey={token}"), SecretTyped)
    assert isinstance(parse("join 11645"), Command)
    assert isinstance(parse("join Platform engineers and other people"), Command)
