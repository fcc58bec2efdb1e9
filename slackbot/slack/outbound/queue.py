"""The outgoing queue, which sends requests by rank and age within Slack's rate limits.

Slack accepts about one message per second in a channel, and a few hundred posts and about fifty
edits per minute in a workspace. It rejects further requests with a Retry-After header. The queue
delays requests so that they are not rejected. It is kept in memory only, so messages that must not
be lost are stored elsewhere.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from bisect import insort
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from heapq import merge
from itertools import count
from math import inf
from operator import attrgetter
from typing import Any, Final, TypeVar

from slackbot.aio.rate_limit import TokenBucket
from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import MessageDelayed, MessageRefused, MessageUnsure
from slackbot.slack.outbound.rate_limits import (
    EDITS_A_SECOND,
    EDITS_RESERVED,
    EDITS_TOGETHER,
    HOMES_A_SECOND,
    HOMES_RESERVED,
    HOMES_TOGETHER,
    ChannelLimit,
    MethodLimit,
)
from slackbot.telemetry import OUTGOING_LIMITED, OUTGOING_WAITING

T = TypeVar("T")

# Maximum number of requests in flight.
LIMIT: Final = 16
# Timeout for requests in flight at shutdown.
CLOSING_SECONDS: Final = 3.0
# The caller is responsible for longer waits, which it can persist across restarts.
LONGEST_WAIT_SECONDS: Final = 30.0
# Callers get an error this many seconds before such a wait ends, so they have queued again, oldest
# first, when Slack accepts messages.
EARLY_SECONDS: Final = 10.0
# Such a wait is extended by this many seconds. Slack's limits per minute reset gradually, and all
# waiting requests would otherwise be rejected again.
EDGE_SECONDS: Final = 0.25
# Number of times a request may be rate limited before its caller gets an error.
REFUSALS: Final = 5
# Seconds between the errors of two callers, so they queue again in the same order.
SPREAD_SECONDS: Final = 0.01
RATELIMITED: Final = "ratelimited"
CLOSED: Final = "closing"
CLOSED_SECONDS: Final = 1.0
POST: Final = "chat.postMessage"
EDIT: Final = "chat.update"
PUBLISH: Final = "views.publish"
# Tokens of the methods with a budget that are kept for requests for which a person is waiting.
RESERVED: Final = {EDIT: EDITS_RESERVED, PUBLISH: HOMES_RESERVED}


class Rank(IntEnum):
    """The priority of a request, highest first. A search for a match has the rank of a match."""

    MATCH = 0
    ANSWER = 1
    REMARK = 2
    EDIT = 3
    HOME = 4


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A request for the queue."""

    rank: Rank
    method: str
    # The time of the event that caused this request. None means now.
    since: datetime | None = None
    # A later request with the same key supersedes this one, such as an edit of the same message.
    key: Hashable | None = None
    # Requests for one channel are sent one at a time.
    channel: str | None = None


@dataclass(eq=False, repr=False, slots=True)
class QueueEntry:
    """A queued request. It has several callers if it superseded an earlier request."""

    request: SendRequest
    order: tuple[Rank, float, int]
    send: Callable[[], Awaitable[Any]]
    callers: list[asyncio.Future[Any]]
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    refusals: int = 0

    @property
    def is_wanted(self) -> bool:
        """True while at least one caller is waiting."""
        return not all(caller.done() for caller in self.callers)

    def resolve(self, result: object = None, error: BaseException | None = None) -> None:
        """Pass the result or the error to the callers that are still waiting."""
        for caller in self.callers:
            if caller.done():
                continue
            if error is None:
                caller.set_result(result)
            else:
                caller.set_exception(error)


