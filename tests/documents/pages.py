"""The pages of the documentation, and what they contain."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"`([^`\n]+)`")
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"\s+# .*")
# What is written in place of a value.
_VALUES: Final = str.maketrans({"…": ""})


@dataclass(frozen=True)
class Page:
    """A page in Markdown."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def prose(self) -> str:
        """The page without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def languages(self) -> list[str]:
        """The languages of the fenced blocks."""
        return [language for _, language, _ in _FENCE.findall(self.text)]

    @property
    def indents(self) -> list[int]:
        """The indentation of the fenced blocks, in spaces."""
        return [len(indent) for indent, _, _ in _FENCE.findall(self.text)]

    @property
    def commands(self) -> list[str]:
        """The lines of the shell blocks, without comments."""
        blocks = [block for _, language, block in _FENCE.findall(self.text) if language == "bash"]
        lines = [_COMMENT.sub("", line).strip() for block in blocks for line in block.splitlines()]
        return [line for line in lines if line]

    @property
    def code(self) -> list[str]:
        """The code within sentences."""
        return _CODE.findall(self.prose)

    @property
    def links(self) -> list[str]:
        """The addresses of links and pictures."""
        return _LINK.findall(_CODE.sub("", self.prose))

    @property
    def anchors(self) -> set[str]:
        """The fragments that lead to a heading of the page."""
        titles = (re.sub(r"[^\w\- ]", "", title.lower()) for title in _HEADING.findall(self.prose))
        return {title.strip().replace(" ", "-") for title in titles}


def pages() -> list[Page]:
    """Return the pages of the root and of docs/."""
    return [Page(path) for path in (*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md")))]


def programs(line: str) -> Iterator[list[str]]:
    """Yield the words of each program that a shell line runs."""
    words = shlex.split(line.translate(_VALUES))
    one: list[str] = []
    for word in words:
        if word in {"&&", "|", ";"}:
            yield one
            one = []
        else:
            one.append(word)
    yield one
