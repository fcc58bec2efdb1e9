"""Being woken by PostgreSQL's NOTIFY, on a connection of its own. Without it one is only later."""

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

PAUSE_SECONDS: Final = 2.0


async def listen(url: str | DatabaseUrl, channel: str, wake: Callable[[], None]) -> None:
    """Call `wake` whenever the channel is notified, until cancelled; connects again by itself.

    `url` is the database's, as SQLAlchemy takes it.
    """
    parsed = DatabaseUrl.parse(url).url
    address = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
    options: dict[str, Any] = {**engines.connect_options(parsed)}
    while True:
        try:
            connecting = psycopg.AsyncConnection.connect(address, autocommit=True, **options)
            async with await connecting as line:
                await line.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                wake()  # for what was notified while there was no line
                async for _ in line.notifies():
                    wake()
        except (psycopg.Error, OSError) as error:
            log.warning("not_woken", failure=type(error).__name__)
        await asyncio.sleep(PAUSE_SECONDS)
