"""Migrate, start and stop the DBOS engine. There is one instance per process."""

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
# This must never change. DBOS resumes only workflows of its own version, so a new version would
# strand running ones. A workflow whose meaning changes gets a new name, and the old one stays
# registered.
VERSION: Final = "delivery-1"
THREADS: Final = 6  # for DBOS's writes; a single database does not benefit from more

Workflow = Callable[..., Coroutine[Any, Any, None]]


class DeliveryUnusable(Exception):
    """The engine cannot use its database. The message is one line for operators."""


def migrate(url: str, *, schema: str) -> None:
    """Migrate the engine's tables on PostgreSQL, which takes a second or two.

    On SQLite the engine creates its tables itself. Only one process at a time may call this
    function. `url` is the database URL, including the password.
    """
    logging.getLogger("dbos").setLevel(logging.WARNING)
    DBOS.migrate(url, schema=schema)


def versions(database: Any, *, schema: str) -> tuple[int, int]:
    """Return the current and the newest version of the engine's tables.

    `database` is a SQLAlchemy engine. The current version is 0 if there are no tables.
    """
    current, newest = get_migration_versions(database, schema, use_listen_notify=False)
    return current or 0, newest


def start(
    database: Mapping[str, Any], *, executor: str, workflows: Mapping[str, Workflow]
) -> dict[str, Workflow]:
    """Start DBOS. Call this function in the running event loop.

    `database` holds the keys of `DBOSConfig` that describe the engine's database.

    Returns:
        The registered workflows, by the name that is stored in the database.

    Raises:
        DeliveryUnusable: the engine's tables are missing or have another version.
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
    # DBOS installs its own handlers, which bypass the redaction on the root logger.
    logger = logging.getLogger("dbos")
    logger.handlers.clear()
    logger.propagate = True
    registered = {name: DBOS.workflow(name=name)(work) for name, work in workflows.items()}
    logger.disabled = True  # a failure is raised and reported in one line instead
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
    """Stop DBOS. Running workflows stay unfinished until the next start."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def destroy() -> None:
        try:
            DBOS.destroy(destroy_registry=True)
        finally:
            loop.call_soon_threadsafe(done.set)

    # DBOS shuts down the event loop's thread pool, so it must not run in that pool.
    threading.Thread(target=destroy, name="dbos-destroy").start()
    await done.wait()
