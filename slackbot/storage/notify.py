"""Listen for PostgreSQL notifications. Without them, the next heartbeat picks up changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import psycopg
import structlog
from psycopg import sql

from slackbot.storage import engines
from slackbot.storage.url import DatabaseUrl

log = structlog.get_logger(__name__)

RECONNECT_SECONDS: Final = 2.0


async def listen(url: DatabaseUrl, channel: str, wake: Callable[[], None]) -> None:
    """Call `wake` for every notification on the channel, reconnecting until cancelled."""
    address = url.url.set(drivername="postgresql").render_as_string(hide_password=False)
    options: dict[str, Any] = {**engines.connect_options(url.url)}
    while True:
        try:
            connecting = psycopg.AsyncConnection.connect(address, autocommit=True, **options)
            async with await connecting as connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                wake()  # for notifications that were missed while disconnected
                async for _ in connection.notifies():
                    wake()
        except (psycopg.Error, OSError) as error:
            log.warning("notify_connection_lost", failure=type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)
