"""The limit on open files, of which each feed uses one."""

from __future__ import annotations

import resource
from typing import Final, Protocol

# Limit that macOS accepts although its hard limit says that there is none (`OPEN_MAX`).
MACOS_LIMIT: Final = 10_240


class Limits(Protocol):
    """The functions of the module `resource` for reading and setting a limit."""

    def getrlimit(self, kind: int, /) -> tuple[int, int]:
        """Return the soft and the hard limit."""
        ...

    def setrlimit(self, kind: int, limits: tuple[int, int], /) -> None:
        """Set both limits, or raise ValueError or OSError."""
        ...


def raise_open_file_limit(limits: Limits = resource) -> None:
    """Raise the soft limit as far as the system allows. A limit that it refuses is left as it is.

    The usual soft limit of 1,024 is soon reached.
    """
    soft, hard = limits.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (hard, MACOS_LIMIT):
        if resource.RLIM_INFINITY not in {soft, limit} and limit <= soft:
            continue
        try:
            limits.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        except (ValueError, OSError):
            continue
        return
