"""Promises of key rotation: it runs beside a live bot, and the old key can be removed."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, event, select
from store_samples import ANA, BEN, CALL, EXPO, NAMESAKE, TEAM, fill, link, pairing

from slackbot.domain.model import Link, Person, UserId
from slackbot.storage import key_rotation as rotation
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.key_rotation import RotationResult, rotate
from slackbot.storage.mappers import TOKEN
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import LinkRow
from tests.harness.fakes import connect

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
BOTH, ONLY_NEW = Cipher([NEW, OLD]), Cipher([NEW])
CROWD = [Person(TEAM, UserId(f"U{n:04}")) for n in range(45)]


async def test_every_value_is_rotated_once(store: SqlStore, database: Database):
    """Tokens, calls and reports of every workspace are readable with the new key alone."""
    for person in (ANA, BEN, NAMESAKE):
        await fill(store, person)
    await store.matches.add(pairing(number=2, call=None))
    assert await rotate(database, BOTH) == RotationResult(rotated=12)
    assert await rotate(database, ONLY_NEW) == RotationResult(already_current=12)
    after = SqlStore(database, ONLY_NEW)
    for person in (ANA, BEN, NAMESAKE):
        assert await after.links.get(person) == link(person)
        kept = await after.matches.get(person, pairing().id)
        assert kept == pairing(person)


async def test_an_empty_database_needs_no_rotation(database: Database):
    """No rows, no counts, no error."""
    assert await rotate(database, BOTH) == RotationResult()


async def test_more_than_one_batch(store: SqlStore, database: Database):
    """Every row is rotated once, however many there are."""
    await asyncio.gather(*(connect(store, link(person)) for person in CROWD))
    assert await rotate(database, BOTH, batch_size=20) == RotationResult(rotated=len(CROWD))
    assert await rotate(database, ONLY_NEW, batch_size=15) == RotationResult(
        already_current=len(CROWD)
    )


async def test_undecryptable_values_are_counted_and_left(store: SqlStore, database: Database):
    """By reason; the rest is rotated all the same."""
    stranger = SqlStore(database, Cipher([bytes(range(2, 34))]))
    await stranger.links.save(link(BEN))
    await stranger.matches.add(pairing(BEN))
    await store.links.save(link())
    found = await rotate(database, BOTH)
    assert found == RotationResult(rotated=1, undecryptable=Counter({"unknown key": 2}))
    assert await stranger.links.get(BEN) == link(BEN)
    assert await SqlStore(database, ONLY_NEW).links.get(ANA) == link()


async def test_a_value_that_was_replaced_meanwhile_stays(store: SqlStore, database: Database):
    """A person links again between read and write: the newer token is not overwritten."""
    await store.links.save(link())
    newer = BOTH.encrypt("newer", person=ANA, purpose=TOKEN, row=EXPO)
    pending = [newer]

    def link_again(connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("UPDATE links") and pending:
            value = pending.pop()
            connection.exec_driver_sql(
                f"UPDATE links SET token_sealed = '{value}' WHERE team_id = 'T1'"
            )

    event.listen(Engine, "before_cursor_execute", link_again)
    try:
        found = await rotate(database, BOTH)
    finally:
        event.remove(Engine, "before_cursor_execute", link_again)
    assert not pending
    assert found == RotationResult(already_current=1)
    [kept] = await database.fetch_column(
        select(LinkRow.token_sealed).where(LinkRow.team_id == TEAM)
    )
    assert kept == newer


async def test_keys_rotate_beside_a_running_bot(store: SqlStore, database: Database):
    """While people link, are matched and leave, everything is rotated and nothing is lost."""
    for person in CROWD:
        await connect(store, link(person))
        await store.matches.add(pairing(person))
    bot = SqlStore(database, BOTH)

    async def live(person: Person) -> Link | None:
        latest = link(person, token=SecretStr(f"newer of {person.user}"))
        await bot.links.save(latest)
        await bot.matches.add(pairing(person, number=2))
        if person.user.endswith("7"):
            await bot.people.forget(person)
            return None
        return latest

    found, *latest = await asyncio.gather(
        rotate(database, BOTH, batch_size=5), *map(live, CROWD[::3])
    )
    assert found.undecryptable.total() == 0
    assert (await rotate(database, ONLY_NEW)).undecryptable.total() == 0
    after = SqlStore(database, ONLY_NEW)
    for person, expected in zip(CROWD[::3], latest, strict=True):
        assert await after.links.get(person) == expected
    for kept in await after.matches.list_for(CROWD[0], EXPO):
        match = await after.matches.get(CROWD[0], kept.id)
        assert match is not None
        assert match.call == CALL


def test_every_encrypted_column_is_rotated():
    """No column named `*_sealed` is left out."""
    sealed = {
        column.name
        for table in LinkRow.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert sealed == {column.column.key for column in rotation.ENCRYPTED_COLUMNS}
