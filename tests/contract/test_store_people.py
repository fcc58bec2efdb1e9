"""Promises of the repository of people: who has left has no rows, and gets none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from store_samples import (
    ANA,
    BEN,
    CIPHER,
    NAMESAKE,
    NOW,
    OTHER_TEAM,
    TEAM,
    availability,
    call_link,
    fill,
    link,
    pairing,
    preferences,
    report,
)

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Epoch, Person, TeamId
from slackbot.domain.stores import Forgotten, Store
from slackbot.storage import migrations as schema
from slackbot.storage.columns import Base, PersonRow
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import enter, epoch_of

LATER = timedelta(minutes=10)
NEXT = Epoch("f" * 16)


async def rows_of(database: Database, person: Person) -> dict[str, int]:
    """Count the rows about a person in every table that has any."""
    counts = {}
    for table in Base.metadata.sorted_tables:
        if "user_id" in table.c:
            of_person = (table.c.team_id == person.team, table.c.user_id == person.user)
            counted = select(func.count()).select_from(table).where(*of_person)
            [counts[table.name]] = await database.fetch_column(counted)
    return {name: count for name, count in counts.items() if count}


def writes(store: Store, person: Person) -> list[Awaitable[object]]:
    """Return everything that may still be written for somebody by a process that knows them."""
    return [
        store.links.save(link(person)),
        store.availabilities.save(availability(person)),
        store.preferences.save(preferences(person)),
        store.matches.add(pairing(person, number=7)),
        store.call_links.add(call_link(person, number=7)),
        store.call_links.replace(call_link(person, number=8)),
        store.reports.add(report(person)),
    ]


def test_every_table_is_deleted_with_its_workspace():
    """From each table that names a workspace, keys that delete lead up to `workspaces`."""
    tables = Base.metadata.tables
    parents = {
        name: {
            constraint.referred_table.name
            for constraint in table.foreign_key_constraints
            if constraint.ondelete == "CASCADE" and "team_id" in constraint.column_keys
        }
        for name, table in tables.items()
    }
    reached = {"workspaces"}
    while more := {name for name in parents if parents[name] & reached} - reached:
        reached |= more
    assert {name for name, table in tables.items() if "team_id" in table.c} == reached
    of_people = {table.__tablename__ for table in PersonRow.__subclasses__()} - {"people"}
    assert all("person_epoch" in tables[name].c for name in of_people)


async def test_a_person_keeps_their_epoch_until_they_are_deleted(store: Store):
    """To enter them again meanwhile returns the epoch that they have."""
    assert await store.people.enter(ANA, NEXT, NOW) == epoch_of(ANA)
    await store.links.save(link())
    entered = [store.people.enter(ANA, Epoch(f"{n:016x}"), NOW) for n in range(10)]
    assert set(await asyncio.gather(*entered)) == {epoch_of(ANA)}
    await store.people.forget(ANA)
    epochs = [store.people.enter(ANA, Epoch(f"{n:016x}"), NOW) for n in range(10)]
    assert len(set(await asyncio.gather(*epochs))) == 1


async def test_nothing_is_written_for_somebody_who_has_left(store: SqlStore, database: Database):
    """Neither by who remembers them, nor once they have connected again."""
    await fill(store, ANA)
    await fill(store, BEN)
    kept = await rows_of(database, BEN)
    elsewhere = SqlStore(database, CIPHER)
    for process in (store, elsewhere):
        assert await process.links.get(ANA) == link()
    await elsewhere.people.forget(ANA)
    for entered_again in (False, True):
        if entered_again:
            await store.people.enter(ANA, NEXT, NOW)
            await store.links.save(link(person_epoch=NEXT))
        for write in writes(store, ANA):
            with pytest.raises(NotLinked):
                await write
    assert await rows_of(database, ANA) == {"people": 1, "links": 1}
    assert await elsewhere.links.get(ANA) == link(person_epoch=NEXT)
    assert await rows_of(database, BEN) == kept


async def test_nothing_is_written_for_a_workspace_that_removed_the_app(
    store: SqlStore, database: Database
):
    """Until it is entered again; other workspaces stay."""
    await fill(store, ANA)
    await fill(store, NAMESAKE)
    kept = await rows_of(database, NAMESAKE)
    assert set(await store.people.forget_workspace(TEAM)) == {epoch_of(ANA), epoch_of(BEN)}
    for write in (store.people.enter(BEN, NEXT, NOW), *writes(store, ANA)):
        with pytest.raises(NotLinked):
            await write
    assert await store.events.record(TEAM, "Ev1", NOW)
    assert await store.events.record(TEAM, "Ev1", NOW), "nothing is kept of it"
    assert await rows_of(database, ANA) == {}
    assert await rows_of(database, NAMESAKE) == kept
    await enter(store, ANA)
    await fill(store, ANA)


async def test_crossed_with_every_write_forgetting_wins(store: SqlStore, database: Database):
    """At the same moment as ten writes of another process: no row is left, none fails otherwise."""
    elsewhere = SqlStore(database, CIPHER)
    for number in range(12):
        await enter(store, ANA)
        await fill(store, ANA)
        crossed = [*writes(elsewhere, ANA), *writes(store, ANA)]
        leaving = store.people.forget if number % 2 else elsewhere.people.forget
        crossed.insert(number % len(crossed), leaving(ANA))
        done = await asyncio.gather(*crossed, return_exceptions=True)
        unexpected = [e for e in done if isinstance(e, Exception) and not isinstance(e, NotLinked)]
        assert unexpected == []
        assert await rows_of(database, ANA) == {}


async def test_an_old_removal_leaves_who_connected_since(store: SqlStore, database: Database):
    """A person is deleted by the time of their link, a workspace once nobody is left in it."""
    before, at, after = NOW - LATER, NOW, NOW + LATER
    for team in (TEAM, OTHER_TEAM):
        await store.people.forget_workspace(team)
    await store.people.enter_workspace(TEAM, before)
    for person, linked_at in ((ANA, before), (BEN, after)):
        await store.people.enter(person, epoch_of(person), before)
        await store.links.save(link(person, linked_at=linked_at))
    assert await store.people.forget(BEN, at) is None
    assert await store.people.forget_workspace(TEAM, at) == [epoch_of(ANA)]
    assert await rows_of(database, ANA) == {}
    assert await rows_of(database, BEN) == {"people": 1, "links": 1}
    assert await store.people.forget(BEN, after) == Forgotten(epoch_of(BEN), linked=True)
    assert await store.people.forget_workspace(TEAM, before - LATER) == []
    await store.people.enter(ANA, NEXT, after)
    assert await store.people.forget_workspace(TEAM, at) == []
    assert await store.people.forget_workspace(TEAM, after) == [NEXT]
    with pytest.raises(NotLinked):
        await store.people.enter(ANA, NEXT, after)


async def test_who_never_connected_is_deleted_after_a_while(store: SqlStore, database: Database):
    """Not who is connected, and not who begins again at that moment."""
    await store.links.save(link())
    await store.people.enter(BEN, epoch_of(BEN), NOW + LATER)
    assert await store.people.delete_unlinked(TEAM, NOW + LATER) == 0
    assert await store.people.delete_unlinked(TEAM, NOW + LATER + LATER) == 1
    assert await rows_of(database, ANA) == {"people": 1, "links": 1}
    assert await rows_of(database, BEN) == {}
    assert await rows_of(database, NAMESAKE) == {"people": 1}


async def test_epochs_of_people_who_left_are_unknown(store: SqlStore):
    """Of the workspace's people only; the namesake in another workspace is not asked for."""
    asked = [epoch_of(ANA), epoch_of(BEN), epoch_of(NAMESAKE), NEXT]
    assert await store.people.known_epochs(TEAM, asked) == {epoch_of(ANA), epoch_of(BEN)}
    await store.people.forget(BEN)
    assert await store.people.known_epochs(TEAM, asked) == {epoch_of(ANA)}
    assert await store.people.known_epochs(TEAM, []) == set()


async def test_a_database_belongs_to_one_workspace(empty_database_url: str):
    """The first one that is entered; a second one is not, and learns whose it is."""
    database = Database(DatabaseUrl.parse(empty_database_url))
    await schema.upgrade(database)
    people = SqlStore(database, CIPHER).people
    others = [TeamId(f"T{number}") for number in range(10)]
    owners = await asyncio.gather(*(people.enter_workspace(team, NOW) for team in others))
    assert len(set(owners)) == 1
    assert await people.enter_workspace(owners[0], NOW + LATER) == owners[0]
    stranger = next(team for team in others if team != owners[0])
    with pytest.raises(NotLinked):
        await people.enter(Person(stranger, ANA.user), NEXT, NOW)
    await database.aclose()
