"""The delivery engine's SQLite: functions that its statements use, also where SQLite is older."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.url import DatabaseUrl


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """One of those that the engine works with."""
    with closing(DeliveryDatabase(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db"))) as database:
        engine: Engine = database.options()["system_database_engine"]
        with engine.connect() as connected:
            yield connected


def test_unixepoch_knows_fractions_of_a_second(connection: Connection) -> None:
    """DBOS takes its times from it on Python 3.12 and later, also where SQLite is before 3.42."""
    before = time.time()
    seconds = connection.scalar(text("SELECT unixepoch('subsec')"))
    assert isinstance(seconds, float)
    assert before - 0.001 <= seconds <= time.time()


def test_a_row_takes_its_time_from_unixepoch(connection: Connection) -> None:
    """As a default of a column, the way DBOS makes its tables: whole milliseconds, never NULL."""
    connection.execute(
        text(
            "CREATE TABLE t (id INTEGER, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))"
        )
    )
    before = int(time.time() * 1000)
    connection.execute(text("INSERT INTO t (id) VALUES (1)"))
    cast = text("SELECT CAST(at AS INTEGER) FROM t")
    assert before <= connection.scalars(cast).one() <= time.time() * 1000


@pytest.mark.parametrize(
    ("argument", "seconds"),
    [
        ("2000-01-01 00:00:01", 946_684_801),
        ("1970-01-01", 0),
        (2440587.5, 0),
        ("nonsense", None),
        (None, None),
    ],
)
def test_unixepoch_of_a_time_stays_as_it_is(
    connection: Connection, argument: Any, seconds: int | None
) -> None:
    """Called with a time it answers what SQLite itself answers: whole seconds, or NULL."""
    found = connection.scalar(text("SELECT unixepoch(:argument)"), {"argument": argument})
    assert found == seconds
    assert not isinstance(found, float)
