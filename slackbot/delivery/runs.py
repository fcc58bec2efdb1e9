"""Run workflows in this process: their waits, their end, and what operators ask of them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

from dbos import DBOS

from slackbot.aio.tasks import BackgroundTasks
from slackbot.delivery.workflow_table import REASON, WorkflowTable

DRAIN_SECONDS: Final = 3.0  # for notices that are being sent at shutdown
# Operators ask about waits that are at least this long, so their reason is recorded.
NOTED_SECONDS: Final = 20.0

# The work of one run. It returns False if its person or match is gone.
Work = Callable[..., Awaitable[bool]]
# True in workflows that this process began, so that nobody can have sent anything yet.
BEGUN_HERE: Final = contextvars.ContextVar("begun_here", default=False)


class Runs:
    """Runs workflows until `aclose`."""

    def __init__(self, background: BackgroundTasks) -> None:
        """`background` carries writes that no run waits for."""
        self._background = background
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._asleep: dict[str, asyncio.Event] = {}  # set to end the wait
        self._closing = False

    def __contains__(self, name: str) -> bool:
        return name in self._running

    async def run(self, work: Work) -> None:
        """Run the current workflow's work, which may sleep. Its sleep ends at `aclose`."""
        task, name, noted = asyncio.current_task(), str(DBOS.workflow_id), ""
        assert task is not None, "a workflow runs as a task"

        async def sleep(seconds: float, reason: str) -> None:
            nonlocal noted
            if seconds >= NOTED_SECONDS and reason != noted:
                noted = reason
                self._write(DBOS.update_workflow_attributes_async(name, {REASON: reason}))
            await self._sleep(name, seconds)

        self._running[name] = task
        try:
            known = await work(look_first=not BEGUN_HERE.get(), sleep=sleep)
        finally:
            self._running.pop(name, None)
        if not known:
            # Deleted, not finished: its values name the person. If this process dies first, the
            # workflow is taken over, and comes to the same end.
            self._write(DBOS.delete_workflow_async(name))
            raise asyncio.CancelledError

    def _write(self, call: Coroutine[Any, Any, None]) -> None:
        """Call the engine in a context of its own: within a workflow it would be a step."""
        contextvars.Context().run(self._background.start, call, "write_workflow")

    async def _sleep(self, name: str, seconds: float) -> None:
        woken = self._asleep[name] = asyncio.Event()
        try:
            if not self._closing:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await woken.wait()
        finally:
            del self._asleep[name]
        if self._closing:
            raise asyncio.CancelledError

    async def follow_orders(self, table: WorkflowTable) -> None:
        """Do what `slackbot notices` wrote to the table.

        What is cancelled or deleted there ends, and what is to be retried tries at once.
        """
        stopped, retried = await table.orders(list(self._running))
        for name in stopped & self._running.keys():
            self._running[name].cancel()
        for name in retried & self._asleep.keys():
            self._asleep[name].set()
            await DBOS.update_workflow_attributes_async(name, None)

    def stop(self, prefix: str) -> None:
        """End all whose name begins so, but for the caller."""
        for name, task in list(self._running.items()):
            if name.startswith(prefix) and task is not asyncio.current_task():
                task.cancel()

    async def aclose(self) -> None:
        """Finish what is being sent; end what waits, which stays unfinished."""
        self._closing = True
        for woken in self._asleep.values():
            woken.set()
        if tasks := set(self._running.values()):
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
