"""The built page: `call.html`, and the files that it loads, under names that change with them."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
"""Where the build puts them. Without it the bot runs, and offers no calls."""
PAGE: Final = "call.html"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}


_LASTING: Final = re.compile(r".+[.-][0-9a-f]{8,}\.\w+")
"""Names with a digest of the content in them."""


@dataclass(frozen=True, slots=True)
class File:
    """One file, as it is and compressed."""

    media_type: str
    lasting: bool
    """Whether another content would have another name."""
    body: bytes = field(repr=False)
    gzipped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageFiles:
    """All of them, in memory: what is not there at the start is never served."""

    page: bytes = field(repr=False)
    files: dict[str, File]


def is_built(folder: Path) -> bool:
    """Whether the page is there."""
    return (folder / PAGE).is_file()


def load(folder: Path) -> PageFiles:
    """Read the folder, in which `PAGE` must be."""
    files = {path.name: _file(path) for path in sorted(folder.iterdir()) if path.is_file()}
    return PageFiles(files.pop(PAGE).body, files)


def _file(path: Path) -> File:
    body = path.read_bytes()
    media_type = _TYPES.get(path.suffix, "application/octet-stream")
    lasting = _LASTING.fullmatch(path.name) is not None
    return File(media_type, lasting, body, gzip.compress(body, mtime=0))
