"""`slackbot doctor` names what is wrong with the database, and leaves it as it lies there."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from slackbot.domain.model import AuthScheme, Epoch, EventSlug, Link, Person, TeamId, UserId
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness import postgres

from .installation import Installation, upgraded


async def test_a_lost_key(installation: Installation) -> None:
    """A value that was encrypted with a key that is no longer there is a failure."""
    database = await upgraded(installation)
    link = Link(
        person=Person(TeamId("T1"), UserId("U1")),
        person_epoch=Epoch("e" * 16),
        event=EventSlug("demo"),
        token=SecretStr("canary-token"),
        auth_scheme=AuthScheme.BARE,
        linked_at=datetime(2026, 5, 4, tzinfo=UTC),
        credential_digest="d",
    )
    store = SqlStore(database, Cipher([bytes(range(32))]))
    await store.people.enter_workspace(link.person.team, link.linked_at)
    await store.people.enter(link.person, link.person_epoch, link.linked_at)
    await store.links.save(link)
    await database.aclose()
    report = await installation.run_doctor()
    assert report.status == 1
    assert "1 of the keys that sealed" in report.on("keys")


async def test_a_data_folder_that_is_a_file(installation: Installation) -> None:
    """A data folder that nothing can be written into is named."""
    (installation.folder / "var").write_text("I am a file")
    report = await installation.run_doctor()
    assert report.status == 1
    assert f"nothing can be written into {installation.folder}/var" in report.on("database")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_data_folder_of_another_user(installation: Installation) -> None:
    """A data folder without permission is named."""
    (installation.folder / "var").mkdir(mode=0o500)
    report = await installation.run_doctor()
    assert report.status == 1
    assert "Permission denied" in report.on("database")


async def test_a_folder_in_the_files_place(installation: Installation) -> None:
    """A database file that cannot be opened is named."""
    (installation.folder / "var/slackbot.db").mkdir(parents=True)
    report = await installation.run_doctor()
    assert report.status == 1
    assert "cannot be read and written (Is a directory)" in report.on("database")


async def test_a_file_that_is_no_database(installation: Installation) -> None:
    """A damaged file is named, and stays as it is."""
    (installation.folder / "var").mkdir()
    file = installation.folder / "var/slackbot.db"
    file.write_text("not a database at all " * 100)
    report = await installation.run_doctor()
    assert report.status == 1
    assert "damaged or no SQLite database" in report.on("database")
    assert file.read_text() == "not a database at all " * 100


async def test_a_damaged_delivery_database(installation: Installation) -> None:
    """The delivery engine's file is checked as well: the bot would not start on it."""
    await (await upgraded(installation)).aclose()
    file = installation.folder / "var/slackbot-delivery.db"
    file.write_text("not a database at all " * 100)
    report = await installation.run_doctor()
    assert report.status == 1
    assert "slackbot-delivery.db is damaged or no SQLite database" in report.on("database")


async def test_a_schema_of_a_later_version(installation: Installation) -> None:
    """A database that a later version has changed is not mistaken for an old one."""
    database = await upgraded(installation)
    await database.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.aclose()
    report = await installation.run_doctor()
    assert report.status == 1
    assert "9999 is not known to this version" in report.on("schema")


async def test_an_old_schema(installation: Installation) -> None:
    """A file without our tables is a warning: the next start creates them, the doctor does not."""
    (installation.folder / "var").mkdir()
    file = installation.folder / "var/slackbot.db"
    file.touch()
    report = await installation.run_doctor()
    assert (report.status, file.stat().st_size) == (0, 0)
    assert report.on("schema").startswith("warning")
    assert "slackbot migrate" in report.on("schema")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mysql://canary:canary@host/name", "only sqlite:// and postgresql+psycopg://"),
        ("canary", "not a database URL"),
        (
            "postgresql+asyncpg://canary:canary@127.0.0.1/name",
            "only sqlite:// and postgresql+psycopg://",
        ),
        ("sqlite://", "in memory"),
    ],
)
async def test_a_database_address(installation: Installation, url: str, why: str) -> None:
    """A URL that cannot be used, or should not be, is a finding that does not repeat it."""
    report = await installation.run_doctor(DATABASE_URL=url)
    assert report.status == (0 if url == "sqlite://" else 1)
    assert why in report.on("database")
    assert "canary" not in report.printed


@pytest.mark.parametrize(
    ("host", "message"),
    [("127.0.0.1:1", "nothing listens"), ("no..name", "the host's name is not known")],
)
async def test_a_database_server_that_is_not_there(
    installation: Installation, host: str, message: str
) -> None:
    """An unreachable PostgreSQL is named like any other host, without its password."""
    pytest.importorskip("psycopg")
    report = await installation.run_doctor(
        DATABASE_URL=f"postgresql+psycopg://bot:canary@{host}/name"
    )
    assert report.status == 1
    assert message in report.on("database")
    assert "DATABASE_URL" in report.on("database")
    assert "canary" not in report.printed


async def test_the_delivery_tables_on_postgresql(
    installation: Installation,
    postgresql: postgres.Server,
    empty_postgresql_url: str,
) -> None:
    """Missing and old tables of the delivery engine are named; `migrate` puts both right."""
    installation.environment["DATABASE_URL"] = empty_postgresql_url
    name = empty_postgresql_url.partition("?")[0].rpartition("/")[2]
    report = await installation.run_doctor()
    assert report.status == 1
    assert "its tables are missing → run slackbot migrate" in report.on("delivery")
    await installation.run("migrate")
    report = await installation.run_doctor()
    assert (report.status, report.on("delivery").startswith("ok")) == (0, True), report.printed
    old = "UPDATE dbos.dbos_migrations SET version = 1"
    await asyncio.to_thread(postgresql.execute, old, name)
    report = await installation.run_doctor()
    assert report.status == 1
    assert "its tables are 1 of " in report.on("delivery")
    new = "UPDATE dbos.dbos_migrations SET version = 100000"
    await asyncio.to_thread(postgresql.execute, new, name)
    assert "of a newer version" in (await installation.run_doctor()).on("delivery")
