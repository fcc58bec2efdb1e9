"""What services rely on in every delivery: the fake, and the durable one on every database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from dbos import DBOS

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import (
    MessageDelayed,
    MessageRefused,
    MessageUnsure,
    PersonUnreachable,
)
from slackbot.domain.model import Match
from slackbot.domain.notices import MatchFound, SessionOver
from slackbot.domain.personal_data import NOTICE_FIELDS
from slackbot.domain.ports import Delivery, Posted
from slackbot.services.notices import SENT, Notices
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.conftest import EMPTY
from tests.harness.databases import create_tables
from tests.harness.delivery import WAIT_SECONDS, becomes, fresh_match, hurry, life
from tests.harness.fakes import (
    ANA,
    BEN,
    CALL,
    FakeClock,
    FakeDelivery,
    FakeMessenger,
    connect,
    link,
)
from tests.harness.services import open_store

OVER = SessionOver("Coffee")
SEND, FIND = "send MatchFound", "find"
LONG = 3600.0


@dataclass
class Stage:
    """A delivery between a real store and a messenger that fails as the test demands."""

    store: SqlStore
    messenger: FakeMessenger
    delivery: Delivery
    pass_time: Callable[[float], Awaitable[object]]
    # Ends the process in the midst of everything, and starts another.
    restart: Callable[[], Awaitable[None]]
    # Returns the names of the workflows that are kept.
    kept: Callable[[], Awaitable[Collection[str]]]
    # Seconds that pass between two looks.
    step: float = WAIT_SECONDS / 10

    async def stored(self, *, ordinal: int = 1, known: bool = False) -> Match:
        """A match of this moment, stored; settled already, if it is known."""
        match = fresh_match(ordinal, call=CALL)
        await self.store.matches.add(match)
        if known:
            await self.store.matches.record_outcome(
                ANA, match.id, SENT, Posted("D", "1"), match.received_at
            )
        return match

    async def outcome(self, match: Match) -> str | None:
        """How its notice ended."""
        kept = await self.store.matches.get(ANA, match.id)
        return kept.outcome if kept is not None else None

    async def ends(self, match: Match) -> str | None:
        """Wait until its notice has an end."""
        await self.becomes(lambda: self.outcome(match))
        return await self.outcome(match)

    async def becomes(self, condition: Callable[[], Awaitable[object]]) -> None:
        """Let time pass until it holds."""

        async def after_a_while() -> object:
            await self.pass_time(self.step)
            return await condition()

        await becomes(after_a_while)

    def asked(self) -> list[str]:
        """What the messenger was asked for."""
        return self.messenger.journal


@pytest.fixture(params=["fake", "memory", "file", "postgresql"])
async def stage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    hurry(monkeypatch)
    messenger = FakeMessenger([])
    async with AsyncExitStack() as closing:
        if request.param == "fake":
            store = await closing.enter_async_context(open_store())
            await connect(store, link(), link(BEN))
            yield fake_stage(store, messenger, closing)
            return
        if request.param == "postgresql":
            url = str(request.getfixturevalue("postgresql_url"))
        else:
            url = EMPTY[request.param].format(folder=tmp_path)
        if request.param == "memory" and "next_process" in request.node.name:
            pytest.skip("a database in memory ends with its process")
        database = await closing.enter_async_context(aclosing(Database(DatabaseUrl.parse(url))))
        if database.single_process:
            await create_tables(database)
        store = SqlStore(database, Cipher([bytes(range(32))]))
        await connect(store, link(), link(BEN))
        lives = await closing.enter_async_context(AsyncExitStack())
        delivery = await lives.enter_async_context(life(url, store, messenger))

        async def restart() -> None:
            await lives.aclose()
            again = life(url, store, messenger, boot_id="second")
            stage.delivery = await lives.enter_async_context(again)

        async def kept() -> Collection[str]:
            return [row.workflow_id for row in await DBOS.list_workflows_async()]

        stage = Stage(store, messenger, delivery, asyncio.sleep, restart, kept)
        yield stage


def fake_stage(store: SqlStore, messenger: FakeMessenger, closing: AsyncExitStack) -> Stage:
    clock, background = FakeClock(), BackgroundTasks()
    clock.time = fresh_match().received_at
    closing.push_async_callback(background.drain, 0)
    delivery = FakeDelivery(clock, background)
    delivery.launch(Notices(store=store, messenger=messenger, clock=clock))

    async def pass_time(seconds: float) -> None:
        for _ in range(10):
            await store.matches.list_pending(ANA.team)
        clock.advance(seconds)
        for _ in range(10):
            await store.matches.list_pending(ANA.team)

    async def restart() -> None:
        delivery.die()

    async def kept() -> Collection[str]:
        return delivery.rows.keys()

    return Stage(store, messenger, delivery, pass_time, restart, kept, step=WAIT_SECONDS)


# --- a match -------------------------------------------------------------------------------------


async def test_a_match_is_told_once(stage: Stage):
    """With its call, at once, and the row notes where it stands."""
    match = await stage.stored()
    await stage.delivery.submit(ANA, match.id, fresh=True)
    assert await stage.ends(match) == SENT
    assert stage.messenger.sent == [(ANA, MatchFound(match))]
    kept = await stage.store.matches.get(ANA, match.id)
    assert kept is not None
    assert (kept.channel, kept.ts) == ("D-U1", "1.0")


@pytest.mark.parametrize("fresh", [True, False])
async def test_submitted_twenty_times_at_once_it_is_told_once(stage: Stage, fresh: bool):
    """However often and fast, before it is sent, meanwhile, and afterwards."""
    match = await stage.stored()
    for _ in range(2):
        await asyncio.gather(
            *(stage.delivery.submit(ANA, match.id, fresh=fresh) for _ in range(20))
        )
        assert await stage.ends(match) == SENT
    await stage.pass_time(3 * WAIT_SECONDS)
    assert len(stage.messenger.sent) == 1


async def test_several_matches_are_told_each(stage: Stage):
    """One that waits holds up no other."""
    matches = [await stage.stored(ordinal=ordinal) for ordinal in range(1, 6)]
    stage.messenger.errors = [MessageDelayed("ratelimited", 1.0)]
    for match in matches:
        await stage.delivery.submit(ANA, match.id, fresh=True)

    async def waiting() -> int:
        return len(await stage.store.matches.list_pending(ANA.team))

    async def only_one_waits() -> bool:
        return await waiting() == 1

    await stage.becomes(only_one_waits)
    assert len(stage.messenger.sent) == 4
    for match in matches:
        assert await stage.ends(match) == SENT
    assert len(stage.messenger.sent) == 5


async def test_one_that_may_be_told_is_looked_for(stage: Stage):
    """What is not fresh is looked for before it is sent; where it stands it is not sent."""
    first, second = [await stage.stored(ordinal=ordinal) for ordinal in (1, 2)]
    stage.messenger.keys[ANA, first.id] = Posted("D-U1", "9.9")
    await stage.delivery.submit(ANA, first.id, fresh=False)
    assert await stage.ends(first) == SENT
    assert stage.asked() == [FIND]
    await stage.delivery.submit(ANA, second.id, fresh=False)
    assert await stage.ends(second) == SENT
    assert stage.asked() == [FIND, FIND, SEND]


async def test_a_refusal_delays_it(stage: Stage):
    """It was not taken, so it is sent later without a look."""
    match = await stage.stored()
    stage.messenger.errors = [MessageRefused("invalid_blocks")]
    await stage.delivery.submit(ANA, match.id, fresh=True)
    assert await stage.ends(match) == SENT
    assert stage.asked() == [SEND, SEND]


async def test_somebody_out_of_reach_ends_it(stage: Stage):
    """Noted with Slack's word, and not tried again, however often it is submitted."""
    match = await stage.stored()
    stage.messenger.errors = [PersonUnreachable("user_disabled")]
    await stage.delivery.submit(ANA, match.id, fresh=True)
    assert await stage.ends(match) == "user_disabled"
    await stage.delivery.submit(ANA, match.id, fresh=True)
    await stage.pass_time(3 * WAIT_SECONDS)
    assert stage.asked() == [SEND]


