"""The documents agree with the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from slackbot.settings import Settings
from slackbot.slack.command import Name

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
README_BYTES = 8_000


def test_the_settings_table_is_complete() -> None:
    """The table has every setting with its default and meaning, and no other row."""
    page = (ROOT / "docs/settings.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", page, re.MULTILINE)
    expected = []
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`"
        shown = default if default != "``" else ""
        expected.append((name.upper(), shown, (field.description or "").replace("|", "\\|")))
    assert expected == rows


def test_the_readme_is_short() -> None:
    """The README is read in a few minutes; whatever else there is to say is in docs/."""
    assert len(README.encode()) <= README_BYTES


def test_every_command_has_its_line() -> None:
    """docs/commands.md lists every command, and nothing that is no command."""
    page = (ROOT / "docs/commands.md").read_text()
    listed = re.findall(r"^/networking (\w*)", page, re.MULTILINE)
    assert set(listed) == {name.value for name in Name}


def test_every_decision_is_listed() -> None:
    """The index of the decision records has the number and title of each of them."""
    folder = ROOT / "docs/adr"
    index = (folder / "index.md").read_text()
    for record in folder.glob("0*.md"):
        number, title = record.read_text().partition("\n")[0].removeprefix("# ").split(". ", 1)
        assert f"{number}. [{title}]({record.name})\n" in index


def test_the_setup_takes_two_commands() -> None:
    """The README's setup is `make demo` and `make test`, and both targets exist."""
    makefile = (ROOT / "Makefile").read_text()
    for command in ("make demo", "make test"):
        assert command in README
        assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE)


def test_every_target_is_listed_by_help() -> None:
    """`make help` prints a line about every target that is no file."""
    makefile = (ROOT / "Makefile").read_text()
    listed = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert set(phony.split()) == listed


def test_locks_agree() -> None:
    """Production runs the tested versions: the runtime lock is part of the development lock."""

    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt")
    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_locks_name_no_registry() -> None:
    """The lock files hold names, versions and hashes only."""
    for name in ROOT.glob("requirements*.txt"):
        text = name.read_text()
        assert not re.search(r"https?://|--(extra-)?index-url|--find-links|@ file", text)


def test_every_dependency_has_its_reason() -> None:
    """docs/dependencies.md names each direct dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = project["dependencies"] + project["optional-dependencies"]["dev"]
    reasons = (ROOT / "docs/dependencies.md").read_text()
    names = {re.split(r"[\[<>=;]", line)[0].removeprefix("pytest-") for line in named}
    assert {name for name in names if name not in reasons} == set()


def test_decisions_are_short() -> None:
    """A decision record has at most 40 lines."""
    long = [
        p.name for p in (ROOT / "docs/adr").glob("*.md") if len(p.read_text().splitlines()) > 40
    ]
    assert long == []


@pytest.mark.parametrize(
    ("name", "heading"),
    [("docs/architecture.md", "## Where things are"), ("CONTRIBUTING.md", "## Glossary")],
)
def test_every_path_of_the_map_exists(name: str, heading: str) -> None:
    """The map and the glossary name only files and folders that exist.

    A name without its folder is beside the one before it.
    """
    text = (ROOT / name).read_text().partition(heading)[2]
    rows = re.findall(r"^\|.*\| (`.*) \|$", text, re.MULTILINE)
    assert len(rows) > 15
    missing = []
    for row in rows:
        folder = ROOT
        for path in re.findall(r"`([\w./]+)`", row):
            places = [folder / path, ROOT / "slackbot" / path, ROOT / path]
            found = [place for place in places if place.exists()]
            missing += [] if found else [path]
            folder = found[0].parent if found else folder
    assert missing == []
