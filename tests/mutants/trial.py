"""Try one change after another, each in a copy of the tree, several at a time."""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from .draw import Mutant
from .targets import files_for

COPIED = (
    "slackbot",
    "migrations",
    "tests",
    "pyproject.toml",
    "README.md",
    "manifest.yml",
    "manifest.json",
)
NOT_COPIED = shutil.ignore_patterns("__pycache__", "node_modules", ".hypothesis", "*.pyc")
NOTHING_FOUND = 5  # exit status of pytest
NO_TESTS_RUN = {1, 2, 4}  # without the name of a test that failed
# A change that lets tests hang counts as found, if they end in half of the time without it.
SECONDS = 150.0
TIME_OUT = "time-out"
UNUSABLE = "the tests cannot be run"  # a change broke what they import
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--no-header", "--tb=no")


class Outcome(StrEnum):
    """What came of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    UNCLEAR = "unclear"  # what failed fails without the change too: a test or a machine is unwell


@dataclass(frozen=True, slots=True)
class Result:
    """A mutant and its outcome. `change` are the lines that are gone and those that came."""

    mutant: Mutant
    outcome: Outcome
    change: tuple[str, str]
    seconds: float
    # The test that noticed, or why nobody would.
    by: str = ""


class Copy:
    """A copy of the tree in which one change at a time is made."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = folder
        for name in COPIED:
            copy = shutil.copytree if (root / name).is_dir() else shutil.copy2
            options = {"ignore": NOT_COPIED} if copy is shutil.copytree else {}
            copy(root / name, folder / name, **options)  # type: ignore[operator]

    async def attempt(self, mutant: Mutant, equivalent: dict[str, str]) -> Result:
        """Make the change, run its tests, take it back."""
        made = mutant.apply(self._root)
        assert made is not None
        before, after = made
        change, file = lines_of(before, after), self._root / mutant.path
        if (reason := equivalent.get(f"{mutant.path}: {change[0]} -> {change[1]}")) is not None:
            return Result(mutant, Outcome.EQUIVALENT, change, 0.0, reason)
        began, by, files = time.monotonic(), "", list[str]()
        file.write_text(after)
        try:
            for files in files_for(self._root, mutant.path, mutant.package):
                if by := await self._failure(files, SECONDS - (time.monotonic() - began)):
                    break
        finally:
            file.write_text(before)
        outcome = Outcome.KILLED if by else Outcome.SURVIVED
        if by.startswith("FAILED") and await self._failure([by.removeprefix("FAILED ")], SECONDS):
            outcome = Outcome.UNCLEAR
        if by == TIME_OUT and await self._failure(files, SECONDS / 2):
            outcome = Outcome.UNCLEAR
        if by == UNUSABLE and await self._failure(files, SECONDS) == UNUSABLE:
            raise RuntimeError(f"pytest could not run the tests of {mutant.path}")
        return Result(mutant, outcome, change, time.monotonic() - began, by)

    def _path(self) -> str:
        return os.pathsep.join(filter(None, (str(self._root), os.environ.get("PYTHONPATH"))))

    async def _failure(self, files: Iterable[str], seconds: float) -> str:
        """Return the first test that fails, or ""."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", *OPTIONS, *files),
            cwd=self._root,
            env={**os.environ, "PYTHONPATH": self._path(), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(seconds):
                output, _ = await process.communicate()
        except TimeoutError:
            return TIME_OUT
        finally:
            # Tests start processes of their own.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        if process.returncode in {0, NOTHING_FOUND}:
            return ""
        lines = output.decode(errors="replace").splitlines()
        failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        if not failed and process.returncode in NO_TESTS_RUN:
            return UNUSABLE
        return failed[0].split(" - ")[0] if failed else f"exit status {process.returncode}"


def lines_of(before: str, after: str) -> tuple[str, str]:
    """Return what is gone and what came, without indentation."""
    difference = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=0))[2:]
    gone = [line[1:].strip() for line in difference if line.startswith("-")]
    came = [line[1:].strip() for line in difference if line.startswith("+")]
    return " ".join(gone), " ".join(came)
