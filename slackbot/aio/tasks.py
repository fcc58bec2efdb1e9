"""Helpers for background tasks, single-flight calls, keyed locks and periodic work."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable, Iterable
from contextlib import suppress
from typing import Any, Generic, NoReturn, TypeVar
from weakref import WeakValueDictionary

import structlog

from slackbot.aio.deadline import remove_deadline

log = structlog.get_logger(__name__)
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class BackgroundTasks:
    """A set of running tasks. Unlike asyncio, it keeps a strong reference to each task."""

    def __init__(self, *, expected: tuple[type[Exception], ...] = ()) -> None:
        """Create an empty set. Exceptions in tasks are logged unless their type is `expected`."""
        self._expected = expected
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        """Run `work` as a task, to which the deadline of the caller does not apply."""
        context = contextvars.copy_context()
        context.run(remove_deadline)
        task = asyncio.create_task(work, name=name, context=context)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, self._expected):
            log.error("background_failed", task=task.get_name(), exc_info=error)

    async def drain(self, seconds: float | None) -> None:
        """Wait for all tasks and any tasks that they start, then cancel the remaining ones.

        Args:
            seconds: The maximum wait. 0 cancels immediately, and None waits without a limit.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._tasks:
                    await asyncio.wait(self._tasks)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


class EndlessTasks:
    """Tasks that run until the process stops. If one ends, it is logged and the others go on."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []
        self._cancelled = False

    @property
    def are_running(self) -> bool:
        """True while none of them has ended."""
        return not any(task.done() for task in self._tasks)

    def start(self, work: Coroutine[Any, Any, object], name: str) -> None:
        """Run `work` as a task, unless the tasks have been cancelled."""
        if self._cancelled:
            work.close()
            return
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled():
            log.error("endless_task_ended", task=task.get_name(), exc_info=task.exception())

    def cancel(self) -> None:
        """Cancel the tasks. None can be started any more."""
        self._cancelled = True
        for task in self._tasks:
            task.cancel()


class SingleFlight(Generic[K, T]):
    """Runs at most one task per key at a time. Later callers share the running task."""

    def __init__(self, tasks: BackgroundTasks, name: str) -> None:
        """Run the work in `tasks`. Each task is named `name`."""
        self._background = tasks
        self._name = name
        self._running: dict[K, asyncio.Task[T]] = {}

    @property
    def keys(self) -> list[K]:
        """The keys whose work is running."""
        return list(self._running)

    def start(self, key: K, work: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Return the running task of `key`, or start one.

        A caller that may be cancelled should await the task through `asyncio.shield`.
        """
        running = self._running.get(key)
        if running is None:
            running = self._running[key] = self._background.start(work(), self._name)
            running.add_done_callback(lambda _: self._running.pop(key, None))
        return running


class KeyedLocks(Generic[K]):
    """One lock per key, which exists as long as a task holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[K, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: K) -> asyncio.Lock:
        """Return the key's lock."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


async def spread(items: Iterable[T], *, at_once: int = 100) -> AsyncIterator[T]:
    """Yield the items, and let other tasks run after every `at_once` items.

    Processing thousands of items without a pause would block the event loop.
    """
    for number, item in enumerate(items, start=1):
        yield item
        if number % at_once == 0:
            await asyncio.sleep(0)


async def every(
    seconds: float,
    work: Callable[[], Awaitable[object]],
    *,
    name: str,
    expected: tuple[type[Exception], ...] = (),
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> NoReturn:
    """Run `work` until cancelled, waiting `seconds` after each run.

    A failed run is logged under `name`, with a traceback unless the exception is `expected`, and
    the loop continues.
    """
    while True:
        try:
            await work()
        except expected as error:
            log.warning("periodic_work_postponed", work=name, reason=type(error).__name__)
        except Exception:
            log.exception("periodic_work_failed", work=name)
        await sleep(seconds)
