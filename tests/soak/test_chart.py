"""The chart of a long run, and what counts as having grown."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from .__main__ import Outcome
from .chart import draw
from .samples import Sample

START = Sample(
    seconds=0.0,
    files={"web0": 40, "worker1": 90},
    memory={"web0": 100.0, "worker1": 120.0},
    tasks={"web0": 10, "worker1": 300},
    rows={"public.links": 500, "public.matches": 0, "dbos.workflow_status": 0},
    connections=12,
    feeds=500,
    made=0,
    sent=0,
)
END = replace(START, seconds=1800.0, made=3600, sent=3600, rows={**START.rows, "public.matches": 9})


def outcome(last: Sample, twice: int = 0) -> Outcome:
    return Outcome([START, last], START, last, {}, twice)


def test_a_run_that_ends_as_it_began_is_whole() -> None:
    """What has been may be kept; everything else is as it was."""
    assert outcome(END).broken() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"files": {"web0": 40, "worker1": 500}}, "worker1: 410 more files"),
        ({"memory": {"web0": 200.0, "worker1": 120.0}}, "web0: 100 % memory"),
        ({"tasks": {"web0": 10, "worker1": 999}}, "worker1: 699 more tasks"),
        ({"connections": 80}, "connections: 12 became 80"),
        ({"feeds": 499}, "feeds: 500 became 499"),
        ({"rows": {**END.rows, "public.links": 501}}, "rows: public.links 500 became 501"),
        ({"sent": 3599}, "3599 of 3600 matches sent, 0 twice"),
    ],
)
def test_what_has_grown_is_named(change: dict[str, object], words: str) -> None:
    """Each thing that is not as it was is said, with its numbers."""
    assert outcome(replace(END, **change)).broken() == [words]


def test_the_chart_is_an_image_with_a_line_for_each_process() -> None:
    """It is well-formed SVG, and names what it shows."""
    image = ET.fromstring(draw([START, END], "500 & more"))
    space = "{http://www.w3.org/2000/svg}"
    assert len(image.findall(f"{space}polyline")) == 3 * 2 + 3 + 2
    texts = [text.text for text in image.iter(f"{space}text")]
    assert {"500 & more", "open files", "memory, MiB", "worker1", "30 min"} <= set(texts)
