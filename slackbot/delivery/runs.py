"""Run workflows in this process, including their waits, shutdown and operators' requests."""

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
# The reason for a wait of at least this length is recorded for operators.
NOTED_SECONDS: Final = 20.0

# The work of one run. It returns False if the person or match has been deleted.
Work = Callable[..., Awaitable[bool]]
# True in new workflows of this process, for which nothing can have been sent yet.
BEGUN_HERE: Final = contextvars.ContextVar("begun_here", default=False)


class Runs:
    """Runs workflows until `aclose` is called."""

    def __init__(self, background: BackgroundTasks) -> None:
        """Create an empty set of runs. `background` runs writes that no workflow waits for."""
        self._background = background
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._asleep: dict[str, asyncio.Event] = {}  # set to end the wait
        self._closing = False

    def __contains__(self, name: str) -> bool:
        return name in self._running

    async def run(self, work: Work) -> None:
        """Run the current workflow's work, which may sleep. `aclose` ends the sleep early."""
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
            # Delete the workflow instead of finishing it, because its input names the person. If
            # this process dies first, another one takes over the workflow and deletes it.
            self._write(DBOS.delete_workflow_async(name))
            raise asyncio.CancelledError

    def _write(self, call: Coroutine[Any, Any, None]) -> None:
        """Call the engine in a new context, because a call inside a workflow becomes a step."""
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
        """Apply the changes that `slackbot notices` made to the table.

        Workflows that were cancelled or deleted are stopped, and those to be retried are woken.
        """
        stopped, retried = await table.orders(list(self._running))
        for name in stopped & self._running.keys():
            self._running[name].cancel()
        for name in retried & self._asleep.keys():
            self._asleep[name].set()
            await DBOS.update_workflow_attributes_async(name, None)

    def stop(self, prefix: str) -> None:
        """Cancel every workflow whose name starts with `prefix`, except the caller."""
        for name, task in list(self._running.items()):
            if name.startswith(prefix) and task is not asyncio.current_task():
                task.cancel()

    async def aclose(self) -> None:
        """Finish the notices that are being sent. Waiting workflows end and stay unfinished."""
        self._closing = True
        for woken in self._asleep.values():
            woken.set()
        if tasks := set(self._running.values()):
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
