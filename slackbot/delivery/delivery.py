"""Durable delivery: a DBOS workflow for each notice, so that what was begun is finished.

The workflow's own row is the intent: it is committed before anything is sent, and whoever finds
it later without remembering to have begun it looks into the person's direct messages first. So a
workflow needs no steps; it is carried out again from its beginning, and that is harmless. It
carries ids, never a token or call details. Which executor it belongs to is the process's `boot_id`;
those of a process that died are handed to us by `recover`.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from dbos import DBOS, SetWorkflowID

from slackbot.delivery import engine
from slackbot.delivery.engine import Work
from slackbot.domain.model import MatchId, Person, TeamId, UserId
from slackbot.domain.notices import Remark, packed, unpacked
from slackbot.services.notices import Notices

log = structlog.get_logger(__name__)

DURABLE_SECONDS: Final = 20.0
"""A wait at least so long is written down, so that a restart does not begin it anew."""
DRAIN_SECONDS: Final = 3.0
KEPT: Final = timedelta(days=2)
"""How long finished workflows are kept. The ledger is our own rows."""
TIDY_SECONDS: Final = 3600.0
OTHERS_SECONDS: Final = 30.0
"""How long the end of a round that another process sees to is not asked after."""
OTHERS_KEPT: Final = 10_000
BATCH: Final = 500
FINISHED: Final = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class DurableDelivery:
    """Implements `ports.Delivery`. Use it between `launch` and `aclose`."""

    def __init__(self, *, boot_id: str) -> None:
        """`boot_id` is fresh for every start of a process."""
        self._boot_id = boot_id
        self._begun: set[str] = set()
        """Ids of workflows that nobody can have begun before us."""
        self._under_way: dict[str, asyncio.Task[Any]] = {}
        self._asleep: set[str] = set()
        self._with_others: dict[str, float] = {}
        """Names that others see to, and until when they are not asked after."""
        self._closing = False

    def launch(self, notices: Notices, database: Mapping[str, Any]) -> None:
        """Start the engine on its database; its workflows send `notices`.

        Call it in the running loop.

        Raises:
            DeliveryUnusable: its tables are missing or of another version.
        """
        begin = engine.start(
            database,
            executor=self._boot_id,
            workflows={
                "deliver": self._deliver_workflow(notices),
                "finish": self._finish_workflow(notices),
                "remark": self._remark_workflow(notices),
            },
        )
        self._deliver, self._finish = begin["deliver"], begin["finish"]
        self._remark = begin["remark"]

    # --- ports.Delivery --------------------------------------------------------------------------

    async def submit(self, person: Person, match_id: MatchId, *, fresh: bool) -> None:
        """Take over a stored match whose notice is not settled; returns once that is durable."""
        name = match_id if fresh else await self._unused(match_id)
        if name is not None:
            await self._start(self._deliver, name, person, match_id, fresh=fresh)

    async def finish(self, person: Person, match_id: MatchId) -> None:
        """Take over the end of a told match's round.

        The ledger names it to every process, each second until it is done.
        """
        name = f"over-{match_id}"
        if self._with_others.get(name, 0.0) > time.monotonic():
            return
        unused = await self._unused(name)
        if unused is not None:
            await self._start(self._finish, unused, person, match_id, fresh=True)

    async def remark(self, person: Person, key: str, remark: Remark) -> None:
        """Take over a notice that has no row."""
        await self._start(self._remark, key, person, key, packed(remark), fresh=True)

    # --- workflows -------------------------------------------------------------------------------

    def _deliver_workflow(self, notices: Notices) -> Work:
        async def deliver(team: str, user: str, match_id: str) -> None:
            name = str(DBOS.workflow_id)
            look = self._may_be_told(name)
            work = notices.deliver(
                _person(team, user), MatchId(match_id), look_first=look, sleep=self._sleeper(name)
            )
            await self._carry_out(name, work)

        return deliver

    def _finish_workflow(self, notices: Notices) -> Work:
        async def finish(team: str, user: str, match_id: str) -> None:
            name = str(DBOS.workflow_id)
            self._may_be_told(name)
            work = notices.finish(_person(team, user), MatchId(match_id), sleep=self._sleeper(name))
            await self._carry_out(name, work)

        return finish

    def _remark_workflow(self, notices: Notices) -> Work:
        async def remark(team: str, user: str, key: str, values: dict[str, str]) -> None:
            person, look = _person(team, user), self._may_be_told(key)
            work = notices.remark(
                person, key, unpacked(values), look_first=look, sleep=self._sleeper(key)
            )
            await self._carry_out(key, work)

        return remark

    def _may_be_told(self, name: str) -> bool:
        """Whether somebody may have begun this before: all that we did not begin just now."""
        known = name in self._begun
        self._begun.discard(name)
        return not known

    async def _carry_out(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.current_task()
        assert task is not None, "a workflow runs as a task"
        self._under_way[name] = task
        try:
            await work
        finally:
            self._under_way.pop(name, None)

    def _sleeper(self, name: str) -> Callable[[float], Awaitable[None]]:
        async def sleep(seconds: float) -> None:
            if self._closing:
                raise asyncio.CancelledError
            self._asleep.add(name)
            try:
                durable = seconds >= DURABLE_SECONDS
                await (DBOS.sleep_async(seconds) if durable else asyncio.sleep(seconds))
            finally:
                self._asleep.discard(name)

        return sleep

    async def _start(
        self, workflow: Work, name: str, person: Person, *rest: Any, fresh: bool
    ) -> None:
        if self._closing or name in self._under_way or name in self._begun:
            return
        if fresh:
            self._begun.add(name)

        async def start() -> bool:
            with SetWorkflowID(name):
                handle = await DBOS.start_workflow_async(workflow, person.team, person.user, *rest)
            return hasattr(handle, "task")

        ours = False
        try:
            # In a context of its own: started within another workflow it would become its child.
            ours = await asyncio.create_task(start(), context=contextvars.Context())
        finally:
            if not ours:  # it was there already, so others may have begun it
                self._begun.discard(name)

    async def _unused(self, name: str) -> str | None:
        """The name under which to begin what its row says is to be done; None if it is under way.

        Where it was finished before, the row forgot, being restored from a copy: then another one.
        """
        unused = name
        while unused not in self._under_way:
            found = await DBOS.list_workflows_async(
                workflow_ids=[unused], load_input=False, load_output=False
            )
            if not found:
                return unused
            if found[0].status not in FINISHED:
                if found[0].executor_id != self._boot_id:
                    self._leave_to_others(name)
                return None
            unused = f"{unused}-again"
        return None

    def _leave_to_others(self, name: str) -> None:
        if len(self._with_others) >= OTHERS_KEPT:
            self._with_others.clear()
        self._with_others[name] = time.monotonic() + OTHERS_SECONDS

    # --- lives before and beside ours ------------------------------------------------------------

    async def recover(self, dead: str | None = None) -> bool:
        """Take over the unfinished notices of a process that died, or of all but ourselves.

        Returns:
            Whether none is left with it.
        """
        while True:
            found = await DBOS.list_workflows_async(
                status="PENDING", executor_id=dead, limit=BATCH, load_input=False, load_output=False
            )
            names = [it.workflow_id for it in found if it.executor_id != self._boot_id]
            if not names:
                return True
            log.info("notices_recovered", count=len(names))
            await DBOS.resume_workflows_async(names)

    async def keep_tidy(self) -> None:
        """Go on until cancelled, deleting what was finished long ago."""
        while True:
            try:
                await self.purge()
            except Exception:
                log.exception("not_tidied")
            await asyncio.sleep(TIDY_SECONDS)

    async def purge(self) -> None:
        """Delete what was finished long ago."""
        before = (datetime.now(UTC) - KEPT).isoformat()
        while True:
            found = await DBOS.list_workflows_async(
                status=list(FINISHED),
                completed_before=before,
                limit=BATCH,
                load_input=False,
                load_output=False,
            )
            if not found:
                return
            await DBOS.delete_workflows_async([it.workflow_id for it in found])

    async def aclose(self) -> None:
        """Let what is being sent be sent; the rest stays unfinished for the next life."""
        self._closing = True
        for name in list(self._asleep):
            if name in self._under_way:
                self._under_way[name].cancel()
        if tasks := set(self._under_way.values()):
            _, late = await asyncio.wait(tasks, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await engine.stop()


def _person(team: str, user: str) -> Person:
    return Person(TeamId(team), UserId(user))
