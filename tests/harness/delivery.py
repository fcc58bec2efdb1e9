"""Runs of the durable delivery: one at a time per process, any number per database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Any

import pytest

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.bootstrap.adapters import SystemClock
from slackbot.delivery.delivery import DurableDelivery
from slackbot.domain.model import Match
from slackbot.domain.ports import Messenger
from slackbot.domain.stores import Store
from slackbot.services import notices as timings
from slackbot.services.notices import Notices
from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import ANA, CALL, match

# Between attempts, and for a message that may still arrive, under `hurry`.
WAIT_SECONDS = 0.2


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits, since the durable delivery goes by the real time."""
    for name in ("LANDING_SECONDS", "RETRY_SECONDS"):
        monkeypatch.setattr(timings, name, WAIT_SECONDS)
    monkeypatch.setattr(timings, "REFUSED_BACKOFF", ExponentialBackoff(WAIT_SECONDS, WAIT_SECONDS))


@asynccontextmanager
async def life(
    url: str,
    store: Store,
    messenger: Messenger,
    *,
    boot_id: str = "first",
    living: Collection[str] = (),
) -> AsyncIterator[DurableDelivery]:
    """Launch the real delivery, and close it afterwards as at the end of a process.

    Besides this process, the `living` ones hold a lease for as long as they are in there.
    """

    async def workers() -> frozenset[str]:
        return frozenset({boot_id, *living})

    notices = Notices(store=store, messenger=messenger, clock=SystemClock())
    with closing(DeliveryDatabase(DatabaseUrl.parse(url))) as database:
        delivery = DurableDelivery(boot_id=boot_id, living=workers)
        delivery.launch(notices, database.options(), database.sync)
        try:
            yield delivery
        finally:
            await delivery.aclose()


def fresh_match(ordinal: int = 1, **changes: Any) -> Match:
    """Return a match received just now; an older one would have expired."""
    return replace(match(ordinal=ordinal), received_at=SystemClock().now(), **changes)


async def stored(store: Store, ordinal: int = 1) -> Match:
    """Store a match of this moment."""
    match = fresh_match(ordinal, call=CALL)
    await store.matches.add(match)
    return match


async def all_sent(store: Store) -> bool:
    """Return whether no match is pending."""
    return await store.matches.list_pending(ANA.team) == []


def engine_file(url: str) -> str:
    """Return where the engine keeps its workflows, beside our own file `bot.db`."""
    return url.removeprefix("sqlite:///").replace("bot.db", "bot-delivery.db")


def carry_out(url: str, statement: str, *values: str) -> list[tuple[Any, ...]]:
    """Carry out a statement on the engine's file."""
    with closing(sqlite3.connect(engine_file(url), timeout=10)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def rows(url: str) -> dict[str, tuple[str, str]]:
    """Return of every workflow on the disk its state, and whose it is."""
    found = carry_out(url, "SELECT workflow_uuid, status, executor_id FROM workflow_status")
    return {name: (status, executor) for name, status, executor in found}


async def becomes(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait until `condition` holds; the test fails after 20 seconds."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
