"""The built call page: `call.html` and its files, whose names contain a content hash."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# The output of the build. If it is missing, the bot runs but offers no calls.
STATIC: Final = Path(__file__).parent / "static"
PAGE: Final = "call.html"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
_HASHED: Final = re.compile(r".+[.-][0-9a-f]{8,}\.\w+")  # a name with a content hash


@dataclass(frozen=True, slots=True)
class File:
    """A file, both plain and compressed. An immutable file has a content hash in its name."""

    media_type: str
    is_immutable: bool
    body: bytes = field(repr=False)
    gzipped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PageFiles:
    """All files of the page in memory. Only files that exist at startup are served."""

    page: bytes = field(repr=False)
    files: dict[str, File]


def is_built(folder: Path) -> bool:
    """Return True if the folder contains the page."""
    return (folder / PAGE).is_file()


def load(folder: Path) -> PageFiles:
    """Load the page from a folder."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.is_file():
            body = path.read_bytes()
            files[path.name] = File(
                media_type=_TYPES.get(path.suffix, "application/octet-stream"),
                is_immutable=_HASHED.fullmatch(path.name) is not None,
                body=body,
                gzipped=gzip.compress(body, mtime=0),
            )
    return PageFiles(files.pop(PAGE).body, files)
