"""Starts the bot with one part changed: `python -m tests.chaos.launcher ROLE WHAT [AFTER]`.

`WHAT` is a window in which the process kills itself, the so-many-eth time it comes there, or a
part that is left out, to show that its row can fail. The product knows nothing of either.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from slackbot.cli.main import main
from slackbot.delivery import engine
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.lease import Lease
from slackbot.delivery.worker import Worker
from slackbot.services.matches import Matches
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.storage.matches import Ledger

Method = Callable[..., Awaitable[Any]]


def dies_before(owner: type, name: str, after: int) -> None:
    """Killed as it is about to be called for the so-many-eth time."""
    whole: Method = getattr(owner, name)
    left = [after]

    @wraps(whole)
    async def killed(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return await whole(*args, **named)

    setattr(owner, name, killed)


WINDOWS: dict[str, tuple[type, str]] = {
    "store-submit": (DurableDelivery, "submit"),
    "submit-intent": (DurableDelivery, "_start"),
    "intent-send": (SlackMessenger, "send"),
    "send-record": (Ledger, "record_outcome"),
}


def without_history() -> None:
    """Nobody looks into the direct messages: what is uncertain is sent again."""

    async def find(*_args: Any, **_named: Any) -> None:
        return None

    SlackMessenger.find = find  # type: ignore[method-assign] # that is the point


def without_fence() -> None:
    """A worker goes on whatever happened while it did not run."""
    Lease.is_held = lambda _self: True  # type: ignore[method-assign] # that is the point
    heartbeat = Worker.heartbeat

    async def and_survives(self: Worker) -> None:
        self._exit_fenced = lambda: None
        await heartbeat(self)

    Worker.heartbeat = and_survives  # type: ignore[method-assign] # that is the point


def without_reconciliation() -> None:
    """The match list is never compared with what was sent."""

    async def nothing(*_args: Any, **_named: Any) -> list[Any]:
        return []

    Matches._missed = nothing  # type: ignore[method-assign] # that is the point
    Matches._store_missed = nothing  # type: ignore[method-assign] # that is the point


def newer() -> None:
    """A version in which every workflow has a new name, and those of the old one are known."""
    start = engine.start

    def under_new_names(*args: Any, workflows: dict[str, Method], **named: Any) -> dict[str, Any]:
        known = {name: _as_before(work) for name, work in workflows.items()}
        new = {f"{name}-of-tomorrow": work for name, work in workflows.items()}
        begun = start(*args, workflows=known | new, **named)
        return {name: begun[f"{name}-of-tomorrow"] for name in workflows}

    engine.start = under_new_names  # type: ignore[assignment] # that is the point


def _as_before(work: Method) -> Method:
    """DBOS keeps the name with the function, so another name needs another one."""

    @wraps(work)
    async def known(*args: Any) -> None:
        await work(*args)

    return known


LEFT_OUT: dict[str, Callable[[], None]] = {
    "history": without_history,
    "fence": without_fence,
    "reconciliation": without_reconciliation,
    "newer": newer,
}


if __name__ == "__main__":
    role, what, *rest = sys.argv[1:]
    if what in WINDOWS:
        dies_before(*WINDOWS[what], after=int(rest[0]) if rest else random.randrange(4))
    elif what in LEFT_OUT:
        LEFT_OUT[what]()
    sys.argv = ["slackbot", role]
    main()
