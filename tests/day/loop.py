"""An event loop in virtual time: a sleep takes no time, and every run of a seed is the same."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class SkippingSelector(selectors.DefaultSelector):
    """A selector that skips the time for which nothing is ready."""

    skipped = 0.0  # seconds

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("every task waits, and none of them for a time")
            self.skipped += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time passes while every task sleeps. Work of threads runs in between.

    Without threads, nothing depends on what the machine does at the same time.
    """

    def __init__(self) -> None:
        self._skipping = SkippingSelector()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.skipped

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's
            done.set_exception(error)
        return done


class VirtualClock:
    """Implements `ports.Clock` with the time of a `VirtualLoop`.

    Nobody sleeps for less than `grain`, in seconds, so that work which looks every second whether
    something is due looks less often. A day has 86,400 of them.
    """

    def __init__(self, begin: datetime, grain: float = 0.0) -> None:
        self.begin, self.grain = begin, grain

    def now(self) -> datetime:
        return self.begin + timedelta(seconds=asyncio.get_running_loop().time())

    async def sleep(self, seconds: float, _reason: str = "") -> None:
        await asyncio.sleep(max(seconds, self.grain))

    async def until(self, at: datetime) -> None:
        """Sleep until this time, or not at all if it has passed."""
        await asyncio.sleep(max((at - self.now()).total_seconds(), 0.0))
