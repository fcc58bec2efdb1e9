"""DBOS in this process: started on its database, and ended. There is one in a process."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSConfig
from dbos import error as dbos_error

log = structlog.get_logger(__name__)

APPLICATION: Final = "slackbot"
VERSION: Final = "delivery-1"
"""The same for ever: DBOS takes up work of its own version only, so another one would strand what
is under way. A workflow whose meaning changes gets another name, and the old one stays known."""
THREADS: Final = 6
"""DBOS writes in threads; one database has no use for more at once."""

Work = Callable[..., Coroutine[Any, Any, None]]


class DeliveryUnusable(Exception):
    """The engine cannot work on its database; the text is one line for operators."""


def start(
    database: Mapping[str, Any], *, executor: str, workflows: Mapping[str, Work]
) -> dict[str, Work]:
    """Start DBOS on its database: keys of `DBOSConfig`. Call it in the running loop.

    Returns:
        The workflows as they are to be begun, each by the name that stands on the disk.

    Raises:
        DeliveryUnusable: its tables are missing or of another version.
    """
    config: DBOSConfig = {
        "name": APPLICATION,
        "application_version": VERSION,
        "executor_id": executor,
        "max_executor_threads": THREADS,
        "use_listen_notify": False,
        "notification_listener_polling_interval_sec": 0.2,
        "log_level": "WARNING",
        **database,  # type: ignore[typeddict-item] # keys of the same type, chosen by wiring
    }
    DBOS(config=config)
    logger = _through_our_logging()
    registered = {name: DBOS.workflow(name=name)(work) for name, work in workflows.items()}
    logger.disabled = True  # what is wrong is raised, and told in one line
    try:
        DBOS.launch()
    except dbos_error.DBOSException as problem:
        DBOS.destroy(destroy_registry=True)
        log.debug("delivery_unusable", failure=type(problem).__name__)
        raise DeliveryUnusable("its tables for delivery are not those of this version") from None
    finally:
        logger.disabled = False
    return registered


async def stop() -> None:
    """End it; workflows that are under way stay unfinished for the next life."""
    await _in_a_thread(lambda: DBOS.destroy(destroy_registry=True))


def _through_our_logging() -> logging.Logger:
    """DBOS prints by itself, past the redaction on the root of logging."""
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True
    return logger


async def _in_a_thread(work: Callable[[], None]) -> None:
    """DBOS ends the loop's pool of threads itself, so it must not run in there."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def run() -> None:
        try:
            work()
        finally:
            loop.call_soon_threadsafe(done.set)

    threading.Thread(target=run, name="dbos-destroy").start()
    await done.wait()
