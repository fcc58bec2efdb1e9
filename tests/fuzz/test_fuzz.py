"""A part of the fuzzing in every test run; `make fuzz` runs all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.command_texts import blocks_of_unicode
from tests.fuzz.result import Result
from tests.fuzz.rounds import ROUNDS, run_round

SEED = 3


@pytest.mark.parametrize("name", ROUNDS)
async def test_malformed_input_does_nothing(name: str, tmp_path: Path) -> None:
    """Nothing is unhandled, everything is answered as expected, no state changes."""
    result = await run_round(name, tmp_path, None, SEED)
    assert result.tried >= 10
    assert result.passed, "\n".join([str(result), *result.samples])


def test_every_block_of_unicode_is_covered() -> None:
    """The texts of `make fuzz` have characters of each assigned block of 128."""
    assert blocks_of_unicode(60_000) == blocks_of_unicode(0x110000) > 1_000


def test_a_finding_is_counted() -> None:
    """A result with findings has not passed, and keeps only the first samples."""
    result = Result("x", tried=9)
    assert result.passed
    for number in range(9):
        result.record("wrong", number)
    assert (result.passed, result.wrong, len(result.samples)) == (False, 9, 5)
