"""The alert rules and the dashboard name only what the bot measures."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from slackbot import telemetry

ROOT = Path(__file__).parents[2]
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "ops/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "ops/dashboard.json").read_text())
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
METRIC = re.compile(r"\bslackbot_\w+")
# A selector's labels and the labels of an aggregation, each with the metric that has them.
SELECTED = re.compile(r"(slackbot_\w+)\{(\w+)(?:=|!=|=~|!~)\"([^\"]+)\"\}")
SUMMED = re.compile(r"by \(([\w, ]+)\) \((?:\w+\()?(slackbot_\w+)")
# Labels that Prometheus adds.
THEIRS = {"le", "instance"}


def measured() -> dict[str, set[str]]:
    """Return the labels of each sample that the bot can export."""
    names: dict[str, set[str]] = {}
    for name in vars(telemetry):
        collector = getattr(telemetry, name)
        for exported in REGISTRY._collector_to_names.get(collector, ()) if name.isupper() else ():
            names[exported] = set(collector._labelnames)
    names["slackbot_build_info"] = {"version", "python", "role"}
    return names


def expressions() -> Iterator[str]:
    yield from (rule["expr"] for rule in RULES)
    yield from (target["expr"] for panel in PANELS for target in panel["targets"])


def test_every_metric_exists() -> None:
    """Each expression names metrics that the bot exports, and their labels."""
    names = measured()
    assert len(names) > 40
    for expression in expressions():
        assert METRIC.findall(expression), expression
        for metric in METRIC.findall(expression):
            assert metric in names, expression
        for metric, label, _ in SELECTED.findall(expression):
            assert label in names[metric], expression
        for labels, metric in SUMMED.findall(expression):
            assert set(labels.split(", ")) - THEIRS <= names[metric], expression


def test_every_metric_is_on_the_dashboard() -> None:
    """Whatever the bot measures can be seen."""
    shown = " ".join(target["expr"] for panel in PANELS for target in panel["targets"])
    page = (ROOT / "docs/operations.md").read_text()
    documented = re.findall(r"^\| `(slackbot_\w+)`", page, re.MULTILINE)
    assert len(documented) > 20
    assert [name for name in documented if name not in shown] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_every_alert_says_what_is_wrong(rule: dict[str, Any]) -> None:
    """It has a name, a severity and one sentence."""
    assert re.fullmatch(r"Slackbot[A-Z]\w+", rule["alert"])
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"].endswith(".")


def test_every_value_of_a_label_is_used_in_the_code() -> None:
    """The values that a rule selects are words of the bot, not misspelt ones."""
    source = "\n".join(path.read_text() for path in (ROOT / "slackbot").rglob("*.py"))
    for expression in expressions():
        for _, _, values in SELECTED.findall(expression):
            for value in values.split("|"):
                assert f'"{value}"' in source, value


def test_the_first_of_a_kind_is_an_increase() -> None:
    """A new process exports 0 for what the rules select, because nothing has no increase."""
    script = "import prometheus_client as p; import slackbot.telemetry; print(p.generate_latest())"
    command = [sys.executable, "-c", script]
    exported = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    for rule in RULES:
        for metric, label, values in SELECTED.findall(rule["expr"]):
            if f"{label}!=" not in rule["expr"]:
                for value in values.split("|"):
                    assert f'{metric}{{{label}="{value}"}} 0.0' in exported, rule["alert"]


def test_the_panels_are_in_order() -> None:
    """Each panel has its own id and place, a title, a description and the chosen data source."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in DASHBOARD["panels"]]
    assert len(places) == len(set(places))
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"]
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_a_metric_that_does_not_exist_is_found() -> None:
    """A counter is exported with its suffix only."""
    names = measured()
    assert "slackbot_matches_total" in names
    assert "slackbot_match_to_dm_seconds_bucket" in names
    assert "slackbot_match_total" not in names
