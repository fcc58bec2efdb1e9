"""Servers in processes of their own, so that none takes another's time on the event loop."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
# What a process gets of our environment; a developer's settings would change what is measured.
KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")
STOP_SECONDS = 10


class NotStartedError(Exception):
    """A server did not come up; the text holds the end of what it wrote."""


@asynccontextmanager
async def python(
    folder: Path, name: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run Python in `folder`, where no `.env` lies, and stop it at the end.

    What it writes to standard error goes to `<name>.log`.
    """
    inherited = {key: os.environ[key] for key in KEPT if key in os.environ}
    with log_of(folder, name).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=folder,
            env={**inherited, "PYTHONPATH": str(ROOT), **(environment or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def peer(folder: Path, name: str, **given: Any) -> AsyncIterator[str]:
    """Run a server of `peers.py`; gives the line that it writes when it is ready."""
    arguments = ("-m", "tests.benchmarks.peers", name, json.dumps(given))
    async with python(folder, name, *arguments) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        if not line:
            raise NotStartedError(end_of_log(folder, name))
        yield line.decode().strip()


def log_of(folder: Path, name: str) -> Path:
    """Where a process writes its errors."""
    return folder / f"{name}.log"


def end_of_log(folder: Path, name: str) -> str:
    """The last of what a process wrote."""
    return f"{name}: {log_of(folder, name).read_text()[-2000:]}"
