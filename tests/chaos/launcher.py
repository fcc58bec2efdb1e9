"""Start the bot with one part changed: `python -m tests.chaos.launcher ROLE WHAT [AFTER]`.

`WHAT` is a method before which the process kills itself, after `AFTER` calls, or a part that is
left out to show that its row can fail. The product knows nothing of either.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from sqlalchemy import Engine, event

from slackbot.cli.main import main
from slackbot.delivery import engine
from slackbot.delivery.delivery import DurableDelivery
from slackbot.delivery.lease import Lease
from slackbot.delivery.worker import Worker
from slackbot.delivery.workflow_table import WorkflowTable
from slackbot.domain.contacts import Swap
from slackbot.domain.model import MatchId, Person
from slackbot.services import matches as services
from slackbot.services.sessions import Sessions
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.storage import matches as storage
from slackbot.storage.contacts import Contacts

Method = Callable[..., Awaitable[Any]]


def kill_before(owner: type, name: str, after: int) -> None:
    """Kill the process before a call of the method, after `after` calls."""
    original: Method = getattr(owner, name)
    left = [after]

    @wraps(original)
    async def killed(*args: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return await original(*args, **named)

    setattr(owner, name, killed)


WINDOWS: dict[str, tuple[type, str]] = {
    "store-submit": (DurableDelivery, "submit"),
    "submit-intent": (DurableDelivery, "_start"),
    "intent-send": (SlackMessenger, "send"),
    "send-record": (storage.Matches, "record_outcome"),
}


def pause_before(statement: int) -> None:
    """Stop the process once, before this statement of any after the first match's insert."""
    left: list[int] = []

    def note(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        if not left and "INSERT INTO matches" in text:
            left.append(statement)
        if left:
            left[0] -= 1
            if left[0] == -1:
                os.kill(os.getpid(), signal.SIGSTOP)

    event.listen(Engine, "before_cursor_execute", note)


def without_liveness() -> None:
    """Take a row's status for somebody at work, even a dead process's."""

    async def none(*_args: Any) -> list[Any]:
        return []

    WorkflowTable._without_owner = none  # type: ignore[method-assign] # that is the point


def without_history() -> None:
    """Never search the direct messages: what is uncertain is sent again."""

    async def find(*_args: Any, **_named: Any) -> None:
        return None

    SlackMessenger.find = find  # type: ignore[method-assign] # that is the point


def without_fence() -> None:
    """Let a worker go on, whatever happened while it was suspended."""
    Lease.is_held = lambda _self: True  # type: ignore[method-assign] # that is the point
    heartbeat = Worker.heartbeat

    async def and_survives(self: Worker) -> None:
        self._exit_fenced = lambda: None
        await heartbeat(self)

    Worker.heartbeat = and_survives  # type: ignore[method-assign] # that is the point


def without_reconciliation() -> None:
    """Never compare the match list with what was sent."""

    async def nothing(*_args: Any, **_named: Any) -> list[Any]:
        return []

    services.Matches._store_missed = nothing  # type: ignore[method-assign] # that is the point


def without_partners() -> None:
    """Take the match list for one that only ever grows at its end."""

    def later_rows(listed: list[Any], known: list[Any]) -> list[Any]:
        return list(listed[len(known) :])

    services.missed_reports = later_rows  # type: ignore[assignment] # that is the point


def without_post_claim() -> None:
    """Post in a shared conversation even if an earlier attempt may have done so."""
    get_swap = Contacts.get_swap

    async def unclaimed(self: Contacts, person: Person, match_id: MatchId) -> Swap | None:
        swap = await get_swap(self, person, match_id)
        return replace(swap, posting_at=None) if swap is not None else None

    async def claim_post(*_args: Any) -> bool:
        return True

    Contacts.get_swap = unclaimed  # type: ignore[method-assign] # that is the point
    Contacts.claim_post = claim_post  # type: ignore[method-assign] # that is the point


def without_platform_clock() -> None:
    """Take the end of a session as it was read for its end."""

    async def is_over(*_args: Any) -> bool:
        return True

    Sessions.is_over = is_over  # type: ignore[method-assign] # that is the point


def newer() -> None:
    """Rename every workflow, as a newer version might, and keep the old names known."""
    start = engine.start

    def under_new_names(*args: Any, workflows: dict[str, Method], **named: Any) -> dict[str, Any]:
        known = {name: _as_before(work) for name, work in workflows.items()}
        new = {f"{name}-of-tomorrow": work for name, work in workflows.items()}
        begun = start(*args, workflows=known | new, **named)
        return {name: begun[f"{name}-of-tomorrow"] for name in workflows}

    engine.start = under_new_names  # type: ignore[assignment] # that is the point


def _as_before(work: Method) -> Method:
    """Wrap the workflow: DBOS ties a name to its function, so another name needs another one."""

    @wraps(work)
    async def known(*args: Any) -> None:
        await work(*args)

    return known


LEFT_OUT: dict[str, Callable[[], None]] = {
    "history": without_history,
    "fence": without_fence,
    "liveness": without_liveness,
    "reconciliation": without_reconciliation,
    "partners": without_partners,
    "platform-clock": without_platform_clock,
    "post-claim": without_post_claim,
    "newer": newer,
}


if __name__ == "__main__":
    role, what, *rest = sys.argv[1:]
    if what in WINDOWS:
        kill_before(*WINDOWS[what], after=int(rest[0]) if rest else random.randrange(4))
    elif what == "pause":
        pause_before(int(rest[0]))
    elif what in LEFT_OUT:
        LEFT_OUT[what]()
    sys.argv = ["slackbot", role]
    main()
