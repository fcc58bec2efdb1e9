"""One workspace's outgoing queue: what waits, whose turn it is, and what Slack says to it."""

from __future__ import annotations

import asyncio
import time
from bisect import insort
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from heapq import merge
from itertools import count
from math import inf
from operator import attrgetter
from typing import Any, Final

from slackbot.domain.errors import MessageDelayed, MessageRefused, MessageUnsure
from slackbot.slack.outbound.rate_limits import Channels, EditBudget, MethodLimit
from slackbot.slack.outbound.requests import QueueEntry, Rank, SendRequest
from slackbot.telemetry import OUTGOING_LIMITED, OUTGOING_WAITING

Now = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

PATIENCE_SECONDS: Final = 30.0
"""A longer wait that Slack asks for is the caller's: a durable one outlives the process."""
EARLY_SECONDS: Final = 10.0
"""So much before that wait is over its callers are to be back: coming back takes each of them some
work, and when Slack takes messages again they shall all stand here, in order of age."""
EDGE_SECONDS: Final = 0.25
"""How much longer it lasts: what Slack counts by the minute runs out bit by bit, and all who stand
here would be refused again."""
REFUSALS: Final = 5
"""How often one call is refused for being too many before its caller hears of it."""
SPREAD_SECONDS: Final = 0.01
"""What is handed back comes back a little apart, and so in the same order."""
RATELIMITED: Final = "ratelimited"
CLOSED: Final = "closing"
CLOSED_SECONDS: Final = 1.0
POST: Final = "chat.postMessage"
EDIT: Final = "chat.update"


