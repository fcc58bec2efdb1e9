"""How long Slack waits for the first answer, by the kind of what it sent."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from slackbot.slack.inbound.http import arrived_at
from slackbot.telemetry import ANSWERS

P = ParamSpec("P")
T = TypeVar("T")


def timed(kind: str, listener: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """The listener, measured: its answer leaves when it returns. `kind` is one of our own words."""
    seconds = ANSWERS.labels(kind=kind)

    @wraps(listener)  # Bolt hands over what the parameters are called
    async def measured(*args: P.args, **kwargs: P.kwargs) -> T:
        now = time.monotonic()
        since = arrived_at.get(now)
        try:
            return await listener(*args, **kwargs)
        finally:
            seconds.observe(time.monotonic() - since)

    return measured
