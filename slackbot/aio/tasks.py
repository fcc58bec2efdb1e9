"""Work that goes on after its caller has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import structlog

from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import Person

log = structlog.get_logger(__name__)
T = TypeVar("T")


class BackgroundTasks:
    """Tasks of our own: kept until they are done, since asyncio drops tasks nobody holds."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run `work` as a task.

        A `SlackbotError` is for the one who awaits the task; any other is a defect and logged.
        """
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, SlackbotError):
            log.error("background_failed", task=task.get_name(), exc_info=error)

    async def drain(self, seconds: float) -> None:
        """Let what is running, and what that starts, finish for so long, then cancel the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class KeyedLocks:
    """One lock a person: what changes where they stand happens one thing after the other."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Person, asyncio.Lock] = WeakValueDictionary()

    def of(self, person: Person) -> asyncio.Lock:
        """The person's lock; it lives as long as somebody holds or awaits it."""
        lock = self._locks.get(person)
        if lock is None:
            lock = self._locks[person] = asyncio.Lock()
        return lock
