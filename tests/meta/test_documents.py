"""The documents agree with the code."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from slackbot.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_settings_table_is_complete() -> None:
    """The README's table has every setting with its default and meaning, and no other row."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$", README, re.MULTILINE)
    expected = []
    for name, field in Settings.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`"
        shown = default if default != "``" else ""
        expected.append((name.upper(), shown, (field.description or "").replace("|", "\\|")))
    assert expected == rows


def test_the_setup_takes_two_commands() -> None:
    """The README's setup is `make demo` and `make test`, and both targets exist."""
    makefile = (ROOT / "Makefile").read_text()
    for command in ("make demo", "make test"):
        assert command in README
        assert re.search(rf"^{command.split()[1]}:", makefile, re.MULTILINE)


def test_locks_agree() -> None:
    """Production runs the tested versions: the runtime lock is part of the development lock."""

    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt")
    assert pins("requirements.txt") <= pins("requirements-dev.txt")


def test_locks_name_no_registry() -> None:
    """The lock files hold names, versions and hashes only."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
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
    ("name", "heading"), [("README.md", "## How it is built"), ("CONTRIBUTING.md", "## Glossary")]
)
def test_every_path_of_the_map_exists(name: str, heading: str) -> None:
    """The README's map and the glossary name only files and folders that exist.

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
