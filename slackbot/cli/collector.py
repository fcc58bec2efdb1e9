"""Keep the pauses of Python's garbage collector short, however much the process holds.

A full collection looks at every container object, and no other code runs meanwhile: about half a
microsecond each, and a feed has hundreds of them. `gc.freeze` takes what has lived long out of
later collections. ADR 15 says what is freed how.
"""

from __future__ import annotations

import gc
import time
from typing import Final, NoReturn

import structlog

from slackbot.aio.tasks import every

log = structlog.get_logger(__name__)

# Processor time in seconds of a full collection after which its survivors are frozen. The next
# one looks at what has come since, and so takes little longer than this at most.
FREEZE_SECONDS: Final = 0.025
# As many frozen objects are collected in about 0.15 s.
THAW_OBJECTS: Final = 300_000
THAW_EVERY_SECONDS: Final = 600.0  # between looks at how many are frozen


class Collector:
    """The garbage collector of this process; create it once, when everything is loaded."""

    def __init__(
        self, *, freeze_seconds: float = FREEZE_SECONDS, thaw_objects: int = THAW_OBJECTS
    ) -> None:
        self._freeze_seconds = freeze_seconds
        self._thaw_objects = thaw_objects
        self._began = 0.0
        self._frozen = 0  # times since everything was last collected
        gc.collect()
        gc.freeze()
        gc.callbacks.append(self._on_collection)

    def _on_collection(self, phase: str, info: dict[str, int]) -> None:
        """Freeze what a long collection leaves. The collector calls this, in any thread."""
        if info["generation"] < 2:
            return
        if phase == "start":
            self._began = time.thread_time()
        elif time.thread_time() - self._began > self._freeze_seconds:
            gc.freeze()
            self._frozen += 1

    def thaw(self) -> bool:
        """Collect what was frozen too, if there is little of it; return whether it was done.

        Cycles of frozen objects that nobody uses any more are only found here.
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
        """Thaw from time to time until cancelled."""

        async def thaw() -> None:
            self.thaw()

        await every(THAW_EVERY_SECONDS, thaw, name="thaw")

    def close(self) -> None:
        """Leave the collector as it was."""
        gc.callbacks.remove(self._on_collection)
        gc.unfreeze()
