"""The GitHub workflows run what exists, on pinned actions and with few permissions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
FILES = sorted((GITHUB / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
EACH = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def read(file: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(file.read_text())
    return parsed


def jobs(file: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(file)["jobs"]
    return found


@EACH
def test_every_action_is_pinned_by_commit(file: Path):
    """A moved tag changes nothing, and the comment beside each commit names its version."""
    used = re.findall(r"uses: (.*)", file.read_text())
    assert used
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@EACH
def test_jobs_may_only_read_and_end_in_time(file: Path):
    """Nobody may write unless a job says so, and no job runs for hours."""
    assert read(file)["permissions"] == {"contents": "read"}
    for name, job in jobs(file).items():
        assert job["timeout-minutes"] <= 60, name


def test_a_change_is_checked_without_permission_to_write():
    """No job that runs a contributor's code may write anything or ask for credentials."""
    assert [name for name, job in jobs(GITHUB / "workflows/check.yml").items()
            if "permissions" in job or "environment" in job] == []  # fmt: skip


@EACH
def test_every_command_is_one_of_the_repository(file: Path):
    """Each `make` target and each script exists, and no host of a registry is named."""
    steps = [step for job in jobs(file).values() for step in job["steps"]]
    lines = [line for step in steps for line in step.get("run", "").splitlines()]
    for line in lines:
        if line.startswith("make "):
            words = re.sub(r"\w+=(\$\{\{.*?\}\}|\S+)", "", line).split()
            assert set(words[1:]) <= TARGETS, line
        for script in re.findall(r"\.ci/\w+(?:\.py)?", line):
            assert (ROOT / script).exists(), line
    assert not re.search(r"pypi\.org|npmjs|ghcr\.io|docker\.io", file.read_text())


def test_every_supported_version_is_tested():
    """The matrix has each Python of the classifiers, both systems and both ends of PostgreSQL."""
    found = jobs(GITHUB / "workflows/check.yml")
    project = (ROOT / "pyproject.toml").read_text()
    classifiers = re.findall(r"Python :: (3\.\d+)", project)
    assert found["test"]["strategy"]["matrix"]["python"] == classifiers
    assert [name.partition("-")[0] for name in found["test"]["strategy"]["matrix"]["system"]] == [
        "ubuntu",
        "macos",
    ]
    assert found["postgresql"]["strategy"]["matrix"]["postgresql"] == [14, 18]


def test_only_the_environment_publishes():
    """A job with credentials for a registry waits for approval, and comes after the build."""
    found = jobs(GITHUB / "workflows/release.yml")
    for name in ("pypi", "image"):
        assert found[name]["environment"] == "release"
        assert found[name]["needs"] == "package"
        assert found[name]["permissions"]["id-token"] == "write"


def test_dependabot_looks_at_every_lock_file():
    """Each folder with a lock file is in an ecosystem of its kind."""
    folders: dict[str, set[str]] = {}
    for entry in read(GITHUB / "dependabot.yml")["updates"]:
        listed = entry.get("directories", [entry.get("directory")])
        folders.setdefault(entry["package-ecosystem"], set()).update(listed)
    locks = [path.relative_to(ROOT) for path in ROOT.glob("**/package-lock.json")]
    # `make image` writes to build/.
    ours = [path for path in locks if not {"node_modules", "build"} & set(path.parts)]
    assert folders["npm"] == {f"/{path.parent.as_posix()}" for path in ours}
    assert folders["pip"] == folders["docker"] == folders["github-actions"] == {"/"}


def test_the_issue_forms_ask_for_what_helps():
    """A form has a name, a description and fields with labels, each with its own id."""
    for file in sorted((GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml")):
        form = read(file)
        assert form["name"]
        assert form["description"]
        fields = [part for part in form["body"] if part["type"] != "markdown"]
        assert all(field["attributes"]["label"] for field in fields)
        ids = [field["id"] for field in fields]
        assert len(ids) == len(set(ids)) > 0
