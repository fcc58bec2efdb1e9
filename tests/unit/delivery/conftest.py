"""Fixtures of durable delivery."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from slackbot.storage.store import SqlStore
from tests.harness.delivery import hurry
from tests.harness.fakes import FakeMessenger, connect, link
from tests.harness.services import open_store


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    """Our own rows, which outlive every process."""
    async with open_store() as opened:
        await connect(opened, link())
        yield opened


@pytest.fixture
def messenger() -> FakeMessenger:
    return FakeMessenger([])


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database on disk; the engine's own file lies beside it."""
    return f"sqlite:///{tmp_path}/bot.db"
