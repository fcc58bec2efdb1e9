"""Runs of the durable delivery: one at a time per process, any number per database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Any

import pytest

from slackbot.aio.backoff import ExponentialBackoff
from slackbot.bootstrap.adapters import SystemClock
from slackbot.delivery.delivery import DurableDelivery
from slackbot.domain.model import Match
from slackbot.domain.ports import Messenger, Store
from slackbot.services import notices as timings
from slackbot.services.notices import Notices
from slackbot.storage.delivery_database import DeliveryDatabase
from tests.harness.fakes import match

# Between attempts, and for a message that may still arrive, under `hurry`.
WAIT_SECONDS = 0.2


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the waits, since the durable delivery goes by the real time."""
    for name in ("LANDING_SECONDS", "RETRY_SECONDS"):
        monkeypatch.setattr(timings, name, WAIT_SECONDS)
    monkeypatch.setattr(timings, "REFUSED_BACKOFF", ExponentialBackoff(WAIT_SECONDS, WAIT_SECONDS))


@asynccontextmanager
async def life(
    url: str, store: Store, messenger: Messenger, *, boot_id: str = "first"
) -> AsyncIterator[DurableDelivery]:
    """Launch the real delivery, and close it afterwards as at the end of a process."""
    notices = Notices(store=store, messenger=messenger, clock=SystemClock())
    with closing(DeliveryDatabase(url)) as database:
        delivery = DurableDelivery(boot_id=boot_id)
        delivery.launch(notices, database.options())
        try:
            yield delivery
        finally:
            await delivery.aclose()


def fresh_match(ordinal: int = 1, **changes: Any) -> Match:
    """Return a match received just now; an older one would have expired."""
    return replace(match(ordinal=ordinal), received_at=SystemClock().now(), **changes)


async def becomes(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait until `condition` holds; the test fails after 20 seconds."""
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
