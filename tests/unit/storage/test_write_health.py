"""Whether a database takes writes, as readiness knows it."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest
from sqlalchemy import text

from slackbot.domain.stores import StoreUnavailable
from slackbot.storage.database import Database
from slackbot.storage.url import DatabaseUrl
from slackbot.storage.write_health import FAILURE_SECONDS, HEARTBEAT_LATE_SECONDS, WriteHealth


class Stage:
    """The health of writes, and its clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.health = WriteHealth(lambda: self.now)

    async def heartbeat(self, error: BaseException | None = None) -> None:
        await self._outcome(self.health.observe_heartbeat(self._write(error)), error)

    async def write(self, error: BaseException | None = None) -> None:
        await self._outcome(self.health.observe(self._write(error)), error)

    async def _write(self, error: BaseException | None) -> None:
        if error is not None:
            raise error

    async def _outcome(self, observed: Awaitable[None], error: BaseException | None) -> None:
        if error is None:
            await observed
        else:
            with pytest.raises(type(error)):
                await observed

    def after(self, seconds: float) -> bool:
        self.now += seconds
        return self.health.is_writable()


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_a_heartbeat_that_fails_counts_until_the_next(stage: Stage):
    """Away or read-only: the answer is no more than a second old."""
    await stage.heartbeat()
    assert stage.after(1)
    await stage.heartbeat(OSError())
    assert not stage.after(0)
    await stage.heartbeat()
    assert stage.after(0)


async def test_a_heartbeat_that_hangs_counts_too(stage: Stage):
    """Whatever became of it, the last one was too long ago."""
    await stage.heartbeat()
    assert stage.after(HEARTBEAT_LATE_SECONDS)
    assert not stage.after(0.1)


async def test_a_heartbeat_does_not_hide_other_writes(stage: Stage):
    """A full disk still takes the heartbeat, which replaces its own row."""
    await stage.write(OSError())
    await stage.heartbeat()
    assert not stage.after(1)
    await stage.write()
    assert stage.after(0)


async def test_a_failure_is_forgotten_if_nothing_is_written(stage: Stage):
    """A quiet bot must not stay red for ever."""
    await stage.write(OSError())
    stage.now += FAILURE_SECONDS
    await stage.heartbeat()
    assert stage.after(0.1)


async def test_a_fault_of_a_statement_is_no_fault_of_the_database(stage: Stage):
    """It was answered."""
    await stage.write(ZeroDivisionError())
    assert stage.after(1)


async def test_a_full_disk_is_not_ready():
    """SQLite's own limit stands for the disk."""
    database = Database(DatabaseUrl.parse("sqlite://"))
    await database.execute(text("CREATE TABLE t (x)"))
    await database.transaction(lambda found: found.execute(text("PRAGMA max_page_count = 3")))
    assert database.health.is_writable()
    with pytest.raises(StoreUnavailable):
        await database.execute(text("INSERT INTO t VALUES (zeroblob(100000))"))
    assert not database.health.is_writable()
    await database.aclose()
