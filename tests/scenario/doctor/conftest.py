"""The doctor's patients, and the process as it was before each visit."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from slackbot.sandbox.accelevents import Accelevents
from slackbot.settings import Settings

from .patient import Patient, healthy


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` of whoever runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """The command sets up logging for its own process, which here is that of the tests."""
    root, told = logging.getLogger(), structlog.get_config()
    before = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before
    structlog.configure(**told)


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Patient]:
    """A set-up in which nothing is wrong."""
    async with healthy(tmp_path, Accelevents()) as set_up:
        yield set_up
