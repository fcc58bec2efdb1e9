"""Start the bot and record when its event loop stood still.

`python -m tests.size.probe FILE ROLE`. Each line of FILE is a JSON object. `gc`: a collection, with
its generation. `stall`: the loop's thread ran for so long without coming back to the loop. Times
are `time.monotonic`, which all processes share. `wall` and `cpu` are seconds; on a busy
machine `wall` also holds the time in which other programs ran.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Coroutine
from typing import Any, TextIO

import uvloop

from slackbot.cli.main import main

TICK_SECONDS = 0.01
SHORTEST_SECONDS = 0.02  # what is recorded


class Probe:
    """Writes down collections and stalls as they happen."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._began = (0.0, 0.0)

    def write(self, kind: str, **fields: object) -> None:
        self._file.write(json.dumps({"kind": kind, "at": time.monotonic(), **fields}) + "\n")

    def on_collection(self, phase: str, info: dict[str, int]) -> None:
        """Note one collection; a callback of `gc.callbacks`."""
        if phase == "start":
            self._began = time.monotonic(), time.thread_time()
            return
        wall, cpu = time.monotonic() - self._began[0], time.thread_time() - self._began[1]
        if wall >= SHORTEST_SECONDS or info["generation"] == 2:
            self.write("gc", wall=wall, cpu=cpu, **info)

    async def watch(self) -> None:
        """Note each time that the loop comes late; for as long as it runs."""
        while True:
            due, cpu = time.monotonic() + TICK_SECONDS, time.thread_time()
            await asyncio.sleep(TICK_SECONDS)
            if (late := time.monotonic() - due) >= SHORTEST_SECONDS:
                self.write("stall", wall=late, cpu=time.thread_time() - cpu)

    async def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work of the process, watched."""
        watching = asyncio.create_task(self.watch())
        try:
            await work
        finally:
            watching.cancel()


if __name__ == "__main__":
    _, path, role = sys.argv
    with open(path, "w", buffering=1, encoding="utf-8") as file:
        probe, run = Probe(file), uvloop.run
        gc.callbacks.append(probe.on_collection)
        uvloop.run = lambda work: run(probe.beside(work))  # type: ignore[assignment] # the point
        sys.argv = ["slackbot", role]
        try:
            main()
        finally:
            gc.callbacks.remove(probe.on_collection)