class WorkspaceQueue:
    """One workspace's queue."""

    def __init__(self, now: Now, sleep: Sleep, at_once: int, closing_seconds: float) -> None:
        self._now = now
        self._sleep = sleep
        self._at_once = at_once
        self._closing_seconds = closing_seconds
        self._numbers = count()
        self._waiting: defaultdict[str, list[QueueEntry]] = defaultdict(list)
        """By method, each in order."""
        self._by_key: dict[Hashable, QueueEntry] = {}
        self._tasks: dict[asyncio.Task[None], QueueEntry] = {}
        self._busy: set[Hashable] = set()
        """Channels and keys with a call under way."""
        self._gates: defaultdict[str, MethodLimit] = defaultdict(MethodLimit)
        self._channels = Channels()
        self._edits = EditBudget(now())
        self._due = inf
        self._alarm: tuple[float, asyncio.Task[None]] | None = None
        self._pumping: asyncio.Handle | None = None
        self._closing = False

    async def send(self, job: SendRequest, call: Callable[[], Awaitable[Any]]) -> Any:
        """See `Outgoing.send`."""
        closed_for = self._gates[job.method].until - self._now()
        if closed_for > PATIENCE_SECONDS:
            raise MessageDelayed(RATELIMITED, closed_for - EDGE_SECONDS - EARLY_SECONDS)
        age = time.time() if job.since is None else job.since.timestamp()
        caller: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        waiting = QueueEntry(job, (job.rank, age, next(self._numbers)), call, [caller])
        self._put(waiting)
        try:
            return await caller
        except asyncio.CancelledError:
            self._left(waiting)
            raise

    def _left(self, waiting: QueueEntry) -> None:
        """A caller is gone; when nobody waits any more, what is not begun is not done."""
        while waiting.heir is not None:
            waiting = waiting.heir
        if waiting.queued and not waiting.wanted:
            self._take(waiting)

    # --- who waits -------------------------------------------------------------------------------

    def _put(self, waiting: QueueEntry) -> None:
        other = self._by_key.get(waiting.job.key) if waiting.job.key is not None else None
        if other is not None:
            self._take(other)
            # One that comes back after a refusal may have been overtaken meanwhile.
            earlier, waiting = sorted((other, waiting), key=lambda it: it.order[2])
            waiting.take_over(earlier)
        insort(self._waiting[waiting.job.method], waiting, key=attrgetter("order"))
        waiting.queued = True
        if waiting.job.key is not None:
            self._by_key[waiting.job.key] = waiting
        OUTGOING_WAITING.labels(rank=waiting.job.rank.name.lower()).inc()
        self._pump_soon()

    def _take(self, waiting: QueueEntry) -> None:
        self._waiting[waiting.job.method].remove(waiting)
        waiting.queued = False
        if waiting.job.key is not None:
            del self._by_key[waiting.job.key]
        OUTGOING_WAITING.labels(rank=waiting.job.rank.name.lower()).dec()

    # --- whose turn it is ------------------------------------------------------------------------

    def _pump_soon(self) -> None:
        """Once those have come who come at the same moment, so that the oldest goes first."""
        if self._pumping is None and not self._closing:
            self._pumping = asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Begin whatever may begin now, and wake when the next may."""
        self._pumping = None
        if self._closing:
            return
        self._due, now = inf, self._now()
        ready = [self._ready(method, now) for method, jobs in self._waiting.items() if jobs]
        for waiting in merge(*ready, key=attrgetter("order")):
            if len(self._tasks) >= self._at_once:
                break
            if self._may_begin(waiting, now):
                self._begin(waiting, now)
        self._set_alarm(now)

    def _ready(self, method: str, now: float) -> Iterator[QueueEntry]:
        """Those of one method, for as long as it may be called."""
        gate = self._gates[method]
        for waiting in list(self._waiting[method]):
            free_at = gate.until
            if method == EDIT:
                awaited = waiting.order[0] < Rank.EDIT
                free_at = max(free_at, self._edits.free_at(now, awaited=awaited))
            if free_at > now:
                self._due = min(self._due, free_at)
                return
            if gate.full:
                return
            yield waiting

    def _may_begin(self, waiting: QueueEntry, now: float) -> bool:
        job = waiting.job
        if job.channel in self._busy or job.key in self._busy:
            return False
        if waiting.order[0] >= Rank.EDIT and self._many_of_low_rank():
            return False
        if job.method == POST and (free_at := self._channels.free_at(job.channel)) > now:
            self._due = min(self._due, free_at)
            return False
        return True

    def _many_of_low_rank(self) -> bool:
        """Edits and Home leave half of the places to what is more urgent."""
        low = sum(waiting.order[0] >= Rank.EDIT for waiting in self._tasks.values())
        return low >= max(1, self._at_once // 2)

    def _set_alarm(self, now: float) -> None:
        if self._due == inf:
            return
        if self._alarm is not None:
            if self._alarm[0] <= self._due:
                return
            self._alarm[1].cancel()
        self._alarm = (self._due, asyncio.create_task(self._ring(self._due - now)))

    async def _ring(self, seconds: float) -> None:
        await self._sleep(seconds)
        self._alarm = None
        self._pump()

    # --- a call ----------------------------------------------------------------------------------

    def _begin(self, waiting: QueueEntry, now: float) -> None:
        self._take(waiting)
        job = waiting.job
        self._busy |= {job.channel, job.key} - {None}
        if job.method == EDIT:
            self._edits.take(now)
        ticket = self._gates[job.method].enter()
        task = asyncio.create_task(self._carry_out(waiting, ticket), context=waiting.context)
        self._tasks[task] = waiting
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        self._pump_soon()

    async def _carry_out(self, waiting: QueueEntry, ticket: int) -> None:
        gate = self._gates[waiting.job.method]
        try:
            result = await waiting.call()
        except asyncio.CancelledError:  # by `aclose`
            self._land(waiting, gate)
            waiting.end(error=MessageUnsure(CLOSED))
            raise
        except MessageDelayed as error:
            self._land(waiting, gate)
            if error.reason == RATELIMITED:
                self._refused(waiting, error.seconds)
            else:
                waiting.end(error=error)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            self._land(waiting, gate)
            if isinstance(error, MessageRefused):
                gate.succeeded(ticket, self._at_once)
            waiting.end(error=error)
        else:
            self._land(waiting, gate)
            gate.succeeded(ticket, self._at_once)
            waiting.end(result)

    def _land(self, waiting: QueueEntry, gate: MethodLimit) -> None:
        gate.leave()
        job = waiting.job
        self._busy -= {job.channel, job.key}
        if job.method == POST and job.channel is not None:
            self._channels.posted(job.channel, self._now())

    def _refused(self, waiting: QueueEntry, seconds: float) -> None:
        """Slack wants fewer calls: back into its place, unless that would take too long."""
        job, now = waiting.job, self._now()
        OUTGOING_LIMITED.labels(method=job.method).inc()
        gate = self._gates[job.method]
        one_channel = job.method == POST and job.channel is not None and gate.wide_open
        if not (one_channel and self._channels.take_refusal(job.channel, now, seconds)):
            gate.close(now, seconds + (EDGE_SECONDS if seconds > PATIENCE_SECONDS else 0.0))
        waiting.refusals += 1
        if seconds > PATIENCE_SECONDS:
            seconds -= EARLY_SECONDS
            waiting.end(error=MessageDelayed(RATELIMITED, seconds, tries=waiting.refusals))
        elif self._closing or waiting.refusals >= REFUSALS:
            waiting.end(error=MessageDelayed(RATELIMITED, seconds, tries=waiting.refusals))
        elif waiting.wanted:
            self._put(waiting)
        if gate.until - now > PATIENCE_SECONDS:
            elsewhere = gate.until - now - EDGE_SECONDS - EARLY_SECONDS
            self._hand_back(job.method, elsewhere, RATELIMITED)

    def _hand_back(self, method: str, seconds: float, reason: str) -> None:
        """Whoever waits for this method waits elsewhere, and comes back in the same order."""
        for place, waiting in enumerate(list(self._waiting[method])):
            self._take(waiting)
            waiting.end(error=MessageDelayed(reason, seconds + place * SPREAD_SECONDS))

    async def aclose(self) -> None:
        """See `Outgoing.aclose`."""
        self._closing = True
        if self._alarm is not None:
            self._alarm[1].cancel()
        for method in self._waiting:
            self._hand_back(method, CLOSED_SECONDS, CLOSED)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._closing_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
