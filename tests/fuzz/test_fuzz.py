"""A part of the junk in every run of the tests; `make fuzz` throws all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.count import Count
from tests.fuzz.rounds import ROUNDS, thrown
from tests.fuzz.texts import blocks_of_unicode

SEED = 3


@pytest.mark.parametrize("name", ROUNDS)
async def test_junk_does_nothing(name: str, tmp_path: Path) -> None:
    """Nothing is unhandled, nothing is answered other than meant, no state changes."""
    count = await thrown(name, tmp_path, None, SEED)
    assert count.tried >= 10
    assert count.good, "\n".join([str(count), *count.samples])


def test_every_stretch_of_unicode_is_touched() -> None:
    """The texts of `make fuzz` have characters of each stretch of 128 that has any."""
    assert blocks_of_unicode(60_000) == blocks_of_unicode(0x110000) > 1_000


def test_a_find_is_counted() -> None:
    """A count with a find is not good, and keeps the first samples alone."""
    count = Count("x", tried=9)
    assert count.good
    for number in range(9):
        count.note("wrong", number)
    assert (count.good, count.wrong, len(count.samples)) == (False, 9, 5)
