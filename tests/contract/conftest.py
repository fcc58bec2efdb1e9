"""Stores for the contract tests. Add a database by adding its URL to `URLS`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from store_samples import VAULT

from slackbot.storage import schema
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore

URLS = {"memory": "sqlite://", "file": "sqlite:///{folder}/bot.db"}
TABLES = re.compile(r"\b(links|availabilities|matches|seen_events)\b")


@pytest.fixture(params=URLS)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(URLS[request.param].format(folder=tmp_path))
    await schema.upgrade(opened)
    yield opened
    await opened.aclose()


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement of the test, of which each must name the workspace in its WHERE."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)
    for statement in seen:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and TABLES.search(statement):
            assert "team_id =" in statement.partition("WHERE")[2], statement


@pytest.fixture
def store(database: Database, statements: list[str]) -> SqlStore:
    return SqlStore(database, VAULT)