async def test_it_waits_as_slack_asks(stage: Stage):
    """Not a moment less, and then without a look, as it was not taken."""
    match = await stage.stored()
    stage.messenger.errors = [MessageDelayed("ratelimited", 1.0)]
    await stage.delivery.submit(ANA, match.id, fresh=True)
    await stage.pass_time(0.8)
    assert stage.asked() == [SEND]
    assert await stage.ends(match) == SENT
    assert stage.asked() == [SEND, SEND]


async def test_without_an_answer_it_is_looked_for(stage: Stage):
    """Slack may have taken it, so the second try comes after a look."""
    match = await stage.stored()
    stage.messenger.errors = [MessageUnsure("no_answer")]
    await stage.delivery.submit(ANA, match.id, fresh=True)
    assert await stage.ends(match) == SENT
    assert stage.asked() == [SEND, FIND, SEND]


@pytest.mark.parametrize("fresh", [True, False])
async def test_settled_rows_are_not_told_again(stage: Stage, fresh: bool):
    """Nor is one that is not there."""
    match = await stage.stored(known=True)
    await stage.delivery.submit(ANA, match.id, fresh=fresh)
    await stage.delivery.submit(BEN, fresh_match(9).id, fresh=fresh)
    await stage.pass_time(3 * WAIT_SECONDS)
    assert stage.asked() == []


