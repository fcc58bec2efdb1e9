"""The engine's workflow table, used to find workflows that no live process runs.

A row's status proves nothing, because it stays PENDING until a process finishes the workflow. A
workflow is running only if this process runs it, or if its executor is another worker whose lease
has not been revoked.

Workflows are never resumed. The engine does not check a row's owner when resuming, so two processes
that resumed the same row would both run it. Instead, a process that takes over starts a
*successor*, whose name is derived from the row's name. Only one insert of a name succeeds, for any
number of processes of any version.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from dbos import DBOS, WorkflowStatus

from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.matching import epoch_of
from slackbot.domain.model import Epoch
from slackbot.domain.personal_data import NOTICE_FIELDS

Living = Callable[[], Awaitable[frozenset[str]]]
KnownEpochs = Callable[[Collection[Epoch]], Awaitable[Collection[Epoch]]]
Executors = Mapping[str, str | None]  # by workflow name

BATCH: Final = 500  # workflows per call to the engine
RETENTION: Final = timedelta(days=2)  # of finished workflows; our own rows record the notices
UNFINISHED: Final = "PENDING"
ELSEWHERE_SECONDS: Final = 30.0  # until a workflow that another process runs is looked up again
ELSEWHERE_LIMIT: Final = 10_000  # maximum number of such workflows in the cache
FINISHED: Final = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")

# Attributes of a workflow: why its last attempt failed, and whether to retry it immediately.
REASON: Final = "reason"
RETRY: Final = "retry"

_list: Final = partial(DBOS.list_workflows_async, load_input=False, load_output=False)


def successor(name: str) -> str:
    """Return the name of the workflow that takes over from this one.

    The name is stored in the database, so its format must not change.
    """
    return f"{name}-again"


class WorkflowTable:
    """The workflow table from the point of view of one process."""

    def __init__(self, boot_id: str, *, living: Living, is_running: Callable[[str], bool]) -> None:
        """Create a view of the table.

        `living` returns the boot ids of the workers that may send. `is_running` returns whether
        this process runs the workflow of that name.
        """
        self._boot_id = boot_id
        self._living = living
        self._is_running = is_running
        # Workflows run by other processes, cached because ended rounds are submitted repeatedly.
        self._elsewhere: TtlCache[str, bool] = TtlCache(
            seconds=ELSEWHERE_SECONDS, capacity=ELSEWHERE_LIMIT
        )

    async def orphans(self) -> list[WorkflowStatus]:
        """Return all workflows that no live process runs, oldest first, with their inputs.

        Workflows in the engine's own queue are left out, because every process takes from it.
        """
        executors: dict[str, str | None] = {}
        offset = 0
        while rows := await _list(status=UNFINISHED, limit=BATCH, offset=offset):
            executors |= {row.workflow_id: row.executor_id for row in rows}
            offset += len(rows)
        return await self._without_owner(executors)

    async def cancel_superseded(self) -> int:
        """Cancel the orphans that have a successor. Return the number of those without one."""
        orphans = {successor(row.workflow_id): row.workflow_id for row in await self.orphans()}
        superseded = [orphans[row.workflow_id] for row in await _find(orphans)]
        if superseded:
            await DBOS.cancel_workflows_async(superseded)
        return len(orphans) - len(superseded)

    async def orders(self, running: Collection[str]) -> tuple[set[str], set[str]]:
        """Return the workflows that were cancelled or deleted, and those to be retried."""
        rows = {row.workflow_id: row for row in await _find(running)}
        stopped = {name for name in running if name not in rows or rows[name].status == "CANCELLED"}
        retried = {name for name, row in rows.items() if (row.attributes or {}).get(RETRY)}
        return stopped, retried

    async def free_names(self, names: Iterable[str]) -> dict[str, str]:
        """Return the name under which each workflow can be started, except for running ones.

        The workflows must be due according to our own rows. If a workflow has already finished, its
        row was restored from a backup, and it runs again.
        """
        free: dict[str, str] = {}
        last = {name: name for name in names}  # the last known successor of each workflow
        while last := {
            name: at
            for name, at in last.items()
            if not self._is_running(at) and not self._elsewhere.peek(at)
        }:
            rows = {row.workflow_id: row for row in await _find(last.values())}
            unfinished = {
                at: row.executor_id for at, row in rows.items() if row.status == UNFINISHED
            }
            over = {at for at, row in rows.items() if row.status in FINISHED}
            over |= {row.workflow_id for row in await self._without_owner(unfinished)}
            for at in rows.keys() - over:
                self._elsewhere.put(at, True)
            free |= {name: at for name, at in last.items() if at not in rows}
            last = {name: successor(at) for name, at in last.items() if at in over}
        return free

    async def _without_owner(self, executors: Executors) -> list[WorkflowStatus]:
        """Return the unfinished workflows that no live process runs, with their inputs."""
        executors = {name: at for name, at in executors.items() if not self._is_running(name)}
        if not executors:
            return []
        living = await self._living()
        if self._boot_id not in living:
            return []  # others are taking over from this process
        # A workflow of this process has no task if the database went away before it started.
        dead = {
            name: at for name, at in executors.items() if at == self._boot_id or at not in living
        }
        # Read the rows again now that their owners are known to be dead. Earlier versions resume
        # workflows, so another process may have taken one before its owner's row was deleted.
        return [
            row
            for row in await _find(dead, load_input=True)
            if (row.status, row.executor_id) == (UNFINISHED, dead[row.workflow_id])
            and not self._is_running(row.workflow_id)
        ]


async def _find(names: Collection[str], *, load_input: bool = False) -> list[WorkflowStatus]:
    left, found = list(names), list[WorkflowStatus]()
    while left:
        found += await _list(workflow_ids=left[:BATCH], load_input=load_input)
        left = left[BATCH:]
    return found


async def purge() -> None:
    """Delete workflows that finished more than `RETENTION` ago."""
    before = (datetime.now(UTC) - RETENTION).isoformat()
    while found := await _list(status=list(FINISHED), completed_before=before, limit=BATCH):
        await DBOS.delete_workflows_async([row.workflow_id for row in found])


async def purge_forgotten(known: KnownEpochs) -> None:
    """Delete the workflows of people who have left.

    A process that dies between deleting a person and their workflows leaves the workflows behind.
    """
    offset = 0
    while found := await _list(limit=BATCH, offset=offset):
        epochs = {row.workflow_id: epoch_of(row.workflow_id) for row in found}
        there = await known({epoch for epoch in epochs.values() if epoch is not None})
        left = [name for name, epoch in epochs.items() if epoch is not None and epoch not in there]
        if left:
            await _delete(left)
        offset += len(found) - len(left)


async def stored(prefix: str) -> list[dict[str, Any]]:
    """Return every workflow whose name starts with the prefix, as `NOTICE_FIELDS`."""
    found: list[dict[str, Any]] = []
    while rows := await _list(
        workflow_id_prefix=prefix, load_input=True, limit=BATCH, offset=len(found)
    ):
        for row in rows:
            at = datetime.fromtimestamp((row.created_at or 0) / 1000, UTC)
            values = [*row.input["args"]] if row.input is not None else []
            fields = (row.workflow_id, row.name, row.status, at, values)
            found.append(dict(zip(NOTICE_FIELDS, fields, strict=True)))
    return found


async def forget(prefix: str) -> None:
    """Delete every workflow whose name starts with the prefix, including unfinished ones."""
    while found := await _list(workflow_id_prefix=prefix, limit=BATCH):
        await _delete([row.workflow_id for row in found])


async def _delete(names: list[str]) -> None:
    """Delete workflows that may end at this moment, in any process.

    The engine deletes a workflow's output before its row, so one that ends in between leaves its
    output behind. Nothing writes an output without the row, so the second call deletes the rest.
    """
    for _ in range(2):
        await DBOS.delete_workflows_async(names)
