"""The demo's transcript in a page of the documentation.

`python -m slackbot.sandbox.transcript docs/demo.md` plays the demo and writes its output between
the marks of the page; without a file it goes to standard output. Clock times, days, milliseconds,
the minutes until a session opens, references and receipts are masked, so a new transcript differs
only where the demo does. A test compares the page with a new run.
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
    (re.compile(r"\bopens in \d+ minutes\b"), "opens in 9 minutes"),
    (re.compile(r" *\b\d+ ms\b"), "        N ms"),
    (re.compile(r"\bcode: [0-9a-f]{8}\b"), "code: ffffffff"),
    (re.compile(r"\bE(?:-[0-9A-Z]{4}){5}\b"), "E-0000-0000-0000-0000-0000"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


def masked(text: str) -> str:
    """Mask what differs between runs; masking twice changes nothing more."""
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def demo(**environment: str) -> subprocess.CompletedProcess[str]:
    """Play the demo in its own process, without a terminal, for at most 180 seconds."""
    command = [sys.executable, "-m", "slackbot", "demo"]
    env = os.environ | {"PYTHONIOENCODING": "utf-8"} | environment
    return subprocess.run(  # noqa: S603 - our own command line
        command, capture_output=True, check=False, encoding="utf-8", env=env, timeout=180
    )


def in_page(page: str) -> str:
    """Return the transcript between the marks of a page.

    Raises:
        ValueError: the page has no marks.
    """
    found = _BETWEEN.search(page)
    if found is None:
        raise ValueError(f"nothing is marked with {BEGIN} and {END}")
    return found[0].removeprefix(_FENCE).removesuffix(_FENCE_END)


def with_transcript(page: str, transcript: str) -> str:
    """Return the page with this transcript between its marks; raises like `in_page`."""
    in_page(page)
    return _BETWEEN.sub(lambda _: f"{_FENCE}{transcript}{_FENCE_END}", page, count=1)


def main(arguments: list[str]) -> int:
    """Write the transcript; return the demo's exit status."""
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
