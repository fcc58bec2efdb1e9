"""Fixtures for the tests of `slackbot doctor`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from slackbot.sandbox.accelevents import Accelevents
from slackbot.settings import Settings

from .installation import Installation, healthy


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the variables and the `.env` of the machine that runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    """Restore logging, which the command sets up for its own process."""
    root, config = logging.getLogger(), structlog.get_config()
    before = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before
    structlog.configure(**config)


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """Provide an installation in which nothing is wrong."""
    async with healthy(tmp_path, Accelevents()) as made:
        yield made