# --- the end of its round ------------------------------------------------------------------------


async def test_the_end_of_a_round_is_said_once(stage: Stage):
    """Taken over many times at once it is one edit, and the row notes it."""
    match = await stage.stored()
    await stage.delivery.submit(ANA, match.id, fresh=True)
    assert await stage.ends(match) == SENT

    async def over() -> bool:
        kept = await stage.store.matches.get(ANA, match.id)
        return kept is not None and kept.over_at is not None

    for _ in range(2):
        await asyncio.gather(*(stage.delivery.finish(ANA, match.id) for _ in range(20)))
        await stage.becomes(over)
    await stage.pass_time(WAIT_SECONDS)
    assert stage.asked() == [SEND, "edit 1.0 MatchOver"]


# --- a notice without a row ----------------------------------------------------------------------


async def test_a_remark_with_the_same_key_is_told_once(stage: Stage):
    """However often; another key is another remark, another wording is none."""
    for _ in range(2):
        await asyncio.gather(*(stage.delivery.remark(ANA, "key", OVER) for _ in range(20)))
        await stage.pass_time(WAIT_SECONDS)
    await stage.delivery.remark(ANA, "key", SessionOver("Tea"))
    await stage.delivery.remark(ANA, "another key", OVER)
    await stage.pass_time(3 * WAIT_SECONDS)
    assert stage.messenger.sent == [(ANA, OVER)] * 2


async def test_a_remark_is_tried_until_it_is_told(stage: Stage):
    """As Slack asks, and after a look where there was no answer."""
    stage.messenger.errors = [MessageDelayed("ratelimited", 0.3), MessageUnsure("no_answer")]
    await stage.delivery.remark(ANA, "key", OVER)

    async def is_sent() -> bool:
        return bool(stage.messenger.sent)

    await stage.becomes(is_sent)
    assert stage.asked() == ["send SessionOver"] * 2 + [FIND, "send SessionOver"]


# --- a process that ends in the midst of it ------------------------------------------------------


async def test_what_is_left_unfinished_is_sent_by_the_next_process(stage: Stage):
    """A match and a remark, each once: what may have been sent is searched for."""
    match = await stage.stored()
    stage.messenger.errors = [MessageDelayed("ratelimited", LONG)] * 2
    await stage.delivery.submit(ANA, match.id, fresh=True)
    await stage.delivery.remark(ANA, "key", OVER)

    async def both_wait() -> bool:
        return len(stage.asked()) == 2

    await stage.becomes(both_wait)
    stage.messenger.journal.clear()
    await stage.restart()
    for _ in range(3):
        await stage.delivery.recover([(ANA, match.id)])
    assert await stage.ends(match) == SENT

    async def both_sent() -> bool:
        return len(stage.messenger.sent) == 2

    await stage.becomes(both_sent)
    await stage.pass_time(3 * WAIT_SECONDS)
    assert sorted(stage.asked()) == sorted([FIND, FIND, SEND, "send SessionOver"])


