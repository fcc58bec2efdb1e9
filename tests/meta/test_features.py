"""`docs/features.md`: every row has its mark, and the tests that it names exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "tests/scenario"
PAGE = (ROOT / "docs/features.md").read_text()
ROWS = 47 + 14


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield each row's number, its mark and its last column."""
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"N?\d+", cells[0]):
            number, _, mark, shown_by = cells
            yield number, mark, shown_by


def test_every_row_is_there_once() -> None:
    """The rows are those of the field, and then those that nobody else has."""
    numbers = [number for number, _, _ in rows()]
    assert numbers == [*map(str, range(1, 48)), *(f"N{number}" for number in range(1, 15))]
    assert len(numbers) == ROWS


def test_what_is_there_is_shown_by_a_test() -> None:
    """A row that is there names a scenario test, and any other gives a reason."""
    for number, mark, shown_by in rows():
        named = re.findall(r"`((?:doctor/)?test_\w+\.py)(?:::(\w+))?`", shown_by)
        assert mark in {"✔", "◐", "–"}, number
        assert named or mark != "✔", number
        assert shown_by, number
        for file, test in named:
            assert f"def {test}(" in (SCENARIOS / file).read_text() or not test, (number, test)
