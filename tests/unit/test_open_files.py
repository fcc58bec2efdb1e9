"""The limit on open files, on systems that refuse what they say they allow."""

from __future__ import annotations

import resource
from dataclasses import dataclass, field

import pytest

from slackbot.cli.open_files import MACOS_LIMIT, raise_open_file_limit

UNLIMITED = resource.RLIM_INFINITY


@dataclass
class System:
    """A system that accepts soft limits up to `most`."""

    soft: int
    hard: int
    most: int
    refused: list[int] = field(default_factory=list)

    def getrlimit(self, _kind: int, /) -> tuple[int, int]:
        return self.soft, self.hard

    def setrlimit(self, _kind: int, limits: tuple[int, int], /) -> None:
        soft, hard = limits
        if soft > self.most or soft == UNLIMITED:
            self.refused.append(soft)
            raise ValueError("current limit exceeds maximum limit")
        self.soft, self.hard = soft, hard


@pytest.mark.parametrize(
    ("system", "soft"),
    [
        (System(soft=1_024, hard=524_288, most=524_288), 524_288),
        (System(soft=256, hard=UNLIMITED, most=MACOS_LIMIT), MACOS_LIMIT),
        (System(soft=256, hard=UNLIMITED, most=200), 256),
        (System(soft=20_000, hard=UNLIMITED, most=24_576), 20_000),
        (System(soft=4_096, hard=4_096, most=4_096), 4_096),
    ],
    ids=["linux", "macos", "refuses", "macos-raised", "raised"],
)
def test_the_limit_is_raised_as_far_as_possible(system: System, soft: int):
    """The soft limit rises, never falls, and the hard limit stays."""
    hard = system.hard
    raise_open_file_limit(system)
    assert (system.soft, system.hard) == (soft, hard)


def test_this_machine():
    """The functions are those of the standard library."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        raise_open_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= before[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
