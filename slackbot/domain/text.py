"""Text from strangers, made fit to be shown on one line."""

from __future__ import annotations

import unicodedata

NAME_LIMIT = 120
"""One foreign value, such as a name or a title, in characters; ours, so that all stays readable."""


def sanitize(text: str, limit: int = NAME_LIMIT) -> str:
    """One line of visible characters, capped.

    Takes away line breaks, control, bidirectional and zero-width characters, and lone surrogates.
    """
    spaced = "".join(" " if c.isspace() else c for c in text)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
