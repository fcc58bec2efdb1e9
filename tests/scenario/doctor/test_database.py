"""`slackbot doctor` names what is wrong with the database, and leaves it as it lies there."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from slackbot.domain.model import AuthScheme, EventSlug, Link, Person, TeamId, UserId
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore

from .patient import Patient, upgraded


async def test_a_lost_key(patient: Patient) -> None:
    """What was sealed with a key that is not there any more is told before it is missed."""
    database = await upgraded(patient)
    link = Link(
        person=Person(TeamId("T1"), UserId("U1")),
        event=EventSlug("demo"),
        token=SecretStr("canary-token"),
        auth_scheme=AuthScheme.BARE,
        linked_at=datetime(2026, 5, 4, tzinfo=UTC),
        credential_digest="d",
    )
    await SqlStore(database, Cipher([bytes(range(32))])).links.save(link)
    await database.aclose()
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "1 of the keys that sealed" in report.on("keys")


async def test_a_data_folder_that_is_none(patient: Patient) -> None:
    """A data folder that nothing can be written into is named."""
    (patient.folder / "var").write_text("I am a file")
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert f"nothing can be written into {patient.folder}/var" in report.on("database")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_data_folder_of_somebody_else(patient: Patient) -> None:
    """A data folder without permission is named."""
    (patient.folder / "var").mkdir(mode=0o500)
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "Permission denied" in report.on("database")


async def test_a_folder_in_the_files_place(patient: Patient) -> None:
    """A database file that cannot be opened is named."""
    (patient.folder / "var/slackbot.db").mkdir(parents=True)
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "cannot be read and written (Is a directory)" in report.on("database")


async def test_a_file_that_is_no_database(patient: Patient) -> None:
    """A damaged file is told as such, and stays as it is."""
    (patient.folder / "var").mkdir()
    file = patient.folder / "var/slackbot.db"
    file.write_text("not a database at all " * 100)
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "damaged or no SQLite database" in report.on("database")
    assert file.read_text() == "not a database at all " * 100


async def test_the_delivery_engines_file_is_none(patient: Patient) -> None:
    """It is opened too: the bot would not start on it."""
    await (await upgraded(patient)).aclose()
    file = patient.folder / "var/slackbot-delivery.db"
    file.write_text("not a database at all " * 100)
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "slackbot-delivery.db is damaged or no SQLite database" in report.on("database")


async def test_a_schema_of_a_later_version(patient: Patient) -> None:
    """A database that a later version has changed is not taken for an old one."""
    database = await upgraded(patient)
    await database.change(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.aclose()
    report = await patient.is_seen_by_doctor()
    assert report.status == 1
    assert "9999 is not known to this version" in report.on("schema")


async def test_an_old_schema(patient: Patient) -> None:
    """A file without our tables is a warning: the next start makes them, the doctor does not."""
    (patient.folder / "var").mkdir()
    file = patient.folder / "var/slackbot.db"
    file.touch()
    report = await patient.is_seen_by_doctor()
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
async def test_a_database_address(patient: Patient, url: str, why: str) -> None:
    """An address that cannot be used, or should not, is told without being repeated."""
    report = await patient.is_seen_by_doctor(DATABASE_URL=url)
    assert report.status == (0 if url == "sqlite://" else 1)
    assert why in report.on("database")
    assert "canary" not in report.printed


@pytest.mark.parametrize(
    ("host", "told"),
    [("127.0.0.1:1", "nothing listens"), ("no..name", "the host's name is not known")],
)
async def test_a_database_server_that_is_not_there(patient: Patient, host: str, told: str) -> None:
    """A PostgreSQL that cannot be reached is told like any other host, without its password."""
    pytest.importorskip("psycopg")
    report = await patient.is_seen_by_doctor(
        DATABASE_URL=f"postgresql+psycopg://bot:canary@{host}/name"
    )
    assert report.status == 1
    assert told in report.on("database")
    assert "DATABASE_URL" in report.on("database")
    assert "canary" not in report.printed
