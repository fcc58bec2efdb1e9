"""Durable delivery: what a process began and did not finish, another finishes, once."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from sqlalchemy import Engine, event

from slackbot.delivery import runs, workflow_table
from slackbot.delivery.engine import DeliveryUnusable
from slackbot.domain.errors import MessageDelayed
from slackbot.domain.model import Match, Person
from slackbot.domain.notices import Notice, SessionOver
from slackbot.domain.ports import Posted
from slackbot.services.notices import SENT
from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.delivery import WAIT_SECONDS, all_sent, becomes, engine_file, life, rows, stored
from tests.harness.fakes import ANA, BEN, FakeMessenger, connect, enter, epoch_of, link, until
from tests.harness.postgres import Server

SEND, FIND = "send MatchFound", "find"
LONG = 3600.0


# --- a process ends in the midst of it -----------------------------------------------------------


async def test_a_waiting_notice_is_sent_by_the_next_process(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Ended while Slack makes it wait: the next process searches for it, and sends it once."""
    match = await stored(store)
    messenger.errors = [MessageDelayed("ratelimited", LONG)]
    async with life(url, store, messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await until(lambda: messenger.journal == [SEND])
        assert rows(url) == {match.id: ("PENDING", "first")}
    assert rows(url) == {match.id: ("PENDING", "first")}, "it is not forgotten at the end"
    assert await store.matches.list_pending(ANA.team) == [(ANA, match.id)]
    async with life(url, store, messenger, boot_id="second") as delivery:
        for _ in range(3):
            await delivery.recover([(ANA, match.id)])
            await delivery.submit(ANA, match.id, fresh=False)
        await becomes(lambda: all_sent(store))
        await asyncio.sleep(3 * WAIT_SECONDS)
    assert messenger.journal == [SEND, FIND, SEND]
    assert rows(url)[match.id] == ("CANCELLED", "first")
    assert rows(url)[f"{match.id}-again"] == ("SUCCESS", "second")


class Silent(FakeMessenger):
    """Takes a message and never answers."""

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        await super().send(person, notice, key)
        await asyncio.Event().wait()
        raise AssertionError


async def test_what_was_taken_without_an_answer_is_not_sent_again(
    store: SqlStore, url: str, monkeypatch: pytest.MonkeyPatch
):
    """Ended between the sending and the answer: the next process finds the message and notes it."""
    monkeypatch.setattr(runs, "DRAIN_SECONDS", 0.1)
    match, silent = await stored(store), Silent([])
    async with life(url, store, silent) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await until(lambda: silent.sent)
    assert await store.matches.list_pending(ANA.team) == [(ANA, match.id)]
    messenger = FakeMessenger([])
    messenger.keys = silent.keys
    async with life(url, store, messenger, boot_id="second") as delivery:
        await delivery.recover([])
        await becomes(lambda: all_sent(store))
    assert messenger.journal == [FIND]
    kept = await store.matches.get(ANA, match.id)
    assert kept is not None
    assert (kept.outcome, kept.ts) == (SENT, "1.0")


async def test_remarks_and_ends_of_rounds_are_taken_over_too(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """A remark is looked for first; an edit needs no look."""
    match = await stored(store)
    await store.matches.record_outcome(
        ANA, match.id, SENT, Posted("D-U1", "9.9"), match.received_at
    )
    messenger.errors = [MessageDelayed("ratelimited", LONG)] * 2
    async with life(url, store, messenger) as delivery:
        await delivery.finish(ANA, match.id)
        await delivery.remark(ANA, "a key", SessionOver("Coffee"))
        await until(lambda: len(messenger.journal) == 2)
    messenger.journal.clear()
    async with life(url, store, messenger, boot_id="second") as delivery:
        await delivery.recover([])
        await until(lambda: len(messenger.journal) == 3)
        await becomes(lambda: over(store, match))
    assert sorted(messenger.journal) == ["edit 9.9 MatchOver", FIND, "send SessionOver"]


async def over(store: SqlStore, match: Match) -> bool:
    kept = await store.matches.get(ANA, match.id)
    return kept is not None and kept.over_at is not None


async def test_what_is_being_sent_at_the_end_is_finished(store: SqlStore, url: str):
    """An answer that comes within the time of grace is written down, and nothing is left."""

    class Slow(FakeMessenger):
        async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
            posted = await super().send(person, notice, key)
            await asyncio.sleep(0.3)
            return posted

    match, slow = await stored(store), Slow([])
    async with life(url, store, slow) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await until(lambda: slow.sent)
    assert await all_sent(store)
    assert rows(url) == {match.id: ("SUCCESS", "first")}


async def test_nothing_is_begun_at_the_end(store: SqlStore, messenger: FakeMessenger, url: str):
    """Submitted to a delivery that is closed, it stays pending for the next process."""
    match = await stored(store)
    async with life(url, store, messenger) as delivery:
        await delivery.aclose()
        await delivery.submit(ANA, match.id, fresh=True)
    assert messenger.journal == []
    async with life(url, store, messenger, boot_id="second") as delivery:
        await delivery.submit(ANA, match.id, fresh=False)
        await becomes(lambda: all_sent(store))
    assert messenger.journal == [FIND, SEND]


async def test_a_process_that_dies_while_recovering_is_recovered_from(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """However many processes it takes, it is sent once in the end."""
    match = await stored(store)
    messenger.errors = [MessageDelayed("ratelimited", LONG)]
    for number in range(3):
        async with life(url, store, messenger, boot_id=f"life {number}") as delivery:
            if number == 0:
                await delivery.submit(ANA, match.id, fresh=True)
                await until(lambda: messenger.journal)
                messenger.errors = [None, MessageDelayed("ratelimited", LONG)]
            else:
                await delivery.recover([])
                await until(lambda calls=2 * number: len(messenger.journal) > calls)
    assert messenger.journal == [SEND, FIND, SEND, FIND, SEND]
    assert len(messenger.sent) == 1


# --- whose they are ------------------------------------------------------------------------------


async def test_only_the_notices_of_dead_processes_are_recovered(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Recovering after one process leaves those of another, and our own, where they are."""
    matches = [await stored(store, ordinal) for ordinal in (1, 2, 3)]
    messenger.errors = [MessageDelayed("ratelimited", LONG)] * 3
    for match, boot_id in zip(matches, ("dead", "alive"), strict=False):
        async with life(url, store, messenger, boot_id=boot_id) as delivery:
            asked = len(messenger.journal)
            await delivery.submit(ANA, match.id, fresh=True)
            await until(lambda asked=asked: len(messenger.journal) > asked)
    async with life(url, store, messenger, boot_id="ours", living=["alive"]) as delivery:
        await delivery.submit(ANA, matches[2].id, fresh=True)
        await until(lambda: len(messenger.journal) == 3)
        await delivery.recover(await store.matches.list_pending(ANA.team))
        await until(lambda: messenger.sent)
        await asyncio.sleep(3 * WAIT_SECONDS)
        assert await store.matches.list_pending(ANA.team) == [
            (ANA, match.id) for match in matches[1:]
        ]
        whose = {name: executor for name, (_, executor) in rows(url).items()}
        assert whose == {
            matches[0].id: "dead",
            f"{matches[0].id}-again": "ours",
            matches[1].id: "alive",
            matches[2].id: "ours",
        }
    assert messenger.journal == [SEND] * 3 + [FIND, SEND]


async def test_nobody_recovers_their_own_notices(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """What waits in this process goes on waiting, however often it recovers others."""
    match = await stored(store)
    messenger.errors = [MessageDelayed("ratelimited", LONG)]
    async with life(url, store, messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await until(lambda: messenger.journal)
        for _ in range(3):
            await delivery.recover([(ANA, match.id)])
            assert rows(url) == {match.id: ("PENDING", "first")}
    assert messenger.journal == [SEND]


async def test_the_calls_that_recovery_needs_are_there():
    """It uses public calls of the engine; an upgrade that takes them away is noticed."""
    listing = inspect.signature(DBOS.list_workflows_async).parameters
    wanted = {"status", "workflow_ids", "limit", "offset", "load_input", "load_output"}
    assert wanted | {"completed_before", "workflow_id_prefix"} <= listing.keys()
    for call in (DBOS.cancel_workflows_async, DBOS.delete_workflows_async):
        assert list(inspect.signature(call).parameters)[:1] == ["workflow_ids"]


# --- a copy of last night ------------------------------------------------------------------------


@pytest.mark.parametrize("stands", [True, False])
async def test_a_row_that_forgot_is_looked_for(
    store: SqlStore, messenger: FakeMessenger, url: str, stands: bool
):
    """Restored from before it was sent: the message is found, and sent again only if gone."""
    match = await stored(store)
    async with life(url, store, messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await becomes(lambda: all_sent(store))
        await store.people.forget(ANA)
        await enter(store, ANA)
        await store.matches.add(match)
        if not stands:
            messenger.keys.clear()
        messenger.journal.clear()
        for fresh in (True, False, False):
            await delivery.submit(ANA, match.id, fresh=fresh)
        await becomes(lambda: all_sent(store))
        assert rows(url).keys() == {match.id, f"{match.id}-again"}
    assert messenger.journal == ([FIND] if stands else [FIND, SEND])


async def test_a_row_may_forget_again_and_again(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """However often an older copy is put in its place, it is found where it stands."""
    match = await stored(store)
    async with life(url, store, messenger) as delivery:
        for times in range(4):
            await store.people.forget(ANA)
            await enter(store, ANA)
            await store.matches.add(match)
            await delivery.submit(ANA, match.id, fresh=times == 0)
            await becomes(lambda: all_sent(store))
    assert messenger.journal == [SEND, FIND, FIND, FIND]


async def test_a_round_whose_row_forgot_ends_again(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Else it would be asked for every second, and new ones would wait behind it."""
    match = await stored(store)
    async with life(url, store, messenger) as delivery:
        for _ in range(3):
            await store.people.forget(ANA)
            await enter(store, ANA)
            await store.matches.add(match)
            await store.matches.record_outcome(
                ANA, match.id, SENT, Posted("D-U1", "9.9"), match.received_at
            )
            for _ in range(3):
                await delivery.finish(ANA, match.id)
            await becomes(lambda: over(store, match))
    assert messenger.journal == ["edit 9.9 MatchOver"] * 3


async def test_a_workflow_of_another_process_is_not_looked_up_each_second(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """The scheduler submits it every second; after a death it is recovered all the same."""
    match = await stored(store)
    await store.matches.record_outcome(
        ANA, match.id, SENT, Posted("D-U1", "9.9"), match.received_at
    )
    messenger.errors = [MessageDelayed("ratelimited", LONG)]
    async with life(url, store, messenger) as delivery:
        await delivery.finish(ANA, match.id)
        await until(lambda: len(messenger.journal) == 1)
    living = ["first"]
    async with life(url, store, messenger, boot_id="second", living=living) as delivery:
        with looks() as seen:
            for _ in range(5):
                await delivery.finish(ANA, match.id)
        assert len(seen) == 1
        living.clear()
        await delivery.recover([])
        await becomes(lambda: over(store, match))


@contextmanager
def looks() -> Iterator[list[str]]:
    """Every look for the end of a round that is made within."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.startswith("SELECT") and "-over" in str(values):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


# --- what lies on the disk -----------------------------------------------------------------------


async def test_no_secret_and_no_name_lies_on_the_disk(
    store: SqlStore, messenger: FakeMessenger, url: str, tmp_path: Path
):
    """Neither a token, nor how to join, nor whom somebody met: ids, and a session's title."""
    match = await stored(store)
    async with life(url, store, messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await becomes(lambda: all_sent(store))
        await delivery.finish(ANA, match.id)
        await becomes(lambda: over(store, match))
        await delivery.remark(ANA, "a key", SessionOver("Tea"))
        await delivery.remark(ANA, "another key", SessionOver("Coffee"))
        await until(lambda: len(messenger.sent) == 3)
        lying_there = contents(tmp_path)
    assert match.id.encode() in lying_there, "the workflows are in there"
    hidden = ["the-token", "Zoë", "Ωmega", "CTO", "JoinToken", "AttendeeId", "m-1", "attendee-1"]
    assert [word for word in hidden if word.encode() in lying_there] == []


def contents(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


async def test_what_is_finished_is_kept_for_a_while_only(
    store: SqlStore, messenger: FakeMessenger, url: str, monkeypatch: pytest.MonkeyPatch
):
    """What ended long ago is deleted; what ended lately, or did not, is not."""
    matches = [await stored(store, ordinal) for ordinal in (1, 2)]
    messenger.errors = [None, MessageDelayed("ratelimited", LONG)]
    async with life(url, store, messenger) as delivery:
        for count, match in enumerate(matches, 1):
            await delivery.submit(ANA, match.id, fresh=True)
            await until(lambda count=count: len(messenger.journal) == count)
        await becomes(lambda: finished(url, 1))
        await workflow_table.purge()
        assert rows(url).keys() == {match.id for match in matches}
        monkeypatch.setattr(workflow_table, "RETENTION", timedelta(seconds=-60))
        monkeypatch.setattr(workflow_table, "BATCH", 1)
        await workflow_table.purge()
        assert rows(url).keys() == {matches[1].id}


async def test_what_a_dead_process_left_of_somebody_is_deleted(
    store: SqlStore, messenger: FakeMessenger, url: str, monkeypatch: pytest.MonkeyPatch
):
    """It died between the deletion of the person and that of their workflows."""
    monkeypatch.setattr(workflow_table, "BATCH", 1)
    await connect(store, link(BEN))
    names = [f"{epoch_of(BEN)}-1", f"{epoch_of(ANA)}-1", f"{epoch_of(BEN)}-2", "an older name"]
    messenger.errors = [MessageDelayed("ratelimited", LONG)] * len(names)
    async with life(url, store, messenger) as delivery:
        for name in names:
            person = BEN if name.startswith(epoch_of(BEN)) else ANA
            await delivery.remark(person, name, SessionOver("Tea"))
        await until(lambda: len(messenger.journal) == len(names))
        known = partial(store.people.known_epochs, ANA.team)
        await workflow_table.purge_forgotten(known)
        assert rows(url).keys() == set(names)
        await store.people.forget(BEN)
        await workflow_table.purge_forgotten(known)
        assert rows(url).keys() == {names[1], names[3]}


async def finished(url: str, count: int) -> bool:
    return sum(status == "SUCCESS" for status, _ in rows(url).values()) == count


# --- the engine ----------------------------------------------------------------------------------


async def test_tables_of_another_version_are_refused(
    store: SqlStore, messenger: FakeMessenger, empty_postgresql_url: str
):
    """Without its tables on PostgreSQL it does not start, makes none, and can start elsewhere."""
    for _ in range(2):
        with pytest.raises(DeliveryUnusable, match="tables for delivery"):
            async with life(empty_postgresql_url, store, messenger):
                pytest.fail("it started")
    match = await stored(store)
    async with life("sqlite://", store, messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await becomes(lambda: all_sent(store))


async def test_an_absence_of_its_database_costs_time_only(
    store: SqlStore,
    messenger: FakeMessenger,
    postgresql: Server,
    postgresql_name: str,
    postgresql_url: str,
):
    """What is submitted while PostgreSQL is away is sent once it is back."""
    match = await stored(store)
    async with life(postgresql_url, store, messenger) as delivery:
        with postgresql.away(postgresql_name):
            submitting = asyncio.create_task(delivery.submit(ANA, match.id, fresh=True))
            await asyncio.sleep(0.5)
            assert not submitting.done()
            assert messenger.journal == []
        await submitting
        await becomes(lambda: all_sent(store))
    assert messenger.journal == [SEND]


async def test_names_on_the_disk_stay(store: SqlStore, messenger: FakeMessenger, url: str):
    """A workflow of an older process is found by its name and version, so neither changes idly."""
    match = await stored(store)
    async with life(url, store, messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await becomes(lambda: all_sent(store))
        await delivery.finish(ANA, match.id)
        await delivery.remark(ANA, "a key", SessionOver("Tea"))
        await becomes(lambda: finished(url, 3))
    with sqlite3.connect(engine_file(url)) as connection:
        found = connection.execute("SELECT name, application_version FROM workflow_status")
        assert set(found) == {(name, "delivery-1") for name in ("deliver", "finish", "remark")}


def test_the_engines_file_lies_beside_ours(tmp_path: Path):
    """Apart, so that neither's writes wait for the other's."""
    options = DeliveryDatabase(DatabaseUrl.parse(f"sqlite:///{tmp_path}/bot.db")).options()
    assert options["system_database_url"] == f"sqlite:///{tmp_path}/bot-delivery.db"
