"""Planned trouble: delays, answers that are not the route's own, broken bodies."""

from fnmatch import fnmatchcase
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Times = Annotated[int, Field(ge=1)]


class Where(BaseModel):
    """Which calls a fault is meant for; no path given means every REST call, and no socket."""

    model_config = ConfigDict(extra="forbid")

    path: str = ""
    method: str | None = None

    def fits(self, method: str, path: str, *, named: bool) -> bool:
        if named and not self.path:
            return False
        return self.method in {None, method} and fnmatchcase(path, f"{self.path}*")


class Delay(Where):
    """Wait before acting, or, with ``act_first``, between acting and answering."""

    seconds: Annotated[float, Field(ge=0)]
    act_first: bool = False


class NextStatus(Where):
    """An answer in place of the route's own, for the next calls."""

    status: Annotated[int, Field(ge=300, le=599)]
    times: Times = 1
    retry_after: str | int | None = None
    code: int | None = None
    message: str = "planned"
    body: str | None = None
    headers: dict[str, str] = {}
    act_first: bool = False


class Broken(Where):
    """A body that cannot be read, under the route's own status."""

    how: Literal["truncated", "html", "empty", "wrong_shape", "cut"] = "truncated"
    times: Times = 1


_Counted = TypeVar("_Counted", NextStatus, Broken)


class Faults:
    """What is planned, and how often still.

    ``named``: only what was planned for a path, as socket handshakes need it.
    """

    def __init__(self) -> None:
        self._delays: list[Delay] = []
        self._statuses: list[NextStatus] = []
        self._broken: list[Broken] = []

    def delay(self, delay: Delay) -> None:
        """Add a delay, in place of the one for the same calls; 0 seconds takes it away."""
        same = (delay.path, delay.method)
        self._delays = [d for d in self._delays if (d.path, d.method) != same]
        if delay.seconds:
            self._delays.append(delay)

    def next_status(self, status: NextStatus) -> None:
        self._statuses.append(status.model_copy())

    def broken(self, broken: Broken) -> None:
        self._broken.append(broken.model_copy())

    def clear(self) -> None:
        """Forget everything planned."""
        for planned in (self._delays, self._statuses, self._broken):
            planned.clear()

    def delay_for(self, method: str, path: str, *, named: bool = False) -> Delay | None:
        """The delay with the longest fitting path."""
        fitting = [delay for delay in self._delays if delay.fits(method, path, named=named)]
        return max(fitting, key=lambda delay: len(delay.path), default=None)

    def take_status(self, method: str, path: str, *, named: bool = False) -> NextStatus | None:
        """The planned answer for this call, used up by one."""
        return _take(self._statuses, method, path, named=named)

    def take_broken(self, method: str, path: str) -> Broken | None:
        """The planned breakage for this call, used up by one."""
        return _take(self._broken, method, path, named=False)


def _take(planned: list[_Counted], method: str, path: str, *, named: bool) -> _Counted | None:
    for fault in planned:
        if fault.fits(method, path, named=named):
            fault.times -= 1
            if fault.times == 0:
                planned.remove(fault)
            return fault
    return None
