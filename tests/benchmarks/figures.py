"""What was measured, compared with what is wanted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from .crowd import Load
from .load import Round
from .noise import Calibration
from .stage import POSTGRESQL, SQLITE

Figure = Literal["per_second", "p50", "p99"]
ONE, MANY = "answer, 1 client", "answer, 16 clients"
ONE_TUNED, MANY_TUNED = f"{ONE}, tuned", f"{MANY}, tuned"
MATCH = {name: f"match to message, {name}" for name in (SQLITE, POSTGRESQL)}
# The bot's answers a second to one client, in those of tuned Bolt; less means a defect. Both are
# bound by the processor, so the ratio hardly depends on the machine.
GUARD = 0.2
# No noise makes the ratio so many times too small; the 10 ms that Bolt can lose do.
BEYOND_NOISE = 3.0
# Exit statuses. 75 is `EX_TEMPFAIL` of sysexits.h: try again when the machine is quieter.
OK, BROKEN, TOO_NOISY = 0, 1, 75


@dataclass(frozen=True, slots=True)
class Experiment:
    """Rounds of the two sides, the bot's first; they were measured in turn."""

    name: str
    bot: Sequence[Round]
    other: Sequence[Round]
    other_name: str

    def median(self, figure: Figure) -> tuple[float, float]:
        """The median of the rounds, of both sides."""
        return _median(self.bot, figure), _median(self.other, figure)

    def ratio(self, figure: Figure) -> float:
        """The bot's median in that of the other side."""
        bot, other = self.median(figure)
        return bot / other


def _median(rounds: Sequence[Round], figure: Figure) -> float:
    return float(statistics.median(getattr(one, figure) for one in rounds))


@dataclass(frozen=True, slots=True)
class Target:
    """What the ratio of one figure should be."""

    experiment: str
    figure: Figure
    factor: float
    # Whether a run that misses it is broken.
    binding: bool = False

    @property
    def at_least(self) -> bool:
        """More is better for rates, less for times."""
        return self.figure == "per_second"

    def met_by(self, ratio: float) -> bool:
        """Whether this ratio is good enough."""
        return ratio >= self.factor if self.at_least else ratio <= self.factor

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.factor:g} ×"


TARGETS = (
    Target(ONE, "per_second", 20),
    Target(ONE, "p50", 0.1),
    Target(ONE_TUNED, "per_second", 0.4),
    Target(MANY, "per_second", 3.5),
    Target(MANY_TUNED, "per_second", 0.6),
    Target(MATCH[SQLITE], "p50", 6, binding=True),
    Target(MATCH[SQLITE], "p99", 6, binding=True),
    Target(MATCH[POSTGRESQL], "p50", 9, binding=True),
)
# A load is sustained when no more waits at its end than comes in so long.
WAITING_SECONDS = 1.0
# How much longer than planned its matches may take to be made.
PUNCTUAL = 1.1
# How much longer than Slack's limits make it last a burst may last.
BURST_LASTS = 1.15


@dataclass(slots=True)
class Figures:
    """Everything of one run."""

    experiments: dict[str, Experiment] = field(default_factory=dict)
    calibrations: list[Calibration] = field(default_factory=list)
    sustained: list[Load] = field(default_factory=list)
    bursts: list[Load] = field(default_factory=list)

    def steadiness(self) -> dict[str, Sequence[float]]:
        """What should be the same in every round, in milliseconds."""
        same: dict[str, Sequence[float]] = {
            "processor": [one.cpu for one in self.calibrations],
            "loopback": [one.echo for one in self.calibrations],
        }
        for name, experiment in self.experiments.items():
            same[f"{name}, bot"] = [one.p50 for one in experiment.bot]
            same[f"{name}, {experiment.other_name}"] = [one.p50 for one in experiment.other]
        return same

    @property
    def guarded(self) -> float:
        """The ratio that CI looks at."""
        return self.experiments[ONE_TUNED].ratio("per_second")

    @property
    def exact(self) -> bool:
        """Whether every match of the loads was sent, and once. Noise does nothing to that."""
        return all(one.exact for one in (*self.sustained, *self.bursts))

    @property
    def within_bounds(self) -> bool:
        """Whether everything that is promised of speed held."""
        ratios = [
            target.met_by(self.experiments[target.experiment].ratio(target.figure))
            for target in TARGETS
            if target.binding and target.experiment in self.experiments
        ]
        kept = [is_sustained(one) for one in self.sustained] + [
            is_swift(burst) for burst in self.bursts
        ]
        return all(ratios) and all(kept)

    def status(self, unsteady: Sequence[str]) -> int:
        """The exit status of a whole run."""
        if not self.exact:
            return BROKEN
        return run_status(self.guarded, unsteady, within_bounds=self.within_bounds)


def is_sustained(load: Load) -> bool:
    """Whether the load was made on time, and sent about as quickly as it was made."""
    on_time = load.seconds <= PUNCTUAL * load.planned_seconds
    return on_time and load.backlog <= WAITING_SECONDS * load.per_second


def is_swift(burst: Load) -> bool:
    """Whether a burst was sent in order of age, and about as quickly as Slack allows."""
    return burst.inversions == 0 and burst.all_sent <= BURST_LASTS * burst.least_seconds


def run_status(ratio: float, unsteady: Sequence[str], *, within_bounds: bool = True) -> int:
    """How a whole run ends: no figure of a noisy machine is good or bad, unless far too bad."""
    if unsteady and ratio >= GUARD / BEYOND_NOISE:
        return TOO_NOISY
    return OK if ratio >= GUARD and within_bounds else BROKEN


def guard_status(ratio: float, *, always_noisy: bool) -> int:
    """How the guard ends, by the best ratio of its tries; noise alone never breaks it."""
    if ratio >= GUARD or (always_noisy and ratio >= GUARD / BEYOND_NOISE):
        return OK
    return BROKEN
