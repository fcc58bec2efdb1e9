"""Faults that tests inject into calls of the Web API and of response_urls."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from slackbot.sandbox.slack.errors import SlackError


@dataclass(slots=True)
class Fault:
    """A fault for the next `times` calls of `method` (`*` for any).

    The call first waits `delay` seconds. Then `drop="before"` aborts the connection without
    reading the request, and `drop="after"` executes the call and aborts without a response.
    `error` responds with that Slack error code (ratelimited with status 429). `status` sets the
    HTTP status; without `error` the body is empty. `retry_after` (seconds) sets the header.
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

    def raise_error(self, usual_status: int = 200) -> None:
        """Raise the `SlackError` of this fault, if it has one."""
        if self.error is None:
            return
        limited = self.error == "ratelimited"
        status = self.status or (429 if limited else usual_status)
        wait = self.retry_after or (1 if limited else None)
        raise SlackError(self.error, status=status, retry_after=wait)


@dataclass(frozen=True, slots=True)
class CallProgress:
    """A Web API call that has `arrived` (not yet read) or was `taken` (not yet answered)."""

    method: str
    when: Literal["arrived", "taken"]
    port: int  # the caller's, which identifies its process; 0 if unknown


class Faults:
    """Pending faults, oldest first. The method of the response_url endpoint is `response_url`."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []
        # Called at every stage of every call, before the call goes on.
        self.on_call: list[Callable[[CallProgress], None]] = []

    def notify(self, progress: CallProgress) -> None:
        """Run the `on_call` hooks."""
        for hook in tuple(self.on_call):
            hook(progress)

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        self.orders.append(fault)

    def take(self, method: str) -> Fault | None:
        """Return the fault for this call, if any, and count it down."""
        for fault in self.orders:
            if fault.method in {method, "*"} and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """Remove all faults."""
        self.orders.clear()
