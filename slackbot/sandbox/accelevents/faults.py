"""Planned faults: delays, statuses in place of the route's own, broken bodies."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Times = Annotated[int, Field(ge=1)]


class Where(BaseModel):
    """The calls a fault applies to; without a path every REST call, but no socket handshake."""

    model_config = ConfigDict(extra="forbid")

    path: str = ""
    method: str | None = None

    def matches(self, method: str, path: str, *, named: bool) -> bool:
        """Return True if the call is meant; with ``named`` only faults with a path apply."""
        if named and not self.path:
            return False
        return self.method in {None, method} and fnmatchcase(path, f"{self.path}*")


class Delay(Where):
    """A wait before acting or, with ``act_first``, between acting and answering."""

    seconds: Annotated[float, Field(ge=0)]
    act_first: bool = False


class NextStatus(Where):
    """A status in place of the route's own, for the next calls."""

    status: Annotated[int, Field(ge=300, le=599)]
    times: Times = 1
    retry_after: str | int | None = None
    code: int | None = None
    message: str = "planned"
    body: str | None = None
    headers: dict[str, str] = {}
    act_first: bool = False


class Broken(Where):
    """An unreadable body under the route's own status, for the next calls."""

    how: Literal["truncated", "html", "empty", "wrong_shape", "cut"] = "truncated"
    times: Times = 1


_Counted = TypeVar("_Counted", NextStatus, Broken)


class Faults:
    """The faults still planned.

    ``named`` selects only those planned for a path, as socket handshakes need.
    """

    def __init__(self) -> None:
        self._delays: list[Delay] = []
        self._statuses: list[NextStatus] = []
        self._broken: list[Broken] = []

    def delay(self, delay: Delay) -> None:
        """Set the delay of these calls, replacing an earlier one; 0 seconds removes it."""
        same = (delay.path, delay.method)
        self._delays = [d for d in self._delays if (d.path, d.method) != same]
        if delay.seconds:
            self._delays.append(delay)

    def next_status(self, status: NextStatus) -> None:
        """Plan a status for the next matching calls."""
        self._statuses.append(status.model_copy())

    def broken(self, broken: Broken) -> None:
        """Plan broken bodies for the next matching calls."""
        self._broken.append(broken.model_copy())

    def clear(self) -> None:
        """Drop everything planned."""
        for planned in (self._delays, self._statuses, self._broken):
            planned.clear()

    def delay_for(self, method: str, path: str, *, named: bool = False) -> Delay | None:
        """Return the matching delay with the longest path."""
        matching = [delay for delay in self._delays if delay.matches(method, path, named=named)]
        return max(matching, key=lambda delay: len(delay.path), default=None)

    def take_status(self, method: str, path: str, *, named: bool = False) -> NextStatus | None:
        """Return the status planned for this call, and count it off."""
        return _take(self._statuses, method, path, named=named)

    def take_broken(self, method: str, path: str) -> Broken | None:
        """Return the breakage planned for this call, and count it off."""
        return _take(self._broken, method, path, named=False)


def _take(planned: list[_Counted], method: str, path: str, *, named: bool) -> _Counted | None:
    for fault in planned:
        if fault.matches(method, path, named=named):
            fault.times -= 1
            if fault.times == 0:
                planned.remove(fault)
            return fault
    return None