async def test_the_end_of_a_round_is_said_by_the_next_process(stage: Stage):
    """The edit may be repeated, and needs no search."""
    match = await stage.stored(known=True)
    stage.messenger.errors = [MessageDelayed("ratelimited", LONG)]
    await stage.delivery.finish(ANA, match.id)

    async def tried() -> bool:
        return len(stage.asked()) == 1

    await stage.becomes(tried)
    await stage.restart()
    await stage.delivery.recover([])

    async def over() -> bool:
        kept = await stage.store.matches.get(ANA, match.id)
        return kept is not None and kept.over_at is not None

    await stage.becomes(over)
    assert stage.asked() == ["edit 1 MatchOver"] * 2


async def test_what_is_under_way_is_not_taken_over(stage: Stage):
    """However often it is looked for: it goes on waiting in its process."""
    match = await stage.stored()
    stage.messenger.errors = [MessageDelayed("ratelimited", 1.0)]
    await stage.delivery.submit(ANA, match.id, fresh=True)
    for _ in range(3):
        await stage.pass_time(0.1)
        await stage.delivery.recover([(ANA, match.id)])
    assert await stage.ends(match) == SENT
    assert stage.asked() == [SEND, SEND]


async def test_a_pending_match_that_was_never_submitted_is_sent(stage: Stage):
    """Its process died between storing and submitting it, so it is searched for."""
    match = await stage.stored()
    await stage.delivery.recover([(ANA, match.id)])
    assert await stage.ends(match) == SENT
    assert stage.asked() == [FIND, SEND]


async def test_a_match_restored_from_a_backup_is_searched_for(stage: Stage):
    """Its row forgot that it was sent; its finished workflow does not hold it up."""
    match = await stage.stored()
    for times in range(3):
        await stage.delivery.submit(ANA, match.id, fresh=True)
        await stage.delivery.recover([(ANA, match.id)])
        assert await stage.ends(match) == SENT
        if times < 2:
            await stage.store.people.forget(ANA)
            await connect(stage.store, link())
            await stage.store.matches.add(match)
    assert stage.asked() == [SEND, FIND, FIND]


async def test_a_match_that_gets_the_key_of_a_lost_one_is_sent(stage: Stage):
    """The row of the first one is gone, but its workflow is not: the next one does not wait."""
    match = await stage.stored()
    await stage.delivery.submit(ANA, match.id, fresh=True)
    assert await stage.ends(match) == SENT
    await stage.store.people.forget(ANA)
    await connect(stage.store, link())
    await stage.store.matches.add(
        replace(match, received_at=match.received_at + timedelta(seconds=1))
    )
    await stage.delivery.submit(ANA, match.id, fresh=True)
    assert await stage.ends(match) == SENT
    assert stage.asked() == [SEND, FIND, SEND]


async def test_nothing_is_kept_of_a_notice_to_nobody(stage: Stage):
    """Of a match that is gone, or of a person who is to be forgotten."""
    match = await stage.stored()
    stage.messenger.errors = [MessageDelayed("ratelimited", LONG)]
    await stage.delivery.remark(ANA, "epoch-1", OVER)
    await stage.store.people.forget(ANA)
    await stage.delivery.submit(ANA, match.id, fresh=True)
    await stage.delivery.finish(ANA, match.id)

    async def only_the_remark() -> bool:
        return list(await stage.kept()) == ["epoch-1"] and bool(stage.asked())

    await stage.becomes(only_the_remark)
    stored = await stage.delivery.stored("epoch")
    assert [(tuple(each), each["id"], each["kind"]) for each in stored] == [
        (NOTICE_FIELDS, "epoch-1", "remark")
    ]
    assert await stage.delivery.stored("another") == []
    await stage.delivery.forget("epoch")
    assert await stage.delivery.stored("epoch") == []
    assert list(await stage.kept()) == []
    await stage.delivery.recover([])
    await stage.pass_time(3 * WAIT_SECONDS)
    assert stage.messenger.sent == []
