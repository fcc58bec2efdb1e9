"""Every command in the documents can be typed as it stands."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.util import find_spec

import click
import pytest

from slackbot.cli.main import main
from tests.documents.elsewhere import ELSEWHERE
from tests.documents.pages import ROOT, Page, pages, programs

PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
PROGRAM = re.compile(r"(?:\.venv/bin/|\.bot/bin/)?(slackbot|make|python) ")
TARGETS = set(re.findall(r"(?m)^([a-z-]+):", (ROOT / "Makefile").read_text()))


def lines_of(page: Page) -> list[str]:
    """Return the commands of a page, those in its sentences included."""
    return [*page.commands, *(code for code in page.code if PROGRAM.match(code))]


def check_slackbot(words: list[str]) -> None:
    """Parse the words as the program does, without running anything."""
    context = click.Context(main)
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, words[0]
        command, words = found, words[1:]
    # A sentence may name a command without its arguments.
    with suppress(click.MissingParameter):
        if not isinstance(command, click.Group):
            command.make_context("slackbot", words)


def check(words: list[str]) -> None:
    """Check the words of one program, if it is one of ours."""
    program, *arguments = words
    match program.rpartition("/")[2], arguments:
        case "slackbot", _:
            check_slackbot(arguments)
        case "make", [target, *variables]:
            assert target in TARGETS
            assert all("=" in variable for variable in variables)
        case "python", ["-m", module, *_] if module != "venv":
            assert find_spec(module) is not None, module


@PAGES
def test_every_command_exists(page: Page) -> None:
    """Its program has the command, the options, the target or the module."""
    for line in lines_of(page):
        for words in programs(line):
            check(words)


@PAGES
def test_every_block_says_what_it_is(page: Page) -> None:
    """A block without a language would be left out of these checks."""
    assert set(page.languages) <= {"bash", "text", "mermaid", "json", "yaml", "ini", "python"}


@PAGES
def test_every_block_belongs_to_its_step(page: Page) -> None:
    """The site's Markdown ends a numbered list at a block that is not indented by four spaces."""
    assert [indent for indent in page.indents if indent % 4] == []


def test_what_is_not_run_has_a_reason() -> None:
    """`make docs-check` runs every other command, and no reason is left over."""
    written = {command for page in pages() for command in page.commands}
    assert written >= set(ELSEWHERE)
    assert all(ELSEWHERE.values())


@pytest.mark.parametrize("line", ["slackbot doctr", "slackbot doctor --new", "make chekc"])
def test_a_command_that_does_not_exist_is_found(line: str) -> None:
    """The check can fail."""
    with pytest.raises((AssertionError, click.UsageError)):
        check(line.split())
