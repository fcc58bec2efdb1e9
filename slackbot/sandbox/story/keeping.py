"""`--keep`: what somebody needs to go on by themselves with what is running."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from slackbot.sandbox.story.stage import Stage

FRESH = "sam"
"""Somebody in Slack and at the event who has not connected yet."""


def guidance(stage: Stage) -> str:
    """Addresses, the environment for another bot, and some things to try."""
    _add_somebody(stage)
    return "\n".join(_lines(stage))


def _add_somebody(stage: Stage) -> None:
    stage.platform.add_attendee(FRESH, "Sam Sample", title="Organiser", company="Northwind")
    stage.slack.workspace.add(FRESH, real_name="Sam Sample")


def _lines(stage: Stage) -> Iterator[str]:
    yield "\nAll of it is still running:"
    yield f"  Slack        {stage.slack_url}   (what it can do: {stage.slack_url}/_sandbox)"
    yield f"  Accelevents  {stage.platform_url}   (state: {stage.platform_url}/_sandbox/state)"
    yield f"  the bot      {stage.bot.url}   (log: {stage.bot.log})"
    yield "\nThe environment for another bot, then started with `slackbot run`:"
    samples = {
        "SAMPLE_ACCESS_TOKEN": stage.platform.token_for(FRESH),
        "SAMPLE_MAGIC_LINK": stage.platform.magic_link_for(FRESH),
    }
    for name, value in (stage.settings | samples).items():
        yield f"export {name}={shlex.quote(value)}"
    yield f"\nThe samples are {FRESH}'s, who has not connected yet. Talk to the other bot with"
    yield _curl(stage.slack_url, "bot", '{"url": "http://127.0.0.1:3000"}')
    yield "\nTo try:"
    yield _curl(stage.slack_url, "type", f'{{"user": "{FRESH}", "text": "/networking sessions"}}')
    yield f"curl -s {stage.slack_url}/_sandbox/seen/{FRESH}"
    yield _curl(stage.platform_url, "pair", f'{{"a": "{FRESH}", "b": "priya"}}')
    yield f"curl -s {stage.slack_url}/_sandbox/seen/priya"
    yield "\nCtrl-C ends it."


def _curl(base: str, dial: str, body: str) -> str:
    return f"curl -s {base}/_sandbox/{dial} -d {shlex.quote(body)}"
