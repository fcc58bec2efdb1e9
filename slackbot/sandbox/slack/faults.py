"""Faults on order: what the next calls of a method meet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from slackbot.sandbox.slack.errors import SlackError


@dataclass(slots=True)
class Fault:
    """One order, for the next `times` calls of `method` (`*` for any).

    `delay` seconds pass first. Then `drop="before"` closes the line unread and `drop="after"`
    does the work and closes it unanswered; `error` refuses with that Slack code (ratelimited
    with 429), `status` sets the HTTP status, alone with an empty body; `retry_after` (seconds)
    is the header beside either.
    """

    method: str
    times: int = 1
    delay: float = 0.0
    status: int | None = None
    error: str | None = None
    retry_after: int | None = None
    drop: str | None = None

    def __post_init__(self) -> None:
        if self.drop not in {None, "before", "after"}:
            raise ValueError("drop is 'before' or 'after'")

    def refuse(self, usual_status: int = 200) -> None:
        """Raise the Slack error that was ordered, if one was."""
        if self.error is None:
            return
        limited = self.error == "ratelimited"
        status = self.status or (429 if limited else usual_status)
        wait = self.retry_after or (1 if limited else None)
        raise SlackError(self.error, status=status, retry_after=wait)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a call of the Web API is: `arrived` and unread, or `taken` and unanswered."""

    method: str
    when: Literal["arrived", "taken"]
    port: int
    """The caller's, by which a test finds the process; 0 where the server does not say."""


class Faults:
    """The orders that stand, oldest first. `response_url` is the method of that endpoint."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []
        self.on_call: list[Callable[[Moment], None]] = []
        """Called at each moment of each call, before it goes on: here a test does its harm."""

    def tell(self, moment: Moment) -> None:
        """Let everybody in `on_call` know."""
        for hook in tuple(self.on_call):
            hook(moment)

    def order(self, fault: Fault) -> None:
        """Add one."""
        self.orders.append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault this call meets, one fewer from now on."""
        for fault in self.orders:
            if fault.method in {method, "*"} and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """Everything works again."""
        self.orders.clear()
