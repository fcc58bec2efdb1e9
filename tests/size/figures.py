"""What is kept of a run, and its bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_STALL_SECONDS = 0.2
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Phase:
    """One part of the run: its length in seconds, and how the loop stood still meanwhile."""

    name: str
    seconds: float
    # Of a core, by the bot.
    cpu_percent: float
    # MiB at its end.
    memory: float
    # Seconds of processor time between two turns of the loop, and wall time.
    stall_cpu: float
    stall_wall: float
    # Full collections, and the longest of them in seconds of processor time.
    full_collections: int
    longest_collection: float
    # What else was measured, in words.
    note: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """All phases, and what came of the matches."""

    feeds: int
    phases: list[Phase]
    made: int
    sent: int
    twice: int
    # From SIGTERM to the end of the process.
    stop_seconds: float
    status: int | None

    def broken(self) -> list[str]:
        """Return which bounds do not hold, in words."""
        found = [
            f"{phase.name}: the loop stood still for {phase.stall_cpu:.2f} s"
            for phase in self.phases
            if phase.stall_cpu > LONGEST_STALL_SECONDS
        ]
        if self.stop_seconds > STOP_SECONDS or self.status != 0:
            found.append(f"stopped after {self.stop_seconds:.1f} s with status {self.status}")
        if self.sent != self.made or self.twice:
            found.append(f"{self.sent} of {self.made} matches sent, {self.twice} twice")
        return found


def read(file: Path, since: float, until: float) -> Iterator[dict[str, Any]]:
    """Yield what the probe recorded in a period of `time.monotonic`."""
    for line in file.read_text().splitlines():
        record = json.loads(line)
        if since <= record["at"] < until:
            yield record


def phase_of(
    name: str, file: Path, since: float, until: float, *, cpu: float, memory: float, note: str
) -> Phase:
    """Sum up a phase; `cpu` are the processor seconds that the bot used in it."""
    records = list(read(file, since, until))
    stalls = [record for record in records if record["kind"] == "stall"]
    full = [r["cpu"] for r in records if r["kind"] == "gc" and r["generation"] == 2]
    return Phase(
        name=name,
        seconds=until - since,
        cpu_percent=100 * cpu / max(0.01, until - since),
        memory=memory,
        # A thread that waits for a processor does not stand still by itself.
        stall_cpu=max((min(r["cpu"], r["wall"]) for r in stalls), default=0.0),
        stall_wall=max((r["wall"] for r in stalls), default=0.0),
        full_collections=len(full),
        longest_collection=max(full, default=0.0),
        note=note,
    )
