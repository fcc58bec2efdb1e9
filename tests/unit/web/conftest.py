"""A call page without any requests yet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.harness.calls import CallStage, call_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[CallStage]:
    async with call_stage(tmp_path) as opened:
        yield opened
