"""The fixed part of `make faults` that every check has: real processes are killed and cut off."""

from __future__ import annotations

import pytest

from .plans import PLANS
from .report import row
from .rows import SHORT

FIXED = (("windows", "sqlite"), ("kills", "postgresql"), ("dropped", "sqlite"))
"""Killed at each window of a notice, killed at random beside others, left without an answer."""


@pytest.mark.parametrize(("name", "database"), FIXED)
async def test_every_match_is_told_once(
    request: pytest.FixtureRequest, name: str, database: str
) -> None:
    """Told = made, none twice, and no token or call's pass in clear in any database file."""
    if database == "postgresql":
        request.getfixturevalue("postgresql")  # says so where there can be none
    held, figures, line = await row(name, PLANS[name], database, SHORT)
    assert held, line
    assert figures.made > 0, "nothing was made, so nothing was seen"
