"""Sanitize, normalize and digest untrusted text."""

from __future__ import annotations

import hashlib
import unicodedata

NAME_LIMIT = 120  # maximum characters of an untrusted value such as a name or a title


def sanitize(text: str, limit: int = NAME_LIMIT) -> str:
    """Return the text as one line of at most `limit` visible characters.

    Remove line breaks, control, bidirectional and zero-width characters, and lone surrogates.
    """
    spaced = "".join(" " if c.isspace() else c for c in text)
    visible = "".join(c for c in spaced if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def normalize(text: str) -> str:
    """Return the text with case and spacing normalized, for comparisons."""
    return " ".join(text.casefold().split())


def digest(secret: str) -> str:
    """Return the hexadecimal SHA-256 digest, to compare secrets without storing them."""
    return hashlib.sha256(secret.encode()).hexdigest()
