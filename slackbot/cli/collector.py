"""Keep the pauses of Python's garbage collector short, even with many objects.

A full collection visits every container object and blocks all other code. It takes about half a
microsecond per object, and a feed has hundreds of objects. `gc.freeze` excludes long-lived objects
from later collections. ADR 15 describes how each kind of object is freed.
"""

from __future__ import annotations

import gc
import time
from typing import Final, NoReturn

import structlog

from slackbot.aio.tasks import every

log = structlog.get_logger(__name__)

# If a full collection takes more CPU time than this, in seconds, its survivors are frozen. The next
# collection visits only newer objects, so it takes little longer than this at most.
FREEZE_SECONDS: Final = 0.025
# Collecting this many frozen objects takes about 0.15 s.
THAW_OBJECTS: Final = 300_000
THAW_EVERY_SECONDS: Final = 600.0  # between checks of the number of frozen objects


class Collector:
    """Controls the garbage collector of this process. Create it once, after loading everything."""

    def __init__(
        self, *, freeze_seconds: float = FREEZE_SECONDS, thaw_objects: int = THAW_OBJECTS
    ) -> None:
        self._freeze_seconds = freeze_seconds
        self._thaw_objects = thaw_objects
        self._began = 0.0
        self._frozen = 0  # number of freezes since the last collection of all objects
        gc.collect()
        gc.freeze()
        gc.callbacks.append(self._on_collection)

    def _on_collection(self, phase: str, info: dict[str, int]) -> None:
        """Freeze the survivors of a long collection. The collector calls this in any thread."""
        if info["generation"] < 2:
            return
        if phase == "start":
            self._began = time.thread_time()
        elif time.thread_time() - self._began > self._freeze_seconds:
            gc.freeze()
            self._frozen += 1

    def thaw(self) -> bool:
        """Collect frozen objects too, unless there are too many. Return whether this was done.

        Only this collection finds unreachable cycles of frozen objects.
        """
        if not self._frozen or gc.get_freeze_count() > self._thaw_objects:
            return False
        began = time.thread_time()
        gc.unfreeze()
        found = gc.collect()
        gc.freeze()
        self._frozen = 0
        log.info("frozen_collected", found=found, seconds=round(time.thread_time() - began, 3))
        return True

    async def run(self) -> NoReturn:
        """Call `thaw` periodically until cancelled."""

        async def thaw() -> None:
            self.thaw()

        await every(THAW_EVERY_SECONDS, thaw, name="thaw")

    def close(self) -> None:
        """Restore the collector's previous state."""
        gc.callbacks.remove(self._on_collection)
        gc.unfreeze()
