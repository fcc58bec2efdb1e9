"""Durable delivery: a DBOS workflow per notice, so that what was begun is finished.

The workflow's own row is the intent: it is committed before anything is sent, and a process that
finds it later without having begun it searches the person's direct messages first. So a workflow
needs no steps: it can be run again from its beginning. It carries ids, never a token or the details
of a call. It belongs to an executor, the process's `boot_id`; `recover` takes over the workflows of
a process that died.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from dbos import DBOS, SetWorkflowID

from slackbot.aio.tasks import every
from slackbot.aio.ttl_cache import TtlCache
from slackbot.delivery import engine
from slackbot.delivery.engine import Workflow
from slackbot.domain.model import MatchId, Person, TeamId, UserId
from slackbot.domain.notices import Remark, packed, unpacked
from slackbot.services.notices import Notices

log = structlog.get_logger(__name__)

DURABLE_SECONDS: Final = 20.0  # a sleep at least this long is recorded, and outlives a restart
DRAIN_SECONDS: Final = 3.0  # for notices that are being sent at shutdown
RETENTION: Final = timedelta(days=2)  # of finished workflows; the record of notices is our own rows
PURGE_SECONDS: Final = 3600.0  # between two purges
REMOTE_SECONDS: Final = 30.0  # until a workflow that another process runs is looked up again
REMOTE_LIMIT: Final = 10_000  # names of such workflows that are remembered
BATCH: Final = 500  # workflows per call of the engine
FINISHED: Final = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

_list_workflows = partial(DBOS.list_workflows_async, load_input=False, load_output=False)


class DurableDelivery:
    """Implements `ports.Delivery` between `launch` and `aclose`."""

    def __init__(self, *, boot_id: str) -> None:
        """`boot_id` is unique to this start of the process."""
        self._boot_id = boot_id
        self._workflows: dict[str, Workflow] = {}
        self._new: set[str] = set()  # names of workflows that no other process can have begun
        self._running: dict[str, asyncio.Task[Any]] = {}
        self._asleep: set[asyncio.Task[Any]] = set()
        # Names of workflows that other processes run.
        self._remote: TtlCache[str, bool] = TtlCache(seconds=REMOTE_SECONDS, capacity=REMOTE_LIMIT)
        self._closing = False

    def launch(self, notices: Notices, database: Mapping[str, Any]) -> None:
        """Start the engine on its database; its workflows send `notices`.

        Call it in the running loop.

        Raises:
            DeliveryUnusable: its tables are missing or of another version.
        """

        async def deliver(team: str, user: str, match_id: str) -> None:
            person, name = Person(TeamId(team), UserId(user)), str(DBOS.workflow_id)
            await self._run(name, partial(notices.deliver, person, MatchId(match_id)))

        async def finish(team: str, user: str, match_id: str) -> None:
            person, name = Person(TeamId(team), UserId(user)), str(DBOS.workflow_id)
            await self._run(
                name,
                lambda sleep, **_: notices.finish(person, MatchId(match_id), sleep=sleep),
            )

        async def remark(team: str, user: str, key: str, values: dict[str, str]) -> None:
            person = Person(TeamId(team), UserId(user))
            await self._run(key, partial(notices.remark, person, key, unpacked(values)))

        # These names stand on the disk and never change.
        workflows: dict[str, Workflow] = {"deliver": deliver, "finish": finish, "remark": remark}
        self._workflows = engine.start(database, executor=self._boot_id, workflows=workflows)

    # --- ports.Delivery --------------------------------------------------------------------------

    async def submit(self, person: Person, match_id: MatchId, *, fresh: bool) -> None:
        """Take over a stored match whose notice is pending; return once that is durable."""
        name = match_id if fresh else await self._unused_name(match_id)
        if name is not None:
            await self._start("deliver", name, person, match_id, fresh=fresh)

    async def finish(self, person: Person, match_id: MatchId) -> None:
        """Take over the end of a match's round.

        The scheduler of every process submits it each second until it is done.
        """
        name = f"over-{match_id}"
        if self._remote.peek(name):
            return
        unused = await self._unused_name(name)
        if unused is not None:
            await self._start("finish", unused, person, match_id, fresh=True)

    async def remark(self, person: Person, key: str, remark: Remark) -> None:
        """Take over a notice that has no row."""
        await self._start("remark", key, person, key, packed(remark), fresh=True)

    # --- workflows -------------------------------------------------------------------------------

    async def _run(self, name: str, work: Workflow) -> None:
        """Run the workflow's work, which may sleep. Its sleep, in seconds, ends at `aclose`."""
        task = asyncio.current_task()
        assert task is not None, "a workflow runs as a task"

        async def sleep(seconds: float) -> None:
            if self._closing:
                raise asyncio.CancelledError
            self._asleep.add(task)
            try:
                durable = seconds >= DURABLE_SECONDS
                await (DBOS.sleep_async(seconds) if durable else asyncio.sleep(seconds))
            finally:
                self._asleep.discard(task)

        uncertain = name not in self._new  # an earlier run may have sent something
        self._new.discard(name)
        self._running[name] = task
        try:
            await work(look_first=uncertain, sleep=sleep)
        finally:
            self._running.pop(name, None)

    async def _start(
        self, workflow: str, name: str, person: Person, *rest: Any, fresh: bool
    ) -> None:
        if self._closing or name in self._running or name in self._new:
            return
        if fresh:
            self._new.add(name)

        async def start() -> bool:
            with SetWorkflowID(name):
                handle = await DBOS.start_workflow_async(
                    self._workflows[workflow], person.team, person.user, *rest
                )
            return hasattr(handle, "task")

        started = False
        try:
            # In a context of its own: started within another workflow it would become its child.
            started = await asyncio.create_task(start(), context=contextvars.Context())
        finally:
            if not started:  # it existed already, so another process may have begun it
                self._new.discard(name)

    async def _unused_name(self, name: str) -> str | None:
        """Return a name for a workflow whose row says that it is due; None if one is running.

        A finished workflow of that name means that the row was restored from a backup. The notice
        then runs under another name.
        """
        unused = name
        while unused not in self._running:
            found = await _list_workflows(workflow_ids=[unused])
            if not found:
                return unused
            if found[0].status not in FINISHED:
                if found[0].executor_id != self._boot_id:
                    self._remote.put(name, True)
                return None
            unused = f"{unused}-again"
        return None

    # --- recovery and retention ------------------------------------------------------------------

    async def recover(self, stalled: str | None = None) -> bool:
        """Take over the unfinished notices of a stalled worker, or of all but this process.

        Return True once none is left with it.
        """
        while True:
            found = await _list_workflows(status="PENDING", executor_id=stalled, limit=BATCH)
            names = [row.workflow_id for row in found if row.executor_id != self._boot_id]
            if not names:
                return True
            log.info("notices_recovered", count=len(names))
            await DBOS.resume_workflows_async(names)

    async def run_purge(self) -> None:
        """Purge every hour until cancelled."""
        await every(PURGE_SECONDS, self.purge, name="delivery_purge")

    async def purge(self) -> None:
        """Delete workflows that finished long ago."""
        before = (datetime.now(UTC) - RETENTION).isoformat()
        while True:
            found = await _list_workflows(
                status=list(FINISHED), completed_before=before, limit=BATCH
            )
            if not found:
                return
            await DBOS.delete_workflows_async([row.workflow_id for row in found])

    async def aclose(self) -> None:
        """Finish what is being sent; the rest stays unfinished for the next start."""
        self._closing = True
        for task in self._asleep:
            task.cancel()
        if tasks := set(self._running.values()):
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await engine.stop()
