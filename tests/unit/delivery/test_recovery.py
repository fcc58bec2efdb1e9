"""Liveness: a notice is under way only with somebody alive, whatever its row's status says."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from slackbot.domain.errors import MessageDelayed
from slackbot.domain.model import Match
from slackbot.domain.notices import SessionOver
from slackbot.domain.ports import Posted
from slackbot.services.notices import SENT
from slackbot.storage.store import SqlStore
from slackbot.telemetry import NOTICES_UNOWNED
from tests.harness.delivery import WAIT_SECONDS, all_sent, becomes, carry_out, life, rows, stored
from tests.harness.fakes import ANA, FakeMessenger, until
from tests.harness.postgres import Server

SEND, FIND, REMARK = "send MatchFound", "find", "send SessionOver"
OVER = SessionOver("Coffee")
LONG = 3600.0


async def left_by_a_dead_one(store: SqlStore, url: str, messenger: FakeMessenger) -> Match:
    """Return a match whose notice waits in a process that then dies."""
    match = await stored(store)
    messenger.errors = [MessageDelayed("ratelimited", LONG)]
    async with life(url, store, messenger) as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await until(lambda: messenger.journal == [SEND])
    messenger.journal.clear()
    return match


# --- a caller that is cancelled ------------------------------------------------------------------


@contextmanager
def insert_held() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Hold the engine's insert of a workflow; the first event says that it began."""
    began, released = threading.Event(), threading.Event()

    def hold(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if "INSERT INTO" in statement and "workflow_status" in statement:
            began.set()
            released.wait(10)

    event.listen(Engine, "before_cursor_execute", hold)
    try:
        yield began, released
    finally:
        released.set()
        event.remove(Engine, "before_cursor_execute", hold)


@pytest.mark.parametrize("kind", ["submit", "finish", "remark"])
async def test_a_start_goes_on_when_its_caller_is_cancelled(
    store: SqlStore, messenger: FakeMessenger, url: str, kind: str
):
    """As at a hand-over of a feed: between the insert and the task nothing is given up."""
    match = await stored(store)
    if kind == "finish":
        posted = Posted("D-U1", "9.9")
        await store.matches.record_outcome(ANA, match.id, SENT, posted, match.received_at)
    async with life(url, store, messenger) as delivery:
        starts = {
            "submit": delivery.submit(ANA, match.id, fresh=True),
            "finish": delivery.finish(ANA, match.id),
            "remark": delivery.remark(ANA, "a key", OVER),
        }
        with insert_held() as (began, released):
            caller = asyncio.create_task(starts.pop(kind))
            for other in starts.values():
                other.close()
            await until(began.is_set)
            caller.cancel()
            await asyncio.gather(caller, return_exceptions=True)
            assert caller.cancelled()
            released.set()
            await until(lambda: messenger.journal)
    expected = {"submit": SEND, "finish": "edit 9.9 MatchOver", "remark": REMARK}
    assert messenger.journal == [expected[kind]]
    assert {status for status, _ in rows(url).values()} == {"SUCCESS"}


async def test_cancelled_at_any_step_it_is_sent_once(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Wherever `submit` is cancelled, the next search sends what was not begun, and no other."""
    matches = [await stored(store, ordinal) for ordinal in range(1, 13)]
    async with life(url, store, messenger) as delivery:
        for steps, match in enumerate(matches):
            caller = asyncio.create_task(delivery.submit(ANA, match.id, fresh=True))
            for _ in range(steps):
                await asyncio.sleep(0)
            caller.cancel()
            await asyncio.gather(caller, return_exceptions=True)
        await delivery.recover(await store.matches.list_pending(ANA.team))
        await becomes(lambda: all_sent(store))
    assert len(messenger.sent) == len(matches)


# --- an owner that is not alive ------------------------------------------------------------------


async def test_ours_without_a_task_is_taken_up(store: SqlStore, messenger: FakeMessenger, url: str):
    """The engine claimed it for this process, and lost its database before it started it."""
    match = await left_by_a_dead_one(store, url, messenger)
    async with life(url, store, messenger, boot_id="second") as delivery:
        carry_out(url, "UPDATE workflow_status SET executor_id = 'second'")
        await delivery.submit(ANA, match.id, fresh=False)
        await becomes(lambda: all_sent(store))
    assert messenger.journal == [FIND, SEND]


async def test_what_waits_in_the_engines_queue_is_left_to_it(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """An earlier version resumed it: whichever process takes it searches first, and sends it."""
    match = await left_by_a_dead_one(store, url, messenger)
    async with life(url, store, messenger, boot_id="second") as delivery:
        carry_out(
            url,
            "UPDATE workflow_status SET status = 'ENQUEUED', owner_xid = NULL, "
            "queue_name = '_dbos_internal_queue'",
        )
        for _ in range(3):
            await delivery.recover([(ANA, match.id)])
        await becomes(lambda: all_sent(store))
    assert messenger.journal == [FIND, SEND]
    assert rows(url) == {match.id: ("SUCCESS", "second")}


async def test_only_one_of_several_takes_over(store: SqlStore, messenger: FakeMessenger, url: str):
    """The successor's insert decides: who comes second runs nothing, and cancels what was left."""
    match = await left_by_a_dead_one(store, url, messenger)
    again = f"{match.id}-again"
    async with life(url, store, messenger, boot_id="second", living=["faster"]) as delivery:
        columns = [name for _, name, *_ in carry_out(url, "PRAGMA table_info(workflow_status)")]
        values = {"workflow_uuid": "?", "executor_id": "'faster'"}
        row = ", ".join(values.get(column, column) for column in columns)
        carry_out(
            url,
            f"INSERT INTO workflow_status ({', '.join(columns)}) SELECT {row} FROM workflow_status",
            again,
        )
        await delivery.recover([(ANA, match.id)])
        await asyncio.sleep(3 * WAIT_SECONDS)
    assert messenger.journal == []
    assert rows(url) == {match.id: ("CANCELLED", "first"), again: ("PENDING", "faster")}


async def test_who_lost_the_lease_takes_nothing_over(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Others recover from this process: what it began may already be theirs."""
    match = await left_by_a_dead_one(store, url, messenger)
    async with life(url, store, messenger, boot_id="second") as delivery:

        async def nobody() -> frozenset[str]:
            return frozenset()

        delivery._table._living = nobody
        await delivery.recover([(ANA, match.id)])
        assert rows(url) == {match.id: ("PENDING", "first")}
    assert messenger.journal == []


async def test_what_another_has_begun_is_searched_for(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """A match submitted as new whose workflow exists was begun elsewhere, and may be sent."""
    match = await left_by_a_dead_one(store, url, messenger)
    messenger.keys[ANA, match.id] = Posted("D-U1", "9.9")
    async with life(url, store, messenger, boot_id="second") as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await delivery.recover([(ANA, match.id)])
        await becomes(lambda: all_sent(store))
    assert messenger.journal == [FIND]


# --- other versions ------------------------------------------------------------------------------


async def test_a_match_of_a_later_version_is_sent(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Its process died, and its workflow's name is unknown here; the match is known."""
    match = await left_by_a_dead_one(store, url, messenger)
    carry_out(url, "UPDATE workflow_status SET name = 'deliver-of-tomorrow'")
    async with life(url, store, messenger, boot_id="second") as delivery:
        await delivery.submit(ANA, match.id, fresh=True)
        await delivery.recover([(ANA, match.id)])
        await becomes(lambda: all_sent(store))
        await delivery.recover([])
    assert messenger.journal == [FIND, SEND]
    assert rows(url)[match.id] == ("CANCELLED", "first")
    assert NOTICES_UNOWNED._value.get() == 0


async def test_a_remark_of_a_later_version_is_left_to_it(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Nobody here knows what it says: it stays as it is, and the gauge counts it."""
    messenger.errors = [MessageDelayed("ratelimited", LONG)]
    async with life(url, store, messenger) as delivery:
        await delivery.remark(ANA, "a key", OVER)
        await until(lambda: messenger.journal == [REMARK])
    carry_out(url, "UPDATE workflow_status SET name = 'remark-of-tomorrow'")
    async with life(url, store, messenger, boot_id="second") as delivery:
        await delivery.recover([])
        assert rows(url) == {"a key": ("PENDING", "first")}
        assert (delivery.unowned, NOTICES_UNOWNED._value.get()) == (1, 1)
    carry_out(url, "UPDATE workflow_status SET name = 'remark'")
    async with life(url, store, messenger, boot_id="third") as delivery:
        await delivery.recover([])
        await until(lambda: messenger.sent)
        assert (delivery.unowned, NOTICES_UNOWNED._value.get()) == (0, 0)
    assert messenger.journal == [REMARK, FIND, REMARK]


# --- who left ------------------------------------------------------------------------------------


async def test_nothing_is_kept_of_a_notice_to_nobody(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Its match is gone: the workflow's row goes too, in any process."""
    match = await left_by_a_dead_one(store, url, messenger)
    await store.people.forget(ANA)
    async with life(url, store, messenger, boot_id="second") as delivery:
        await delivery.recover([])
        await until(lambda: {status for status, _ in rows(url).values()} == {"CANCELLED"})
        await delivery.submit(ANA, match.id, fresh=True)
        await delivery.finish(ANA, match.id)
        await until(lambda: rows(url).keys() == {match.id})
    assert messenger.sent == []


async def test_to_forget_somebody_deletes_their_notices(
    store: SqlStore, messenger: FakeMessenger, url: str
):
    """Those that wait here or anywhere, and those that were sent; nobody else's."""
    for key, delay in (("epoch-0", LONG), ("epoch-1", LONG), ("epoch-2", 0.0), ("other-3", LONG)):
        messenger.errors = [MessageDelayed("ratelimited", delay)]
        boot_id = "gone" if key == "epoch-0" else "here"
        async with life(url, store, messenger, boot_id=boot_id) as delivery:
            await delivery.remark(ANA, key, OVER)
            await until(lambda: not messenger.errors)
    async with life(url, store, messenger, boot_id="here too") as delivery:
        await delivery.recover([])
        messenger.errors = [MessageDelayed("ratelimited", LONG)]
        await delivery.remark(ANA, "epoch-4", OVER)
        await until(lambda: not messenger.errors)
        await delivery.forget("epoch")
        assert {name.partition("-")[0] for name in rows(url)} == {"other"}
    tables = [
        name for (name,) in carry_out(url, "SELECT name FROM sqlite_master WHERE type='table'")
    ]
    for table in ("workflow_input", "workflow_output", "operation_outputs", "notifications"):
        assert table in tables
        column = "destination_uuid" if table == "notifications" else "workflow_uuid"
        found = carry_out(url, f"SELECT * FROM {table} WHERE {column} LIKE 'epoch-%'")
        assert found == []


async def test_a_notice_that_ends_while_it_is_deleted_leaves_nothing(
    store: SqlStore,
    messenger: FakeMessenger,
    postgresql: Server,
    postgresql_name: str,
    postgresql_url: str,
):
    """Another process writes the outcome between the engine's deletes of the output and the row."""
    messenger.errors = [MessageDelayed("ratelimited", LONG)]
    of_it = "WHERE workflow_uuid = 'epoch-0'"
    async with life(postgresql_url, store, messenger) as delivery:
        await delivery.remark(ANA, "epoch-0", OVER)
        await until(lambda: not messenger.errors)
        with postgresql.connect(postgresql_name) as other, postgresql.connect() as looking:
            with other.transaction():
                other.execute(
                    f"UPDATE dbos.workflow_status SET status = 'SUCCESS' {of_it}".encode()
                )
                other.execute("INSERT INTO dbos.workflow_output VALUES ('epoch-0')")
                deleting = asyncio.create_task(delivery.forget("epoch"))
                waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                await until(lambda: looking.execute(waiting).fetchone() is not None)
            await deleting
            for table in ("workflow_status", "workflow_output"):
                left = other.execute(f"SELECT 1 FROM dbos.{table} {of_it}".encode())
                assert left.fetchone() is None


async def test_what_no_row_can_restore_is_synced(
    store: SqlStore, messenger: FakeMessenger, url: str, synced: list[str]
):
    """A power cut takes back neither a notice without a row nor the deletion of a person's."""
    async with life(url, store, messenger) as delivery:
        await delivery.remark(ANA, "epoch-0", OVER)
        assert synced == ["bot-delivery.db-wal"]
        await delivery.submit(ANA, (await stored(store)).id, fresh=True)
        await becomes(lambda: all_sent(store))
        assert synced == ["bot-delivery.db-wal"]
        await delivery.forget("epoch")
        assert synced == ["bot-delivery.db-wal"] * 2


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that Python code has synced since the test began."""
    names: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        names.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    return names
