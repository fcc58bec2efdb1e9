"""The result of a round of fuzzing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

SAMPLES = 5  # findings kept per round


@dataclass(slots=True)
class Result:
    """The number of inputs tried, and of findings by kind."""

    name: str
    tried: int = 0
    unhandled: int = 0
    wrong: int = 0
    changed: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """True if nothing was unhandled or answered otherwise, and no state changed."""
        return not (self.unhandled or self.wrong or self.changed)

    def record(self, kind: str, sample: object) -> None:
        """Count a finding: `unhandled`, `wrong` or `changed`."""
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.samples) < SAMPLES:
            self.samples.append(f"{kind}: {sample!s:.2000}")

    def __str__(self) -> str:
        answers = ", ".join(f"{answer} {count}" for answer, count in sorted(self.answers.items()))
        return (
            f"{self.name:<40} tried {self.tried:>6}  unhandled {self.unhandled}  "
            f"answered otherwise {self.wrong}  state changed {self.changed}  ({answers})"
        )
