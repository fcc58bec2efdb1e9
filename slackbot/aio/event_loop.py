"""The event loop of a process: uvloop's, or asyncio's own where uvloop is not installed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

try:
    import uvloop
except ImportError:  # PyPy, Windows, and a Python that is newer than uvloop's last release
    _LOOPS: Any = asyncio
else:
    _LOOPS = uvloop

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end in an event loop of its own, and return its result."""
    result: Result = _LOOPS.run(main)
    return result
