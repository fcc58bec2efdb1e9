"""The migration that hangs everything on people, over a database with rows in every table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.migrations import SchemaMismatch
from slackbot.storage.url import DatabaseUrl

AT = "2026-05-04 12:30:15.123456+00:00"
# A person with rows in every table, and another one with a link alone.
ROWS: dict[str, list[dict[str, Any]]] = {
    "links": [
        {
            "team_id": "T1",
            "user_id": user,
            "event": "expo",
            "token_sealed": f"v1.token.{user}",
            "auth_scheme": "bare",
            "account_id": account,
            "linked_at": AT,
            "credential_digest": "d",
            "dm_channel": "D1",
        }
        for user, account in (("U1", 7), ("U2", None))
    ],
    "availabilities": [
        {
            "team_id": "T1",
            "user_id": "U1",
            "event": "expo",
            "session_id": 1,
            "session_title": "Coffee",
            "state": "available",
            "since": AT,
            "baseline_at": AT,
        }
    ],
    "feeds": [
        {
            "team_id": "T1",
            "user_id": "U1",
            "session_id": 1,
            "owner": "a",
            "epoch": 3,
            "wanted_at": AT,
            "connected": True,
            "changed_at": AT,
        }
    ],
    "matches": [
        {
            "team_id": "T1",
            "user_id": user,
            "id": f"m{number}",
            "event": "expo",
            "session_id": 1,
            "session_title": "Coffee",
            "partner_name": "Zoë",
            "partner_key": "id:9",
            "ordinal": number,
            "source": "socket",
            "received_at": AT,
            "call_sealed": "v1.call",
            "outcome": "told",
            "settled_at": AT,
        }
        for user in ("U1", "U2")
        for number in (1, 2)
    ],
    "call_links": [
        {
            "team_id": "T1",
            "id_digest": f"digest of {match}",
            "user_id": "U1",
            "match_id": match,
            "made_at": AT,
            "expires_at": AT,
        }
        for match in ("m1", "m2")
    ],
    "seen_events": [{"team_id": "T1", "event_id": "Ev1", "seen_at": AT}],
    "workers": [{"boot_id": "a", "host": "h", "role": "run", "started_at": AT, "expires_at": AT}],
}
# Rows that should not have been there: of somebody who has left, or of a match that is gone.
ORPHANS = {
    "availabilities": ROWS["availabilities"][0] | {"user_id": "U8"},
    "feeds": ROWS["feeds"][0] | {"user_id": "U8"},
    "matches": ROWS["matches"][0] | {"user_id": "U8"},
    "call_links": ROWS["call_links"][0] | {"id_digest": "x", "match_id": "m9"},
}


def move(connection: Connection, direction: str, revision: str) -> None:
    getattr(command, direction)(schema.configuration(connection), revision)


def insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    values = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})"), row)


def counts(connection: Connection) -> dict[str, int]:
    return {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in ROWS}


def contents(connection: Connection) -> dict[str, set[tuple[Any, ...]]]:
    """Return every row, of the columns that were there before."""
    return {
        table: {
            tuple(found)
            for found in connection.execute(text(f"SELECT {', '.join(rows[0])} FROM {table}"))
        }
        for table, rows in ROWS.items()
    }


@pytest.fixture
async def database(empty_database_url: str) -> AsyncIterator[Database]:
    """A database of the revision before, with rows in every table."""
    opened = Database(DatabaseUrl.parse(empty_database_url))

    def fill(connection: Connection) -> None:
        move(connection, "upgrade", "0006")
        for table, rows in ROWS.items():
            for row in rows:
                insert(connection, table, row)

    await opened.write(fill, migrating=True)
    yield opened
    await opened.aclose()


async def test_every_row_is_kept_up_and_down(database: Database):
    """All rows are the same afterwards, and people have one epoch each in all of theirs."""
    before = await database.read(contents)
    assert {table: len(rows) for table, rows in before.items()} == {
        table: len(rows) for table, rows in ROWS.items()
    }
    for _ in range(2):
        with capture_logs() as lines:
            await schema.upgrade(database)
        assert [line for line in lines if line["event"] == "orphans_removed"] == []
        assert await database.read(contents) == before
        epochs = await database.read(
            lambda connection: connection.execute(
                text(
                    "SELECT people.user_id, people.epoch, account FROM people LEFT JOIN matches "
                    "ON matches.team_id = people.team_id AND matches.user_id = people.user_id "
                    "AND person_epoch = people.epoch"
                )
            ).all()
        )
        assert sorted((user, account) for user, _, account in epochs) == [
            ("U1", "7"),
            ("U1", "7"),
            ("U2", ""),
            ("U2", ""),
        ]
        assert {len(epoch) for _, epoch, _ in epochs} == {16}
        assert len({epoch for _, epoch, _ in epochs}) == 2
        await database.write(lambda c: move(c, "downgrade", "0006"), migrating=True)
        assert await database.read(contents) == before


async def test_what_belongs_to_nobody_is_removed_and_counted(database: Database):
    """One line of the log for each table; everything else stays."""
    before = await database.read(contents)
    for table, row in ORPHANS.items():
        await database.write(lambda c, table=table, row=row: insert(c, table, row))
    with capture_logs() as lines:
        await schema.upgrade(database)
    removed = {line["table"]: line["count"] for line in lines if line["event"] == "orphans_removed"}
    assert removed == dict.fromkeys(ORPHANS, 1)
    assert await database.read(contents) == before


async def test_deleting_a_person_deletes_their_rows(database: Database):
    """Of the migrated rows too, and none of another person."""
    await schema.upgrade(database)
    await database.execute(text("DELETE FROM people WHERE user_id = 'U1'"))
    assert await database.read(counts) == {
        "links": 1,
        "availabilities": 0,
        "feeds": 0,
        "matches": 2,
        "call_links": 0,
        "seen_events": 1,
        "workers": 1,
    }
    await database.execute(text("DELETE FROM workspaces"))
    assert set((await database.read(counts)).values()) == {0, 1}
    assert (await database.read(counts))["workers"] == 1


async def test_an_older_process_still_writes(database: Database):
    """On PostgreSQL `migrate` runs beside the old version: its rows belong to who is there."""
    if database.single_process:
        pytest.skip("on SQLite nobody runs meanwhile")
    await schema.upgrade(database)
    newer = ROWS["links"][0] | {"user_id": "U3", "account_id": 5}
    match = ROWS["matches"][0] | {"user_id": "U3", "id": "m5"}
    for table, row in (("links", newer), ("matches", match)):
        await database.write(lambda c, table=table, row=row: insert(c, table, row))
    owned = "SELECT account FROM matches NATURAL JOIN people WHERE user_id = 'U3'"
    owned += " AND person_epoch = people.epoch"
    assert await database.read(lambda connection: connection.scalar(text(owned))) == "5"
    stranger = match | {"user_id": "U9"}
    with pytest.raises(IntegrityError):
        await database.write(lambda connection: insert(connection, "matches", stranger))


async def test_a_migration_never_runs_with_the_keys_on(database: Database):
    """On SQLite replacing a table would then delete the rows that refer to it."""
    if not database.single_process:
        pytest.skip("PostgreSQL can change a table")
    before = await database.read(contents)
    with pytest.raises(RuntimeError, match="enforces foreign keys"):
        await database.write(lambda connection: move(connection, "upgrade", "head"))
    assert await database.read(contents) == before


async def test_rows_that_belong_to_nothing_stop_a_migration(database: Database):
    """And nothing is changed by it."""
    if not database.single_process:
        pytest.skip("PostgreSQL keeps its keys at all times")
    await schema.upgrade(database)

    def break_keys(connection: Connection) -> None:
        connection.execute(text("DELETE FROM people WHERE user_id = 'U1'"))

    await database.write(break_keys, migrating=True)
    with pytest.raises(SchemaMismatch, match=r"belong to nothing that is kept \(links, matches\)"):
        await database.write(lambda c: move(c, "upgrade", "head"), migrating=True)
