"""The demo's transcript in docs/demo.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from slackbot.sandbox.transcript import BEGIN, END, demo, in_page, masked, with_transcript

PAGE = Path(__file__).parents[2] / "docs/demo.md"


def test_the_page_shows_the_demo() -> None:
    """A new run prints the page's transcript word for word, on any terminal."""
    played = demo(COLUMNS="40", FORCE_COLOR="1", TERM="xterm-256color")
    assert (played.returncode, played.stderr) == (0, ""), played.stdout + played.stderr
    assert masked(played.stdout) == masked(in_page(PAGE.read_text("utf-8")))


def test_times_dates_and_milliseconds_are_masked() -> None:
    """Values that differ between runs are masked, counts and ids are not; masking is idempotent."""
    printed = "Until 18:10  ·  13 of 40  \nNov 24, 2026 at 00:10  ·  11645\nhop     14       9 ms\n"
    once = masked(printed + "your code: 0eced58a\n")
    expected = "Until hh:mm  ·  13 of 40\ntoday at hh:mm  ·  11645\nhop     14        N ms\n"
    assert once == expected + "your code: ffffffff\n"
    assert masked(once) == once


def test_a_transcript_is_written_between_the_marks() -> None:
    """The text between the marks is replaced, and the rest of the page stays."""
    page = f"before\n{BEGIN}\n{END}\nafter\n"
    first = with_transcript(page, "one\n")
    assert in_page(first) == "one\n"
    second = with_transcript(first, "two\n")
    assert in_page(second) == "two\n"
    assert second.startswith("before\n")
    assert second.endswith("after\n")


def test_a_page_without_marks_is_refused() -> None:
    """A page without marks raises an error instead of comparing nothing."""
    with pytest.raises(ValueError, match="marked"):
        in_page("no marks here")
