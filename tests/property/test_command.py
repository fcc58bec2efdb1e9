"""Any text parses, and every way to type in the help works."""

from __future__ import annotations

import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.text import clean
from slackbot.slack import texts
from slackbot.slack.command import (
    ALIASES,
    ARGUMENT_LIMIT,
    WORD_LIMIT,
    Command,
    Name,
    SecretTyped,
    Unknown,
    from_action,
    parse,
    parse_message,
)

WORDS = [*(name.value for name in Name if name.value), *ALIASES]
typed = st.one_of(
    st.text(max_size=400),
    st.tuples(st.sampled_from(WORDS), st.text(max_size=300)).map(" ".join),
)


@given(typed)
def test_parse_is_total(text: str) -> None:
    """Any text is a command, an unknown word with or without a near one, or a secret."""
    parsed = parse(text)
    assert isinstance(parsed, Command | Unknown | SecretTyped)
    if isinstance(parsed, Unknown):
        assert parsed.word == clean(text).split(maxsplit=1)[0]
        assert parsed.nearest in {name.value for name in Name} - {Name.DISCONNECT.value}


@given(typed, st.sampled_from(["", "<@U0BOT>", "/networking ", "hey <@U0BOT|bot>, "]))
def test_parse_of_messages_is_total(text: str, before: str) -> None:
    """Any message is understood like the text after the slash command, or asks for help."""
    parsed = parse_message(before + text, "/networking", "U0BOT")
    assert isinstance(parsed, Command | Unknown | SecretTyped)
    typed_alone = parse(text)
    if isinstance(typed_alone, SecretTyped):
        assert isinstance(parsed, SecretTyped)
    if isinstance(parsed, Unknown) and not parsed.nearest:
        assert len(parsed.word) <= WORD_LIMIT


@given(typed)
def test_a_command_survives_its_button_and_its_text(text: str) -> None:
    """It is the same again from a button's action id, and from the pending command's text."""
    parsed = parse(text)
    if isinstance(parsed, Command):
        assert len(parsed.argument) <= ARGUMENT_LIMIT
        assert len(parsed.action) <= 255
        assert from_action(parsed.action) == parsed
        again = parse(parsed.text)
        assert again == parsed or parsed.argument != parsed.argument.strip()


@given(st.text(max_size=300))
def test_any_action_id_parses(action_id: str) -> None:
    """Any action id is a command of ours, or none."""
    command = from_action(action_id)
    assert command is None or isinstance(command.name, Name)


@given(st.sampled_from(WORDS), st.sampled_from([str.upper, str.title, str.lower]))
def test_case_does_not_matter(word: str, spelling: object) -> None:
    """Commands parse in any case, with any whitespace around."""
    assert callable(spelling)
    assert parse(f"\u00a0 {spelling(word)}\t") == parse(word)


def offered() -> list[str]:
    """Return every usage in the help, with and without its example, and the words beside it."""
    lines = []
    for usage, meaning in texts.HELP.items():
        lines += [usage, usage.partition(" ")[0], *re.findall(r"`([a-z]+)`", meaning)]
    return lines


@pytest.mark.parametrize("line", offered(), ids=lambda line: line or "alone")
def test_what_the_help_prints_can_be_typed(line: str) -> None:
    """Each usage is a command with its argument, which may be the word of a filter alone."""
    parsed = parse(line)
    assert isinstance(parsed, Command)
    assert parsed.argument in {line.partition(" ")[2], line}


def test_the_help_names_every_command() -> None:
    """It lists every command, and only words that are understood."""
    words = {line.partition(" ")[0] for line in offered()}
    assert {name.value for name in Name} <= words <= {"", *WORDS}


@pytest.mark.parametrize("word", [name.value for name in Name if len(name) > 4])
def test_a_typo_finds_the_command(word: str) -> None:
    """With one letter missing, the command itself is suggested, unless it deletes something."""
    expected = "" if word in {Name.DISCONNECT, Name.ERASE} else word
    assert parse(word[:2] + word[3:]) == Unknown(word[:2] + word[3:], expected)


@pytest.mark.parametrize("before", ["", "connect ", "join ", "x "])
def test_tokens_are_detected(before: str) -> None:
    """Tokens and magic links are secrets, sessions' titles and ids are not."""
    for _ in range(50):
        token = secrets.token_urlsafe(48)
        assert isinstance(parse(before + token), SecretTyped)
        assert isinstance(parse(f"{before}https://x.example/e/demo?userKey={token}"), SecretTyped)
    assert isinstance(parse("join 11645"), Command)
    assert isinstance(parse("join Platform engineers and other people"), Command)
