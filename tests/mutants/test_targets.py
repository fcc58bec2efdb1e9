"""Every module has tests that a mutant of it would meet."""

from __future__ import annotations

from pathlib import Path

import pytest

from .targets import FURTHER, PACKAGES, files_for

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_its_tests(package: str) -> None:
    """Each file of a package that is changed has tests that are run first or second."""
    for file in (ROOT / "slackbot" / package).rglob("*.py"):
        path = file.relative_to(ROOT).as_posix()
        assert any(files_for(ROOT, path, package)), path


def test_the_further_tests_exist() -> None:
    """A scenario that is renamed is renamed in the list as well."""
    missing = [name for names in FURTHER.values() for name in names if not (ROOT / name).is_file()]
    assert missing == []


def test_a_module_meets_its_own_tests_first() -> None:
    """Those that import the module come before the rest of its package."""
    first, second = files_for(ROOT, "slackbot/domain/matching.py", "domain")
    assert "tests/unit/domain/test_matching.py" in first
    assert "tests/unit/domain/test_sessions.py" in second
