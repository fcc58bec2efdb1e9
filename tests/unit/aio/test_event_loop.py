"""The event loop that a process runs on."""

from __future__ import annotations

import subprocess
import sys

import pytest

from slackbot.aio import event_loop

NO_UVLOOP = """
import sys
sys.modules["uvloop"] = None  # so that it cannot be imported
from slackbot.cli import main
from slackbot.aio import event_loop
import asyncio
async def name():
    return type(asyncio.get_running_loop()).__module__
print(event_loop.run(name()))
"""


async def _fail() -> None:
    raise LookupError


def test_the_result_or_the_error_is_that_of_the_coroutine():
    """What the coroutine returns is returned, and what it raises is raised."""

    async def answer() -> int:
        return 42

    assert event_loop.run(answer()) == 42
    with pytest.raises(LookupError):
        event_loop.run(_fail())


def test_without_uvloop_it_is_pythons_own():
    """Every command can be started where uvloop is not installed."""
    command = [sys.executable, "-c", NO_UVLOOP]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.strip().startswith("asyncio.")
