"""Run every round: `python -m tests.fuzz [share] [seed]`. The exit status is 1 on a finding."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.rounds import ROUNDS, run_round

SEED = 20261123


async def main(share: float, seed: int) -> int:
    """Run and print the rounds one after the other; return the exit status."""
    failed = 0
    for name in ROUNDS:
        with TemporaryDirectory() as folder:
            began = time.perf_counter()
            result = await run_round(name, Path(folder), share, seed)
        print(result, f"{time.perf_counter() - began:.0f} s", flush=True)  # noqa: T201
        for sample in result.samples:
            print("   ", sample)  # noqa: T201
        failed += not result.passed
    return 1 if failed else 0


if __name__ == "__main__":
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else SEED
    sys.exit(asyncio.run(main(share, seed)))
