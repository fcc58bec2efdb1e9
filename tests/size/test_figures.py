"""How long a loop may be held up, and what a run is held to."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from .figures import Run, phase_of

RECORDS = [
    {"kind": "stall", "at": 5.0, "wall": 3.0, "cpu": 3.0},  # before the phase
    {"kind": "stall", "at": 11.0, "wall": 0.9, "cpu": 0.1},  # others had the processor
    {"kind": "stall", "at": 12.0, "wall": 0.15, "cpu": 0.15},
    {"kind": "gc", "at": 13.0, "wall": 0.2, "cpu": 0.12, "generation": 2},
    {"kind": "gc", "at": 14.0, "wall": 0.2, "cpu": 0.19, "generation": 1},
]


def run(tmp_path: Path, records: list[dict[str, object]]) -> Run:
    file = tmp_path / "records.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    phase = phase_of("quiet", file, 10.0, 20.0, cpu=4.0, memory=100.0, note="")
    return Run(1, [phase], made=2, sent=2, twice=0, stop_seconds=3.0, status=0)


def test_only_the_loops_own_work_counts(tmp_path: Path) -> None:
    """A loop that waited for a processor did not stand still by itself."""
    (phase,) = run(tmp_path, RECORDS).phases
    assert (phase.stall_cpu, phase.stall_wall) == (0.15, 0.9)
    assert (phase.full_collections, phase.longest_collection) == (1, 0.12)
    assert phase.cpu_percent == 40.0


def test_each_bound_can_break(tmp_path: Path) -> None:
    """A long stall, a slow stop and a lost match are each named."""
    whole = run(tmp_path, RECORDS)
    assert whole.broken() == []
    stalled = run(tmp_path, [{"kind": "stall", "at": 11.0, "wall": 0.5, "cpu": 0.4}])
    assert stalled.broken() == ["quiet: the loop stood still for 0.40 s"]
    assert replace(whole, stop_seconds=13.3).broken() == ["stopped after 13.3 s with status 0"]
    assert replace(whole, sent=1).broken() == ["1 of 2 matches sent, 0 twice"]
