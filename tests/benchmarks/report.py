"""The figures as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from .crowd import Load
from .figures import (
    BURST_LASTS,
    TARGETS,
    WAITING_SECONDS,
    Figures,
    Target,
    is_sustained,
)
from .noise import NOISY, spread

LIBRARIES = (
    "slack-bolt",
    "slack-sdk",
    "aiohttp",
    "uvicorn",
    "uvloop",
    "httptools",
    "python-socketio",
    "sqlalchemy",
    "dbos",
)
UNITS = {"per_second": "a second", "p50": "p50, ms", "p99": "p99, ms"}


def facts() -> dict[str, Any]:
    """What the machine is and what ran on it."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def show(figures: Figures, about: dict[str, Any], console: Console) -> None:
    """Print it all: drawn in a terminal, as Markdown where it is piped."""
    table = Table(box=box.ROUNDED if console.is_terminal else box.MARKDOWN)
    for heading in ("what", "figure", "bot", "beside", "ratio", "target", ""):
        table.add_column(heading, justify="right" if heading in {"bot", "ratio"} else "left")
    for target in TARGETS:
        if target.experiment in figures.experiments:
            table.add_row(*_row(figures, target))
    for load in figures.sustained:
        for row in _sustained(load):
            table.add_row(*row)
    for burst in figures.bursts:
        for row in _burst(burst):
            table.add_row(*row)
    console.print(table)
    worst = {name: spread(values) for name, values in figures.steadiness().items()}
    shown = ", ".join(f"{name} {value:.2f}" for name, value in worst.items())
    console.print(f"Slowest to fastest round (up to {NOISY:g} is steady): {shown}", soft_wrap=True)
    libraries = ", ".join(f"{name} {number}" for name, number in about["libraries"].items())
    console.print(
        f"{about['cores']} cores, load {about['load']:.1f} before, {about['system']}, "
        f"{about['python']}, {libraries}",
        soft_wrap=True,
        highlight=False,
    )


def _row(figures: Figures, target: Target) -> list[str]:
    experiment = figures.experiments[target.experiment]
    bot, other = experiment.median(target.figure)
    ratio = experiment.ratio(target.figure)
    places = 0 if target.figure == "per_second" else 2
    return [
        target.experiment,
        UNITS[target.figure],
        f"{bot:,.{places}f}",
        f"{other:,.{places}f} ({experiment.other_name})",
        f"{ratio:.2f}",
        str(target),
        _verdict(target.met_by(ratio)),
    ]


def _sustained(load: Load) -> list[list[str]]:
    what = f"{load.per_second:g} matches/s for {load.planned_seconds:g} s, {load.database}"
    waiting = f"≤ {WAITING_SECONDS * load.per_second:g}"
    return [
        _all_sent(what, load),
        [
            what,
            "waiting at the end",
            f"{load.backlog}",
            "",
            "",
            waiting,
            _verdict(is_sustained(load)),
        ],
        [what, "p50; p99, ms", f"{load.p50:,.1f}; {load.p99:,.1f}", "", "", "", ""],
        [what, "processor a match, ms", f"{load.cpu:.1f}", "", "", "", ""],
    ]


def _burst(load: Load) -> list[list[str]]:
    what, ratio = f"burst of {load.made:,}, {load.database}", load.all_sent / load.least_seconds
    took, least = f"{load.all_sent:.0f}", f"{load.least_seconds:.0f} (Slack's least)"
    on_time, target = _verdict(ratio <= BURST_LASTS), f"≤ {BURST_LASTS:g} ×"
    return [
        _all_sent(what, load),
        [what, "out of order", f"{load.inversions}", "", "", "0", _verdict(load.inversions == 0)],
        [what, "all sent after, s", took, least, f"{ratio:.2f}", target, on_time],
    ]


def _all_sent(what: str, load: Load) -> list[str]:
    sent = f"{load.sent:,} of {load.made:,}; {load.twice}"
    return [what, "sent; sent twice", sent, "", "", "all; 0", _verdict(load.exact)]


def _verdict(met: bool) -> str:
    return "met" if met else "missed"


def as_json(figures: Figures, about: dict[str, Any]) -> dict[str, Any]:
    """Facts, every round, and the ratios."""
    return {
        "facts": about,
        "rounds": {name: asdict(experiment) for name, experiment in figures.experiments.items()},
        "sustained": [asdict(one) for one in figures.sustained],
        "bursts": [asdict(one) for one in figures.bursts],
        "calibrations": [asdict(one) for one in figures.calibrations],
        "ratios": [
            {
                **asdict(target),
                "ratio": figures.experiments[target.experiment].ratio(target.figure),
            }
            for target in TARGETS
            if target.experiment in figures.experiments
        ],
    }
