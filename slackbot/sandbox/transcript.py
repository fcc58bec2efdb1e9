"""The transcript of the demo in the README: made, and compared with a new run by a test.

``python -m slackbot.sandbox.transcript README.md`` plays the demo and puts it between the marks;
without a file it is written to standard output. Clock times, days and milliseconds are masked,
so that a new transcript differs only where the demo does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

BEGIN, END = "<!-- demo -->", "<!-- /demo -->"
_BETWEEN = re.compile(rf"(?s)(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})")
_FENCE, _FENCE_END = "```text\n", "```\n"
_MASKS = (
    (re.compile(r"\b\d\d:\d\d\b"), "hh:mm"),
    (re.compile(r"(?:today|tomorrow|yesterday|[A-Z][a-z]{2} \d{1,2}, \d{4}) at"), "today at"),
    (re.compile(r" *\b\d+ ms\b"), "        N ms"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


def masked(text: str) -> str:
    """The text without what differs from run to run; masking twice changes nothing more."""
    for pattern, instead in _MASKS:
        text = pattern.sub(instead, text)
    return text


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    """Play the demo in a process of its own, without a terminal."""
    command = [sys.executable, "-m", "slackbot", "demo"]
    around = os.environ | {"PYTHONIOENCODING": "utf-8"} | environment
    return subprocess.run(  # noqa: S603 - our own command line
        command, capture_output=True, check=False, encoding="utf-8", env=around, timeout=180
    )


def in_page(page: str) -> str:
    """The transcript that a page holds between the marks.

    Raises:
        ValueError: the page has no marks.
    """
    found = _BETWEEN.search(page)
    if found is None:
        raise ValueError(f"nothing is marked with {BEGIN} and {END}")
    return found[0].removeprefix(_FENCE).removesuffix(_FENCE_END)


def with_transcript(page: str, transcript: str) -> str:
    """The page with this transcript between its marks; raises as `in_page` does."""
    in_page(page)
    return _BETWEEN.sub(lambda _: f"{_FENCE}{transcript}{_FENCE_END}", page, count=1)


def main(arguments: list[str]) -> int:
    """Make the transcript; the exit status is that of the demo."""
    played = demo()
    if played.returncode:
        sys.stderr.write(played.stdout + played.stderr)
        return played.returncode
    if not arguments:
        sys.stdout.write(masked(played.stdout))
        return 0
    page = Path(arguments[0])
    page.write_text(with_transcript(page.read_text("utf-8"), masked(played.stdout)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