@dataclass(eq=False, kw_only=True)
class WorkspaceQueue:
    """The outgoing queue of one workspace."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    limit: int = LIMIT
    closing_seconds: float = CLOSING_SECONDS

    def __post_init__(self) -> None:
        self._numbers = count()
        # Waiting requests by method, in the order of sending.
        self._waiting: defaultdict[str, list[QueueEntry]] = defaultdict(list)
        self._by_key: dict[Hashable, QueueEntry] = {}
        self._in_flight: set[QueueEntry] = set()
        self._tasks = BackgroundTasks()
        # Channels and keys of the requests in flight.
        self._busy: set[Hashable] = set()
        self._methods: defaultdict[str, MethodLimit] = defaultdict(MethodLimit)
        self._channels = ChannelLimit()
        self._budgets = {
            EDIT: TokenBucket(EDITS_TOGETHER, EDITS_A_SECOND, now=self.now),
            PUBLISH: TokenBucket(HOMES_TOGETHER, HOMES_A_SECOND, now=self.now),
        }
        self._next_due = inf
        self._timer: asyncio.Task[None] | None = None
        self._pump_handle: asyncio.Handle | None = None
        self._closing = False

    async def send(self, request: SendRequest, send: Callable[[], Awaitable[T]]) -> T:
        """Call `send` as soon as the limits and the order of requests allow it.

        Returns:
            The result of `send`, or the result of a later request that superseded this one.

        Raises:
            MessageDelayed: The wait is long, Slack rejects repeatedly, or the bot is stopping.
            Exception: The error was raised by `send`.
        """
        if self._closing:
            raise MessageDelayed(CLOSED, CLOSED_SECONDS)
        wait = self._methods[request.method].closed_until - self.now()
        if wait > LONGEST_WAIT_SECONDS:
            raise MessageDelayed(RATELIMITED, wait - EDGE_SECONDS - EARLY_SECONDS)
        age = time.time() if request.since is None else request.since.timestamp()
        caller: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        entry = QueueEntry(request, (request.rank, age, next(self._numbers)), send, [caller])
        self._add(entry)
        try:
            return await caller
        except asyncio.CancelledError:
            entry = self._by_key.get(request.key, entry)  # it may have been superseded
            if entry in self._waiting[request.method] and not entry.is_wanted:
                self._remove(entry)
            raise

    async def aclose(self) -> None:
        """Raise an error in all waiting callers, and wait for requests in flight."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        for method in self._waiting:
            self._return_callers(method, CLOSED_SECONDS, CLOSED)
        await self._tasks.drain(self.closing_seconds)

    # --- waiting ---------------------------------------------------------------------------------

    def _add(self, entry: QueueEntry) -> None:
        key = entry.request.key
        other = self._by_key.get(key) if key is not None else None
        if other is not None:
            self._remove(other)
            # An entry that is queued again after it was rate limited may be the earlier one.
            earlier, entry = sorted((other, entry), key=lambda either: either.order[2])
            # The later one serves the callers of both, and takes the better position.
            rank, age, _ = min(entry.order, earlier.order)
            entry.order = (rank, age, entry.order[2])
            entry.callers[:0] = earlier.callers
        insort(self._waiting[entry.request.method], entry, key=attrgetter("order"))
        if key is not None:
            self._by_key[key] = entry
        OUTGOING_WAITING.labels(rank=entry.request.rank.name.lower()).inc()
        self._pump_soon()

    def _remove(self, entry: QueueEntry) -> None:
        self._waiting[entry.request.method].remove(entry)
        if entry.request.key is not None:
            del self._by_key[entry.request.key]
        OUTGOING_WAITING.labels(rank=entry.request.rank.name.lower()).dec()

    def _return_callers(self, method: str, seconds: float, reason: str) -> None:
        """Raise an error in all callers that wait for this method, with increasing delays."""
        for position, entry in enumerate(list(self._waiting[method])):
            self._remove(entry)
            entry.resolve(error=MessageDelayed(reason, seconds + position * SPREAD_SECONDS))

    # --- scheduling ------------------------------------------------------------------------------

    def _pump_soon(self) -> None:
        """Schedule a run of the queue after pending calls, so the oldest request is sent first."""
        if self._pump_handle is None and not self._closing:
            self._pump_handle = asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        self._pump_handle = None
        if self._closing:
            return
        self._next_due, now = inf, self.now()
        ready = [self._ready(method, now) for method, entries in self._waiting.items() if entries]
        for entry in merge(*ready, key=attrgetter("order")):
            if len(self._in_flight) >= self.limit:
                break
            if self._may_start(entry, now):
                self._start(entry)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._next_due < inf:
            self._timer = asyncio.create_task(self._pump_after(self._next_due - now))

    async def _pump_after(self, seconds: float) -> None:
        await self.sleep(seconds)
        self._timer = None  # prevents `_pump` from cancelling this task
        self._pump()

    def _ready(self, method: str, now: float) -> Iterator[QueueEntry]:
        """Yield the method's entries as long as its limits allow another request."""
        limit = self._methods[method]
        for entry in list(self._waiting[method]):
            free_at = limit.closed_until
            if (budget := self._budgets.get(method)) is not None:
                reserved = RESERVED[method] if entry.order[0] >= Rank.EDIT else 0.0
                free_at = max(free_at, now + budget.wait(1.0 + reserved))
            if free_at > now:
                self._next_due = min(self._next_due, free_at)
                return
            if limit.is_full:
                return
            yield entry

    def _may_start(self, entry: QueueEntry, now: float) -> bool:
        request = entry.request
        if request.channel in self._busy or request.key in self._busy:
            return False
        # Edits and Home use at most half of the slots, so urgent requests are not blocked.
        low = sum(other.order[0] >= Rank.EDIT for other in self._in_flight)
        if entry.order[0] >= Rank.EDIT and low >= max(1, self.limit // 2):
            return False
        if request.method == POST:
            free_at = self._channels.free_at(request.channel)
            if free_at > now:
                self._next_due = min(self._next_due, free_at)
                return False
        return True

    # --- sending ---------------------------------------------------------------------------------

    def _start(self, entry: QueueEntry) -> None:
        self._remove(entry)
        request = entry.request
        self._busy |= {request.channel, request.key} - {None}
        if (budget := self._budgets.get(request.method)) is not None:
            budget.take()
        ticket = self._methods[request.method].acquire()
        self._in_flight.add(entry)
        entry.context.run(self._tasks.start, self._send(entry, ticket), "outgoing")

    async def _send(self, entry: QueueEntry, ticket: int) -> None:
        request, limit = entry.request, self._methods[entry.request.method]
        try:
            result = await entry.send()
        except asyncio.CancelledError:  # by `aclose`
            entry.resolve(error=MessageUnsure(CLOSED))
            raise
        except MessageDelayed as error:
            if error.reason == RATELIMITED:
                self._rate_limited(entry, error.seconds)
            else:
                entry.resolve(error=error)
        except Exception as error:  # noqa: BLE001 - the callers get it
            if isinstance(error, MessageRefused):
                limit.widen(ticket, self.limit)
            entry.resolve(error=error)
        else:
            limit.widen(ticket, self.limit)
            entry.resolve(result)
        finally:
            limit.release()
            self._in_flight.remove(entry)
            self._busy -= {request.channel, request.key}
            if request.method == POST and request.channel is not None:
                self._channels.record_post(request.channel, self.now())
            self._pump_soon()

    def _rate_limited(self, entry: QueueEntry, seconds: float) -> None:
        """Close the limit that was reached. Queue the entry again unless the wait is too long."""
        request, now, is_long = entry.request, self.now(), seconds > LONGEST_WAIT_SECONDS
        OUTGOING_LIMITED.labels(method=request.method).inc()
        limit = self._methods[request.method]
        one_channel = request.method == POST and request.channel is not None and limit.is_open
        if not (one_channel and self._channels.record_refusal(request.channel, now, seconds)):
            limit.close(now, seconds + (EDGE_SECONDS if is_long else 0.0))
        entry.refusals += 1
        if is_long or self._closing or entry.refusals >= REFUSALS:
            seconds -= EARLY_SECONDS if is_long else 0.0
            entry.resolve(error=MessageDelayed(RATELIMITED, seconds, tries=entry.refusals))
        elif entry.is_wanted:
            self._add(entry)
        wait = limit.closed_until - now
        if wait > LONGEST_WAIT_SECONDS:
            self._return_callers(request.method, wait - EDGE_SECONDS - EARLY_SECONDS, RATELIMITED)
