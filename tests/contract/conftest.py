"""Stores for the contract tests, on every kind of database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event
from store_samples import ANA, BEN, CIPHER, NAMESAKE

from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.databases import create_tables
from tests.harness.fakes import enter
from tests.harness.services import allow_workspaces

WHICH_WORKSPACES = "SELECT anon_1.team_id \nFROM (SELECT links.team_id AS team_id"
TABLES = re.compile(
    r"\b(people|links|availabilities|departures|matches|seen_events|call_links|homes|state_cards"
    r"|welcomes|preferences|snoozes|other_links|contact_answers|reports|planned_sessions|recaps"
    r"|event_ends)\b"
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = Database(DatabaseUrl.parse(database_url))
    if opened.single_process:
        await create_tables(opened)
    yield opened
    await opened.aclose()


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement of the test, of which each must name the workspace in its WHERE.

    All but one: key rotation lists the workspaces.
    """
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)
    for statement in seen:
        if statement.startswith(WHICH_WORKSPACES):
            continue
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and TABLES.search(statement):
            assert "team_id =" in statement.partition("WHERE")[2], statement


@pytest.fixture
async def store(database: Database, statements: list[str]) -> SqlStore:
    """A store that knows three people in two workspaces."""
    await allow_workspaces(database)
    store = SqlStore(database, CIPHER)
    await enter(store, ANA, BEN, NAMESAKE)
    statements.clear()
    return store
