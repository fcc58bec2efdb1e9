"""DBOS in this process, of which there is one: migrate its tables, start it, stop it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

import structlog
from dbos import DBOS, DBOSConfig
from dbos import error as dbos_error
from dbos._migration import get_migration_versions

log = structlog.get_logger(__name__)

APPLICATION: Final = "slackbot"
# Never changes: DBOS resumes work of its own version only, so another one would strand what is
# running. A workflow whose meaning changes gets another name, and the old one stays registered.
VERSION: Final = "delivery-1"
THREADS: Final = 6  # DBOS writes in threads; one database has no use for more

Workflow = Callable[..., Coroutine[Any, Any, None]]


class DeliveryUnusable(Exception):
    """The engine cannot work on its database; the text is one line for operators."""


def migrate(url: str, *, schema: str) -> None:
    """Bring the engine's tables on PostgreSQL up to date, which takes a second or two.

    On SQLite the engine creates them itself. Only one process at a time may call it; `url` is the
    database's, with its password.
    """
    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.migrate(url, schema=schema)


def versions(database: Any, *, schema: str) -> tuple[int, int]:
    """Return the version of the tables in a SQLAlchemy engine's database, and the newest one.

    0 is none.
    """
    current, newest = get_migration_versions(database, schema, use_listen_notify=False)
    return current or 0, newest


def start(
    database: Mapping[str, Any], *, executor: str, workflows: Mapping[str, Workflow]
) -> dict[str, Workflow]:
    """Start DBOS on its database: keys of `DBOSConfig`. Call it in the running loop.

    Returns:
        The workflows in the form in which they are started, by their name on the disk.

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
        **database,  # type: ignore[typeddict-item] # keys of the same type, chosen by storage
    }
    DBOS(config=config)
    # DBOS prints by itself, past the redaction at the root of logging.
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True
    registered = {name: DBOS.workflow(name=name)(work) for name, work in workflows.items()}
    logger.disabled = True  # a failure is raised, and reported in one line
    try:
        DBOS.launch()
    except Exception as problem:
        DBOS.destroy(destroy_registry=True)
        if not isinstance(problem, dbos_error.DBOSException):
            raise
        log.debug("delivery_unusable", failure=type(problem).__name__)
        raise DeliveryUnusable("its tables for delivery are not those of this version") from None
    finally:
        logger.disabled = False
    return registered


async def stop() -> None:
    """Stop DBOS; running workflows stay unfinished for the next start."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def destroy() -> None:
        try:
            DBOS.destroy(destroy_registry=True)
        finally:
            loop.call_soon_threadsafe(done.set)

    # DBOS shuts the loop's thread pool down, so it must not run in there.
    threading.Thread(target=destroy, name="dbos-destroy").start()
    await done.wait()
