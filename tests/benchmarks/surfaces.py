"""From a match to its message in a crowd, with and without edits of cards and Homes.

The outgoing queue runs at the limits that Slack documents, which the sandbox's Slack enforces, on a
clock that jumps to whatever is due next: minutes of waiting take seconds, and no other load on the
machine changes the figures. Run `python -m tests.benchmarks.surfaces`.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from slackbot.domain.errors import MessageDelayed
from slackbot.sandbox.slack.clock import Clock
from slackbot.sandbox.slack.errors import SlackError
from slackbot.sandbox.slack.rate_limits import RateLimits
from slackbot.slack.outbound.queue import EDIT, POST, PUBLISH, Rank, SendRequest, WorkspaceQueue

PEOPLE = 2_000
# Seconds in which everybody is matched once.
MATCHED_WITHIN = 60.0
# Seconds between a request and Slack's answer.
LATENCY = {POST: 0.12, EDIT: 0.12, PUBLISH: 0.18}
BOUND = 1.05
# Seconds after a change until its surfaces are drawn again.
TOGETHER = 0.2


class JumpingSelector(selectors.DefaultSelector):
    """A selector that does not wait: the time is advanced by as much."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        """Return what is ready, and advance the time until the next timer."""
        ready = super().select(0)
        if not ready and timeout is not None:
            self.now += max(timeout, 0.0)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop on the selector's time."""

    def __init__(self) -> None:
        self.selector = JumpingSelector()
        super().__init__(self.selector)

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self.selector.now


@dataclass
class Crowd:
    """A workspace in which everybody waits for a match."""

    loop: JumpingLoop
    with_surfaces: bool
    waited: list[float] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    limited: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.limits = RateLimits(cast("Clock", self))
        self.queue = WorkspaceQueue(now=self.loop.time)
        self._upkeep: list[asyncio.Task[None]] = []

    def now(self) -> float:
        """Return Slack's time."""
        return self.loop.time()

    async def everybody(self) -> None:
        """Match everybody, and wait for the messages."""
        posts = []
        for number in range(PEOPLE):
            if number % 2 == 0:
                await asyncio.sleep(2 * MATCHED_WITHIN / PEOPLE)
            posts.append(asyncio.create_task(self._match(number)))
        await asyncio.gather(*posts)
        for task in self._upkeep:
            task.cancel()
        await asyncio.gather(*self._upkeep, return_exceptions=True)
        await self.queue.aclose()

    async def _match(self, number: int) -> None:
        matched_at = self.loop.time()
        if self.with_surfaces:
            for rank, method in ((Rank.EDIT, EDIT), (Rank.HOME, PUBLISH)):
                work = self._draw_again(rank, method, number)
                self._upkeep.append(asyncio.create_task(work))
        since = datetime.fromtimestamp(matched_at, UTC)
        request = SendRequest(Rank.MATCH, POST, since, channel=f"D{number}")
        await self._until_sent(request, lambda: self._call(POST, f"D{number}"))
        self.waited.append(self.loop.time() - matched_at)

    async def _draw_again(self, rank: Rank, method: str, number: int) -> None:
        await asyncio.sleep(TOGETHER)
        channel = f"D{number}" if method == EDIT else None
        request = SendRequest(rank, method, key=(method, number), channel=channel)
        await self._until_sent(request, lambda: self._call(method, None))

    async def _until_sent(self, request: SendRequest, send: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await self.queue.send(request, send)
            except MessageDelayed as error:
                await asyncio.sleep(error.seconds)
            else:
                return

    async def _call(self, method: str, channel: str | None) -> None:
        await asyncio.sleep(LATENCY[method])
        self.calls[method] += 1
        try:
            self.limits.call("T", method)
            if channel is not None:
                self.limits.message("T", channel)
        except SlackError as error:
            self.limited[method] += 1
            raise MessageDelayed("ratelimited", float(error.retry_after or 1)) from None

    def percentile(self, share: float) -> float:
        """Return the seconds within which this share of the messages was posted."""
        return sorted(self.waited)[int(share * (len(self.waited) - 1))]


def measured(*, with_surfaces: bool) -> Crowd:
    """Run a crowd to its last message."""
    loop = JumpingLoop()
    try:
        crowd = Crowd(loop, with_surfaces)
        loop.run_until_complete(crowd.everybody())
        return crowd
    finally:
        loop.close()


def main() -> int:
    """Print a table, and return 1 if the bound is not met."""
    off, on = (measured(with_surfaces=each) for each in (False, True))
    lines = [
        f"{PEOPLE} people matched within {MATCHED_WITHIN:.0f} s, seconds from match to message",
        f"{'':24}{'p50':>9}{'p99':>9}{'posts':>8}{'edits':>8}{'Homes':>8}{'limited':>9}",
    ]
    for name, crowd in (("messages alone", off), ("with cards and Homes", on)):
        p50, p99 = crowd.percentile(0.5), crowd.percentile(0.99)
        counts = "".join(f"{crowd.calls[method]:8}" for method in (POST, EDIT, PUBLISH))
        lines.append(f"{name:24}{p50:9.2f}{p99:9.2f}{counts}{crowd.limited.total():9}")
    ratio = on.percentile(0.99) / off.percentile(0.99)
    lines.append(f"p99 with / without: {ratio:.3f} (at most {BOUND})")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(ratio > BOUND)


if __name__ == "__main__":
    raise SystemExit(main())
