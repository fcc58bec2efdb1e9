"""Limits on JSON text that are checked before it is parsed.

Parsing holds the interpreter's lock, also in a thread, and makes objects that take up to thirty
times the text: 8 MiB of `{}` rows would stop the event loop for half a minute. So the structure is
counted on the text, and what is beyond the limits is refused unparsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Structure:
    """Counts of a text that may come in pieces. Brackets and commas within texts count too."""

    containers: int = 0  # `{` and `[`
    commas: int = 0

    def add(self, piece: str | bytes) -> None:
        """Count a piece."""
        if isinstance(piece, str):
            self.containers += piece.count("{") + piece.count("[")
            self.commas += piece.count(",")
        else:
            self.containers += piece.count(b"{") + piece.count(b"[")
            self.commas += piece.count(b",")


@dataclass(frozen=True, slots=True)
class JsonLimits:
    """The most that a text may hold."""

    size: int  # characters or bytes, expanded
    containers: int
    commas: int

    def allow(self, size: int, structure: Structure) -> bool:
        """Return whether a text of this size and structure may be parsed."""
        return (
            size <= self.size
            and structure.containers <= self.containers
            and structure.commas <= self.commas
        )

    def allow_text(self, text: str | bytes) -> bool:
        """Return whether a whole text may be parsed."""
        structure = Structure()
        structure.add(text)
        return self.allow(len(text), structure)


# A page of 100 sessions, each with up to 30 kB of description. Two may be on their way at once, and
# a page takes three times its size while it is parsed.
SESSIONS: Final = JsonLimits(size=3 * 2**20, containers=20_000, commas=100_000)
# A match list of some hundred rows, or one object.
OTHERS: Final = JsonLimits(size=2**20, containers=4_000, commas=40_000)
# A packet of the socket. A match needs about ten containers and 100 commas.
EVENTS: Final = JsonLimits(size=2**20, containers=10_000, commas=20_000)
# JSON within the texts and attachments of an event.
NESTED: Final = JsonLimits(size=262_144, containers=10_000, commas=20_000)
