"""All sentences that Slack shows are in a few files, and each of them is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from slackbot.slack import (
    contact_texts,
    error_texts,
    event_texts,
    home_texts,
    manner_texts,
    privacy_texts,
    reminder_texts,
    texts,
)

SLACKBOT = Path(__file__).parents[2] / "slackbot"
CATALOGUES = {
    texts: "texts",
    contact_texts: "contact_texts",
    error_texts: "error_texts",
    event_texts: "event_texts",
    home_texts: "home_texts",
    reminder_texts: "reminder_texts",
    privacy_texts: "privacy_texts",
    manner_texts: "manner_texts",
}
FILES = {SLACKBOT / f"slack/{name}.py" for name in CATALOGUES.values()}
# What speaks to people. The texts of the manifest are for the administrator who installs the app.
SPEAKERS = sorted(
    path
    for folder in ("slack", "services", "domain")
    for path in (SLACKBOT / folder).rglob("*.py")
    if path.name not in {"manifest.py", "checks.py", "findings.py"} and path not in FILES
)
SENTENCES = {name: vars(one)[name] for one in CATALOGUES for name in vars(one) if name.isupper()}
NAMES = sorted(SENTENCES)
# Builders of messages: a literal among their arguments is a sentence, whatever it looks like.
SAYS = {"say", "small", "heading", "quote", "beside_button", "beside_picture", "Button"}
SENTENCE = re.compile(r"(?:\*?[A-Z][^\n]*\s\S+\s\S+.*[.?!…:]\*?|.*\*[A-Z]\w+ .*\*.*)", re.DOTALL)


def used_names(path: Path) -> Iterator[str]:
    """Yield the constants of the catalogue that a file uses."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in CATALOGUES.values():
                yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and path in FILES:
            yield node.id


def sentences(source: str) -> list[str]:
    """Return the literals of a module that are shown to people, or read like sentences."""
    tree = ast.parse(source)
    apart: set[int] = set()
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.Raise):  # docstrings, and errors of the programme
            apart |= {id(part) for part in ast.walk(node) if isinstance(part, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            literals = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
            found += [one for one in literals if name in SAYS and isinstance(one, str)]
        elif isinstance(node, ast.Constant) and id(node) not in apart:
            literal = node.value if isinstance(node.value, str) else ""
            found += [literal] if SENTENCE.fullmatch(literal) else []
    return found


def test_no_sentence_is_unused() -> None:
    """What nobody says is deleted."""
    used = {name for path in SLACKBOT.rglob("*.py") for name in used_names(path)}
    assert [name for name in NAMES if name not in used] == []


@pytest.mark.parametrize("path", SPEAKERS, ids=lambda path: str(path.relative_to(SLACKBOT)))
def test_no_sentence_is_written_elsewhere(path: Path) -> None:
    """Another language is another version of these files, so no other file holds one."""
    assert sentences(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'draft.say("You are in")',
        'Button("Go")',
        'Draft().small("times", "yours")',
        'text = "Something went wrong. Please try again."',
        'card = f(*["*Nothing is open right now.*"])',
    ],
)
def test_a_sentence_elsewhere_is_found(source: str) -> None:
    """The search is able to fail."""
    assert sentences(source)


# What was once said, or is said by others, and what is said instead, if anything.
UNCLEAR = {
    "I won't have you matched": "You won't be matched until you say you're available.",
    "so did my connection": "You were matched while I was offline.",
    "times are yours": "shown in your time zone",
    "listening": "connected: you'll hear at once",
    "Where I stand": "My status",
    "Shall I go on looking": "Time's up. Ready for the next person?",
    "People you met": "Your matches",
    "and in no other": "The call opens in one browser",
    "Ask for a new one there": "ask your event's organiser",
    "We apologize": "I'm not set up for this Slack workspace.",
    # Indirect: Automattic/wp-telegram-bot#20
    **dict.fromkeys(("You seem", "It seems", "It looks like you")),
    # From above: python-discord/meta#162 and dwyl/dwylbot#143
    **dict.fromkeys(("don't do that", "You blew it", "You have to stop", "You must", "Oops")),
    # The words of a machine: grafana-cold-storage/oncall#835, integrations/slack#352,
    # lightdash/lightdash#22504 and slackapi/python-slack-sdk#676
    **dict.fromkeys(
        ("dispatch_failed", "operation_timeout", "invalid_blocks", "<!date", "undefined")
    ),
    **dict.fromkeys(("null", "None", "NaN", "Error", "exception", "status code", "HTTP", "API")),
    # Counts without a singular: vercel/ms#26 and Automattic/woocommerce-services#1883
    **dict.fromkeys(("(s)", "1 sessions", "1 matches", "1 places", "{count} session ")),
}


def every_text(value: object) -> Iterator[str]:
    """Yield the sentences of a constant."""
    if isinstance(value, texts.Plural):
        yield from (value.one, value.other)
    elif isinstance(value, dict):
        for each in value.values():
            yield from every_text(each)
    elif isinstance(value, tuple):
        for each in value:
            yield from every_text(each)
    else:
        yield str(value)


@pytest.mark.parametrize(("unclear", "clear"), UNCLEAR.items())
def test_no_sentence_is_unclear(unclear: str, clear: str | None) -> None:
    """Each says what is so in the reader's words, and is in use."""
    said = [text for name in NAMES for text in every_text(SENTENCES[name])]
    assert [text for text in said if unclear in text] == []
    assert clear is None or any(clear in text for text in said)


def test_every_error_says_what_to_do() -> None:
    """In a second sentence; `something went wrong` alone is none: metabase/metabase#81200."""
    tables = error_texts.ERRORS, error_texts.AT_FIELD, error_texts.CREDENTIAL_PROBLEMS
    lone = [
        code
        for table in tables
        for code, text in table.items()
        if len(re.split(r"(?<=[.?:])\*?\s+", text)) < 2
    ]
    # The first follows another sentence, and after the second there is nothing to do.
    assert lone == ["ticket_limit_reached", "superseded"]


@pytest.mark.parametrize(
    "name", [name for name in NAMES if isinstance(SENTENCES[name], texts.Plural)]
)
def test_counts_have_a_singular_and_a_plural(name: str) -> None:
    """One is never `1 things`, and both forms say the count or mean it."""
    forms = SENTENCES[name]
    assert forms.of(1) != forms.of(2)
    assert "{count}" not in forms.of(1)
    assert "{count}" in forms.of(2)
    assert forms.of(0) == forms.of(7) == forms.of(2)
