"""All of it: `python -m tests.fuzz [share] [seed]`; prints the counts, ends with 1 on a find."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.rounds import ROUNDS, thrown

SEED = 20261123


async def main(share: float, seed: int) -> int:
    """Every round, one after the other."""
    found = 0
    for name in ROUNDS:
        with TemporaryDirectory() as folder:
            began = time.perf_counter()
            count = await thrown(name, Path(folder), share, seed)
        print(count, f"{time.perf_counter() - began:.0f} s", flush=True)  # noqa: T201
        for sample in count.samples:
            print("   ", sample)  # noqa: T201
        found += not count.good
    return 1 if found else 0


if __name__ == "__main__":
    given = [*sys.argv[1:], "1", str(SEED)]
    whole = len(sys.argv) > 2
    sys.exit(asyncio.run(main(float(given[0]), int(given[1]) if whole else SEED)))
