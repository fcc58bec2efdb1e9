"""`--keep`: what somebody needs to go on by themselves with what is running."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from slackbot.sandbox.story.mission import CREDENTIAL_FIELD, EVENT_FIELD, EVENT_LINK
from slackbot.sandbox.story.stage import Stage

FRESH = "sam"
"""Somebody in Slack and at the event who has not connected yet."""


async def connected_again(stage: Stage) -> None:
    """Connect Ada once more, who has disconnected at the end of the story: it takes two to meet."""
    ada = stage.slack.user("ada")
    before = ada.now
    await ada.types("/networking connect")
    form = await ada.waits_for(EVENT_FIELD, where="modal", since=before)
    token = stage.platform.token_for("ada")
    await ada.submits(form, {EVENT_FIELD: EVENT_LINK, CREDENTIAL_FIELD: token})
    await ada.waits_for("You're connected", where="#general", since=before)


def guidance(stage: Stage, no_calls: str = "") -> str:
    """Addresses, the environment for another bot, and some things to try.

    `no_calls` is why nobody can meet in the bot's call page, if they cannot.
    """
    _add_somebody(stage)
    return "\n".join([*_lines(stage), *_meeting(stage, no_calls), "\nCtrl-C ends it."])


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


def _meeting(stage: Stage, no_calls: str) -> Iterator[str]:
    if not stage.calls:
        yield f"\nNobody can meet in a call here: {no_calls}."
        yield "It takes node, which builds the page, and `pip install aiortc`; see docs/call.md."
        return
    yield "\nTo meet in a call: let two people be available, which makes a match at once,"
    for name in ("ada", "priya"):
        available = f'{{"user": "{name}", "text": "/networking available 11645"}}'
        yield _curl(stage.slack_url, "type", available)
    yield "and a moment later open each one's newest Join call link in a tab of a browser on this"
    yield "machine; Chromium needs --allow-loopback-in-peer-connection when there is no network:"
    for name in ("ada", "priya"):
        seen = f"curl -s {stage.slack_url}/_sandbox/seen/{name}"
        yield f"{seen} | grep -o '{stage.bot.url}/call/[^\"]*' | tail -1"
    yield "A link works in one browser, until its round ends after five minutes."


def _curl(base: str, dial: str, body: str) -> str:
    return f"curl -s {base}/_sandbox/{dial} -d {shlex.quote(body)}"
