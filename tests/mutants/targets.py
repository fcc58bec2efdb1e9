"""Which tests stand for which module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PACKAGES = (
    "domain",
    "services",
    "delivery",
    "storage",
    "slack/inbound",
    "slack/outbound",
    "web/call",
)
# Folders whose tests are tried first: those that import the module, then their whole package's.
NEAR = ("tests/unit", "tests/contract", "tests/property")
# Tests of a package that name none of its modules; the bot is looked at from outside.
FURTHER: dict[str, tuple[str, ...]] = {
    "domain": ("tests/scenario/test_matches.py", "tests/scenario/test_refusals.py"),
    "services": (
        "tests/scenario/test_matches.py",
        "tests/scenario/test_leaving.py",
        "tests/scenario/test_linking.py",
        "tests/scenario/test_linking_again.py",
        "tests/scenario/test_refusals.py",
        "tests/scenario/test_calls.py",
        "tests/scenario/test_start_and_stop.py",
    ),
    "delivery": (
        "tests/scenario/test_kill.py",
        "tests/scenario/test_workers.py",
        "tests/scenario/test_start_and_stop.py",
        "tests/scenario/test_operating.py",
    ),
    "storage": (
        "tests/scenario/test_postgres.py",
        "tests/scenario/test_operating.py",
        "tests/scenario/test_canaries.py",
    ),
    "slack/inbound": (
        "tests/scenario/test_front_door.py",
        "tests/scenario/test_buttons.py",
        "tests/scenario/test_home.py",
        "tests/scenario/test_leaving.py",
        "tests/scenario/test_socket_mode.py",
        "tests/scenario/test_answers_in_time.py",
        "tests/scenario/test_slack_payloads.py",
        "tests/fuzz/test_fuzz.py",
    ),
    "slack/outbound": (
        "tests/scenario/test_answers_go_to_slack.py",
        "tests/scenario/test_matches.py",
        "tests/scenario/test_canaries.py",
    ),
    "web/call": ("tests/unit/web/test_call_session.py", "tests/scenario/test_calls.py"),
}


def files_for(root: Path, path: str, package: str) -> list[list[str]]:
    """Return the files of tests for a module, in the order in which they are tried.

    First those that import the module, then those of its package's folders and of `FURTHER`.
    """
    near = [file for folder in NEAR for file in sorted((root / folder).rglob("test_*.py"))]
    first = [str(file.relative_to(root)) for file in near if _imports(file, path)]
    second = [*_of_package(root, package), *FURTHER.get(package, ())]
    second = [file for file in second if (root / file).exists() and file not in first]
    return [files for files in (first, second) if files]


def _imports(file: Path, path: str) -> bool:
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    parent, _, name = module.rpartition(".")
    text = file.read_text()
    whole = rf"from {re.escape(module)} import|import {re.escape(module)}\b"
    by_name = rf"from {re.escape(parent)} import [^\n(]*\b{name}\b"
    return bool(re.search(f"{whole}|{by_name}", text))


def _of_package(root: Path, package: str) -> Iterator[str]:
    words = rf"slackbot\.{package.replace('/', '.')}\b"
    for folder in NEAR:
        for file in sorted((root / folder).rglob("test_*.py")):
            if re.search(words, file.read_text()):
                yield str(file.relative_to(root))
