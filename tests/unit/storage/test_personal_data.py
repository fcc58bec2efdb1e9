"""What is erased is nowhere in SQLite's files, and what is left after a restore is counted."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing, closing
from datetime import timedelta
from pathlib import Path

import pytest

from slackbot.domain.model import MatchId, Person, TeamId, UserId
from slackbot.domain.surfaces import Home
from slackbot.storage import engines
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.databases import create_tables
from tests.harness.fakes import ANA, NOON, availability, enter, epoch_of, link, match
from tests.harness.services import open_store

MATCHES = 12  # of each person, so that the tables have many pages
EVERYBODY = [Person(TeamId("T1"), UserId(f"U0PERSON{number:04}X")) for number in range(60)]
LEAVING, STAYING = EVERYBODY[::2], EVERYBODY[1::2]
SECOND = timedelta(seconds=1)


async def fill(store: SqlStore, person: Person) -> None:
    """Store a link, an availability and matches, whose texts have the person's id in them."""
    await enter(store, person)
    await store.links.save(link(person, account_name=f"The account of {person.user}"))
    await store.availabilities.save(availability(person))
    for ordinal in range(1, MATCHES + 1):
        of_person = {"person": person, "person_epoch": epoch_of(person)}
        named = {"id": MatchId(f"{person.user}-{ordinal}"), "partner_key": f"of {person.user}"}
        await store.matches.add(match(ordinal=ordinal, **of_person, **named))


def content_of(folder: Path) -> bytes:
    """Return the content of all files."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def erase_half(folder: Path) -> tuple[set[str], set[str]]:
    """Fill a file, erase every second person, and return whose ids are in the files."""
    database = Database(DatabaseUrl.parse(f"sqlite:///{folder}/bot.db"))
    async with aclosing(database):
        await create_tables(database)
        store = SqlStore(database, Cipher([bytes(range(32))]))
        for person in EVERYBODY:
            await fill(store, person)
        for person in LEAVING:
            await store.people.forget(person)
        await store.personal_data.overwrite_deleted()
        content = content_of(folder)
    found = {person.user for person in EVERYBODY if person.user.encode() in content}
    return found & {person.user for person in LEAVING}, found


async def test_nothing_of_who_left_is_in_the_files(tmp_path: Path):
    """After many people with rows on many pages, while those of others stay."""
    left, found = await erase_half(tmp_path)
    assert left == set()
    assert found == {person.user for person in STAYING}


async def test_without_overwriting_it_would_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The search can fail: SQLite leaves deleted rows where they were."""
    pragmas = [each.replace("ON", "OFF") for each in (engines.OVERWRITE,)]
    kept = [each for each in engines.WRITER_PRAGMAS if each != engines.OVERWRITE]
    monkeypatch.setattr(engines, "WRITER_PRAGMAS", (*kept, *pragmas))
    left, _ = await erase_half(tmp_path)
    assert left


async def test_a_reader_does_not_hold_up_writes(tmp_path: Path):
    """The log of who left stays for the next time while somebody reads an older state."""
    database = Database(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db"))
    async with aclosing(database):
        await create_tables(database)
        store = SqlStore(database, Cipher([bytes(range(32))]))
        await fill(store, ANA)
        with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM people").fetchall()
            await store.people.forget(ANA)
            async with asyncio.timeout(engines.BUSY_SECONDS / 2):
                await store.personal_data.overwrite_deleted()
                await fill(store, ANA)
            await store.people.forget(ANA)
        await store.personal_data.overwrite_deleted()
        assert ANA.user.encode() not in content_of(tmp_path)


async def test_rows_that_a_backup_brought_back_are_counted():
    """Those from before the time count, and those of who has connected since then do not."""
    async with open_store() as store:
        assert await store.personal_data.count_before(ANA, NOON + SECOND) == 1
        await store.links.save(link())
        assert await store.personal_data.count_before(ANA, NOON + SECOND) == 2
        assert await store.personal_data.count_before(ANA, NOON) == 0
        await store.people.forget(ANA)
        assert await store.personal_data.count_before(ANA, NOON + SECOND) == 0
        await store.surfaces.open_home(Home(person=ANA, opened_at=NOON, view_hash=None))
        assert await store.personal_data.count_before(ANA, NOON + SECOND) == 1
        await store.people.enter(ANA, epoch_of(ANA), NOON + SECOND)
        await store.matches.add(match())
        assert await store.personal_data.count_before(ANA, NOON + SECOND) == 2
        assert await store.personal_data.teams() == ["T1"]
