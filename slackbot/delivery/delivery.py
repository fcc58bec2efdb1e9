"""Durable delivery of notices, with one DBOS workflow per notice.

A workflow's row is committed before anything is sent. A process that takes over a workflow first
searches the person's direct messages for the notice. Workflows therefore need no steps and can be
run again from the beginning. They carry ids, never a token or the details of a call.

Each workflow belongs to an executor, which is identified by the process's `boot_id`. Once that
worker has lost its lease, other processes take over its workflows (see `workflow_table`).
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

import structlog
from dbos import DBOS, SetWorkflowID, WorkflowStatus
from dbos import error as dbos_error

from slackbot.aio.tasks import BackgroundTasks, every
from slackbot.delivery import engine, workflow_table
from slackbot.delivery.engine import Workflow
from slackbot.delivery.runs import BEGUN_HERE, Runs
from slackbot.delivery.workflow_table import KnownEpochs, Living, WorkflowTable, successor
from slackbot.domain.model import MatchId, Person, TeamId, UserId
from slackbot.domain.notices import Remark, packed, unpacked
from slackbot.domain.ports import PendingMatch
from slackbot.services.contact_notices import ContactNotices
from slackbot.services.notices import Notices
from slackbot.telemetry import NOTICES_UNOWNED

log = structlog.get_logger(__name__)

WRITE_SECONDS: Final = 1.0  # at shutdown, for the engine to finish its writes
PURGE_SECONDS: Final = 3600.0  # between purges
STARTS_AT_ONCE: Final = 50  # concurrent starts during a recovery; the engine has few threads


class DurableDelivery:
    """Implements `ports.Delivery`, from `launch` until `aclose`."""

    def __init__(self, *, boot_id: str, living: Living) -> None:
        """Create the delivery without starting it.

        `boot_id` identifies this run of the process. `living` returns the boot ids of the workers
        that may send.
        """
        self._boot_id = boot_id

        def is_running(name: str) -> bool:
            return name in self._begun or name in self._runs

        self._is_running = is_running
        self._table = WorkflowTable(boot_id, living=living, is_running=is_running)
        self.unowned = 0  # notices that no live process sends, after the last recovery
        self._workflows: dict[str, Workflow] = {}
        # Workflows started by this process, until the engine has recorded their end.
        self._begun: dict[str, asyncio.Future[Any] | None] = {}
        self._background = BackgroundTasks()
        self._runs = Runs(self._background)
        self._recovering = asyncio.Lock()
        self._closing = False

    def launch(
        self,
        notices: Notices,
        database: Mapping[str, Any],
        sync: Callable[[], None],
        contacts: ContactNotices | None = None,
    ) -> None:
        """Start the engine on its database, with workflows that send `notices`.

        Without `contacts`, those about contacts are left to other processes.

        Call this method in the running event loop.

        Raises:
            DeliveryUnusable: the engine's tables are missing or have another version.
        """

        async def deliver(team: str, user: str, match_id: str) -> None:
            person = Person(TeamId(team), UserId(user))
            await self._runs.run(partial(notices.deliver, person, MatchId(match_id)))

        async def finish(team: str, user: str, match_id: str) -> None:
            person = Person(TeamId(team), UserId(user))
            await self._runs.run(
                lambda sleep, **_: notices.finish(person, MatchId(match_id), sleep=sleep)
            )

        async def remark(team: str, user: str, key: str, values: dict[str, str]) -> None:
            person = Person(TeamId(team), UserId(user))
            await self._runs.run(partial(notices.remark, person, key, unpacked(values)))

        async def swap(team: str, user: str, match_id: str) -> None:
            assert contacts is not None
            person = Person(TeamId(team), UserId(user))
            await self._runs.run(partial(contacts.swap, person, MatchId(match_id)))

        async def report(team: str, user: str, match_id: str) -> None:
            assert contacts is not None
            person = Person(TeamId(team), UserId(user))
            await self._runs.run(partial(contacts.report, person, MatchId(match_id)))

        # These names are stored in the database and must never change.
        workflows: dict[str, Workflow] = {"deliver": deliver, "finish": finish, "remark": remark}
        if contacts is not None:
            workflows |= {"swap": swap, "report": report}
        self._sync = sync
        self._workflows = engine.start(database, executor=self._boot_id, workflows=workflows)

    # --- ports.Delivery --------------------------------------------------------------------------

    async def submit(self, person: Person, match_id: MatchId, *, fresh: bool) -> None:
        """Enqueue a stored match whose notice is pending, and return once that is durable.

        If the engine already has a workflow for a fresh match, rows were lost and the match has the
        key of an earlier one. It is then enqueued under another name, like any other match.
        """
        if fresh and await self._start("deliver", match_id, person, match_id, fresh=True):
            return
        await self._submit_all([(person, match_id)])

    async def finish(self, person: Person, match_id: MatchId) -> None:
        """Enqueue the edit that marks a match's round as over.

        The scheduler of every process submits it repeatedly until it is done.
        """
        await self.contact("finish", person, match_id, f"{match_id}-over")

    async def contact(self, kind: str, person: Person, match_id: MatchId, key: str) -> None:
        """Enqueue a workflow about a match unless a live process runs one with this key."""
        unused = (await self._table.free_names([key])).get(key)
        if unused is not None:
            await self._start(kind, unused, person, match_id, fresh=True)

    async def remark(self, person: Person, key: str, remark: Remark) -> None:
        """Enqueue a notice that has no row of its own."""
        await self._start("remark", key, person, key, packed(remark), fresh=True)
        await asyncio.to_thread(self._sync)

    async def recover(self, pending: Iterable[PendingMatch]) -> None:
        """Take over every notice that no live process is sending.

        Workflows whose names are unknown to this version are left to processes of a later
        version. Pending matches are sent by any live process.
        """
        async with self._recovering:
            await self._runs.follow_orders(self._table)
            orphans = await self._table.orphans()
            known = [row for row in orphans if row.name in self._workflows]
            if known:
                log.info("notices_recovered", count=len(known))
            await _at_once(self._take_over(row) for row in known)
            await self._submit_all(pending)
            left = await self._table.cancel_superseded() if orphans else 0
        self.unowned = left
        NOTICES_UNOWNED.set(left)
        if left:
            log.warning("notices_unowned", count=left)

    async def stored(self, epoch: str) -> list[dict[str, Any]]:
        """Return what the engine stores of the notices of this epoch."""
        return await workflow_table.stored(f"{epoch}-")

    async def forget(self, epoch: str) -> None:
        """Delete all workflows whose name starts with the person's epoch.

        Those that are running in this process are cancelled first.
        """
        prefix = f"{epoch}-"
        self._runs.stop(prefix)
        await workflow_table.forget(prefix)
        await asyncio.to_thread(self._sync)

    # --- starting --------------------------------------------------------------------------------

    async def _submit_all(self, pending: Iterable[PendingMatch]) -> None:
        by_name = {match_id: (person, match_id) for person, match_id in pending}
        free = await self._table.free_names(by_name)
        await _at_once(
            self._start("deliver", unused, *by_name[MatchId(name)], fresh=False)
            for name, unused in free.items()
        )

    async def _take_over(self, row: WorkflowStatus) -> None:
        """Start the successor of a workflow that no live process runs.

        The successor already exists if another process started it first, or died before it could
        cancel the original workflow.
        """
        assert row.input is not None
        team, user, *rest = row.input["args"]
        person = Person(TeamId(team), UserId(user))
        await self._start(row.name, successor(row.workflow_id), person, *rest, fresh=False)
        if not self._closing:
            await DBOS.cancel_workflow_async(row.workflow_id)

    async def _start(
        self, workflow: str, name: str, person: Person, *rest: Any, fresh: bool
    ) -> bool:
        """Start a workflow unless it exists, and continue even if the caller is cancelled.

        A cancellation between the engine's insert and the start of its task would leave a row that
        no process runs as long as this one is alive.

        Returns:
            False if the engine already had the workflow and this process does not run it.
        """
        if self._closing or self._is_running(name):
            return True
        self._begun[name] = None
        # Use a new context, because a workflow started inside another one becomes its child.
        context = contextvars.Context()
        context.run(BEGUN_HERE.set, fresh)
        begin = self._begin(workflow, name, person.team, person.user, *rest)
        return await asyncio.shield(context.run(self._background.start, begin, "start_notice"))

    async def _begin(self, workflow: str, name: str, *args: Any) -> bool:
        run: asyncio.Future[Any] | None = None
        try:
            with SetWorkflowID(name):
                handle = await DBOS.start_workflow_async(self._workflows[workflow], *args)
            run = getattr(handle, "task", None)  # None if the workflow already existed
        except dbos_error.DBOSConflictingWorkflowError:
            pass  # a later version has started it in a different form
        finally:
            if run is None:
                del self._begun[name]
            else:
                self._begun[name] = run
                run.add_done_callback(lambda _: self._begun.pop(name))
        return run is not None

    # --- retention and shutdown ------------------------------------------------------------------

    async def run_purge(self, known: KnownEpochs) -> None:
        """Purge finished workflows, and those of people who have left, every hour until cancelled.

        `known` returns those of the epochs that belong to a person.
        """

        async def purge() -> None:
            await workflow_table.purge()
            await workflow_table.purge_forgotten(known)

        await every(PURGE_SECONDS, purge, name="delivery_purge")

    async def aclose(self) -> None:
        """Finish sending notices that are in progress. Others stay pending for the next start."""
        self._closing = True
        await self._background.drain(WRITE_SECONDS)
        await self._runs.aclose()
        if runs := [run for run in self._begun.values() if run is not None]:
            await asyncio.wait(runs, timeout=WRITE_SECONDS)
        await self._background.drain(WRITE_SECONDS)
        await engine.stop()


async def _at_once(starts: Iterable[Awaitable[object]]) -> None:
    """Await all starts, at most `STARTS_AT_ONCE` at a time."""
    slots = asyncio.Semaphore(STARTS_AT_ONCE)

    async def start(work: Awaitable[object]) -> None:
        async with slots:
            await work

    await asyncio.gather(*map(start, starts))
