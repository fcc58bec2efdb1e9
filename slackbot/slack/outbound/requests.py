"""What waits in the outgoing queue."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any


class Rank(IntEnum):
    """Who goes first. A match is also the look whether it was told."""

    MATCH = 0
    ANSWER = 1
    REMARK = 2
    EDIT = 3
    HOME = 4


@dataclass(frozen=True, slots=True)
class SendRequest:
    """One call that is to be made."""

    rank: Rank
    method: str
    since: datetime | None = None
    """When that came about which is told; None is now."""
    key: Hashable | None = None
    """What a later job with the same key makes needless: the same message's edit, the same Home."""
    channel: str | None = None
    """One call at a time is made for a channel."""


@dataclass(eq=False, slots=True)
class QueueEntry:
    """A job in the queue, and who waits for it: several, where a later one took its place."""

    job: SendRequest
    order: tuple[Rank, float, int]
    call: Callable[[], Awaitable[Any]]
    callers: list[asyncio.Future[Any]]
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    queued: bool = False
    refusals: int = 0
    heir: QueueEntry | None = None
    """The later one that took its place."""

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return not all(caller.done() for caller in self.callers)

    def take_over(self, earlier: QueueEntry) -> None:
        """Answer the earlier one's callers too, in its place if that is the better one."""
        rank, age, _ = min(self.order, earlier.order)
        self.order = (rank, age, self.order[2])
        self.callers[:0] = earlier.callers
        earlier.heir = self

    def end(self, result: object = None, error: BaseException | None = None) -> None:
        """Tell everybody who still waits."""
        for caller in self.callers:
            if caller.done():
                continue
            if error is not None:
                caller.set_exception(error)
            else:
                caller.set_result(result)
