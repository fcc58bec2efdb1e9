"""Limits for JSON that are checked before it is parsed.

Parsing JSON holds the GIL, even in a thread, and creates objects that take up to thirty times as
much memory as the text: 8 MiB of `{}` rows would block the event loop for half a minute. Brackets
and commas are therefore counted in the text, and a text that exceeds a limit is not parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Structure:
    """Counts for a text, which may arrive in pieces. Those inside strings are counted too."""

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
    """The limits for a text."""

    size: int  # characters, or bytes after decompression
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


# For a page of 100 sessions, whose descriptions have up to 30 kB each. Two pages may be read at
# once, and a page needs three times its size while it is parsed.
SESSIONS: Final = JsonLimits(size=3 * 2**20, containers=20_000, commas=100_000)
# For a match list with several hundred rows, or a single object.
OTHERS: Final = JsonLimits(size=2**20, containers=4_000, commas=40_000)
# For a Socket.IO packet. A match has about ten containers and 100 commas, but a list of all
# attendees may follow it.
EVENTS: Final = JsonLimits(size=2**20, containers=10_000, commas=25_000)
# For JSON inside the strings and attachments of an event.
NESTED: Final = JsonLimits(size=262_144, containers=10_000, commas=25_000)
