"""Start the bot and write down how many tasks it has: `python -m tests.soak.probe FILE ROLE`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import uvloop

from slackbot.cli.main import main

EVERY_SECONDS = 2.0


async def _beside(work: Coroutine[Any, Any, None], file: Path) -> None:
    async def count() -> None:
        while True:
            file.write_text(str(len(asyncio.all_tasks())))  # noqa: ASYNC240 - a few bytes
            await asyncio.sleep(EVERY_SECONDS)

    counting = asyncio.create_task(count())
    try:
        await work
    finally:
        counting.cancel()


if __name__ == "__main__":
    _, path, role = sys.argv
    run = uvloop.run
    uvloop.run = lambda work: run(_beside(work, Path(path)))  # type: ignore[assignment] # the point
    sys.argv = ["slackbot", role]
    main()
