"""Many hand-overs of feeds: each cancels its caller in the midst of storing and submitting a match.

One process on PostgreSQL, its messenger a fake: a hand-over takes milliseconds, and thousands are
needed to hit each moment.
"""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import AsyncExitStack, aclosing, closing
from typing import Any

import click

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import SystemClock
from slackbot.delivery import engine
from slackbot.delivery.delivery import DurableDelivery
from slackbot.domain.model import Partner, Person
from slackbot.domain.workers import Role
from slackbot.services.matches import Matches
from slackbot.services.notices import Notices
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import SCHEMA, DeliveryDatabase
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from slackbot.storage.workers import SqlWorkerRegistry
from tests.harness import postgres
from tests.harness.fakes import (
    ANA,
    FakeClock,
    FakeFeed,
    FakeMessenger,
    FakePlatform,
    connect,
    link,
    report,
)

from .bots import rng

LONGEST_SECONDS = 0.03  # until the caller is cancelled; a match is begun in less
SETTLE_SECONDS = 60.0
EASE = 10  # hand-overs after which the database catches up


class Unshielded(DurableDelivery):
    """Gives up a start with its caller, to show that this is noticed."""

    async def _start(
        self, workflow: str, name: str, person: Person, *rest: Any, fresh: bool
    ) -> None:
        begin = self._begin(workflow, name, person.team, person.user, *rest)
        self._begun[name] = None
        await asyncio.create_task(begin, context=contextvars.Context())


async def hand_over(times: int, left_out: str = "") -> bool:
    """Hand over so often; return whether every match was sent once, and none was given up."""
    messenger, clock, background = FakeMessenger([]), SystemClock(), BackgroundTasks()
    async with AsyncExitStack() as stack:
        server = stack.enter_context(postgres.running())
        server.execute("CREATE DATABASE nemesis")
        url = server.url("nemesis")
        database = await stack.enter_async_context(aclosing(Database(DatabaseUrl.parse(url))))
        await schema.upgrade(database)
        await asyncio.to_thread(engine.migrate, url, schema=SCHEMA)
        store = SqlStore(database, Cipher([bytes(range(32))]))
        registry = SqlWorkerRegistry(database, boot_id="first", role=Role.WORKER)
        await registry.register()
        kind = Unshielded if left_out == "shield" else DurableDelivery
        delivery = kind(boot_id="first", living=registry.living)
        notices = Notices(store=store, messenger=messenger, clock=clock)
        engine_database = stack.enter_context(closing(DeliveryDatabase(DatabaseUrl.parse(url))))
        delivery.launch(notices, engine_database.options(), engine_database.sync)
        stack.push_async_callback(delivery.aclose)
        matches = Matches(
            platform=FakePlatform([]),
            store=store,
            feed=FakeFeed(FakeClock(), []),
            delivery=delivery,
            clock=clock,
            background=background,
        )
        await connect(store, link())
        for number in range(times):
            met = report(Partner(name=f"Guest {number}", account_id=1000 + number))
            receiving = asyncio.create_task(matches.receive(link(), [met]))
            await asyncio.sleep(rng.uniform(0.0, LONGEST_SECONDS))
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
            if number % EASE == 0:
                await store.matches.list_pending(ANA.team)  # writes go on: let them come to an end
        await _settled(store, background, seconds=5.0)
        given_up = len(await delivery._table.orphans())
        pending = await store.matches.list_pending(ANA.team)
        await matches.resume(ANA.team)
        await _settled(store, background, seconds=SETTLE_SECONDS)
        left = len(await store.matches.list_pending(ANA.team))
        keys = [notice.match.id for _, notice in messenger.sent]  # type: ignore[union-attr] # matches
        twice = len(keys) - len(set(keys))
    click.echo(
        f"{times} hand-overs: {len(set(keys))} sent, {twice} twice; given up between insert and "
        f"task: {given_up}, before the insert: {len(pending) - given_up}; left: {left}"
    )
    return not (given_up or twice or left)


async def _settled(store: SqlStore, background: BackgroundTasks, *, seconds: float) -> None:
    """Wait until nothing is pending any more."""
    for _ in range(int(seconds / 0.1)):
        if not await store.matches.list_pending(ANA.team):
            return
        await asyncio.sleep(0.1)
