"""What a release consists of: its name, its notes and its icon."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from click.testing import CliRunner

import slackbot
from slackbot import DISTRIBUTION
from slackbot.cli.main import main

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CHANGELOG = """# Changelog

## Unreleased
{rest}
## 1.2.0 (2026-12-24)

### Added
- All.

## 1.1.0

- Old.
"""


def notes(tag: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in a checkout with this changelog and version 1.2.0."""
    (root / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/release_notes.py", root / ".ci")
    (root / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    command = [sys.executable, str(root / ".ci/release_notes.py"), tag]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_one_name_stands_everywhere():
    """The distribution, its program and the code that asks for its version agree."""
    assert PROJECT["name"] == DISTRIBUTION
    assert PROJECT["scripts"][DISTRIBUTION] == PROJECT["scripts"]["slackbot"]
    said = CliRunner().invoke(main, ["--version"])
    assert said.output.rstrip().endswith(f"version {version(DISTRIBUTION)}")


def test_a_checkout_runs_without_being_installed(monkeypatch: pytest.MonkeyPatch):
    """Hosts that install only `requirements.txt` have no metadata of the bot."""
    assert slackbot.version("not-installed") == "source"

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", missing)
    said = CliRunner().invoke(main, ["--version"])
    assert said.exit_code == 0
    assert said.output.endswith("version source\n")


def test_the_notes_are_the_section_of_the_tag(tmp_path: Path):
    """The notes of a release are what the changelog says about it, and no more."""
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG.format(rest=""))
    ran = notes("v1.2.0", tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "### Added\n- All.\n")


@pytest.mark.parametrize(
    ("tag", "changelog", "reason"),
    [
        ("v1.2.1", CHANGELOG.format(rest=""), "the version in pyproject.toml is 1.2.0"),
        ("1.2.0", CHANGELOG.format(rest=""), "the tag is 1.2.0"),
        ("v1.2.0", "# Changelog\n\n## Unreleased\n", "no section 1.2.0"),
        ("v1.2.0", CHANGELOG.format(rest="\n- More.\n"), "under Unreleased"),
    ],
)
def test_a_tag_that_does_not_fit_publishes_nothing(
    tag: str, changelog: str, reason: str, tmp_path: Path
):
    """The workflow ends with the reason."""
    (tmp_path / "CHANGELOG.md").write_text(changelog)
    ran = notes(tag, tmp_path)
    assert ran.returncode == 1
    assert reason in ran.stderr


def test_the_icon_is_one_that_slack_takes():
    """A square PNG of 512 to 2,000 pixels, drawn from a file that refers to no other."""
    header = (ROOT / "docs/pictures/icon.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", header[16:24])
    assert 512 <= width == height <= 2000
    drawn = (ROOT / "docs/pictures/icon.svg").read_text()
    assert drawn.count("://") == drawn.count('xmlns="http://www.w3.org/2000/svg"') == 1
