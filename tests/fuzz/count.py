"""What came of a round of junk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

SAMPLES = 5


@dataclass(slots=True)
class Count:
    """How many were tried, and how many went other than meant: by rights none."""

    name: str
    tried: int = 0
    unhandled: int = 0
    wrong: int = 0
    changed: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Nothing unhandled, nothing answered other than meant, no state changed."""
        return not (self.unhandled or self.wrong or self.changed)

    def note(self, what: str, sample: object) -> None:
        """Count one that went wrong: `unhandled`, `wrong` or `changed`."""
        setattr(self, what, getattr(self, what) + 1)
        if len(self.samples) < SAMPLES:
            self.samples.append(f"{what}: {sample!s:.2000}")

    def __str__(self) -> str:
        told = ", ".join(f"{answer} {count}" for answer, count in sorted(self.answers.items()))
        return (
            f"{self.name:<40} tried {self.tried:>6}  unhandled {self.unhandled}  "
            f"answered otherwise {self.wrong}  state changed {self.changed}  ({told})"
        )
