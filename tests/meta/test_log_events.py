"""docs/logs.md has every event that the bot logs, in one form of words."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = [path for path in (ROOT / "slackbot").rglob("*.py") if "sandbox" not in path.parts]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
ROW = re.compile(r"^\| `(\w+)` \| ([a-z, ]+) \| .+ \|$", re.MULTILINE)


def calls(path: Path) -> Iterator[tuple[str, ast.expr]]:
    """Yield the level and the first argument of each call of a logger."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            logger = ast.unparse(node.func.value)
            if node.func.attr in LEVELS and (logger == "log" or "get_logger" in logger):
                level = node.func.attr
                yield "error" if level == "exception" else level, node.args[0]


def logged() -> dict[str, set[str]]:
    """Return the levels of each event in the code."""
    levels: dict[str, set[str]] = defaultdict(set)
    for path in SOURCES:
        for level, event in calls(path):
            assert isinstance(event, ast.Constant), f"{path}: {ast.unparse(event)}"
            levels[str(event.value)].add(level)
    return levels


def test_every_event_is_listed() -> None:
    """The page has each event once, with its levels, and no other event."""
    rows = ROW.findall((ROOT / "docs/logs.md").read_text())
    listed = {event: set(levels.split(", ")) for event, levels in rows}
    assert len(rows) == len(listed)
    assert listed == logged()


def test_events_are_in_one_form() -> None:
    """An event is lower-case words joined by underscores; values stand in fields."""
    events = logged()
    assert len(events) > 80
    assert [event for event in events if not re.fullmatch(r"[a-z]+(?:_[a-z]+)*", event)] == []
