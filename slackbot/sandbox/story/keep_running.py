"""`--keep`: instructions for using the running demo by hand."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from slackbot.sandbox.story.environment import Environment
from slackbot.sandbox.story.match_demo import CREDENTIAL_FIELD, EVENT_FIELD, EVENT_LINK

NEWCOMER = "sam"  # somebody in Slack and at the event who has not connected yet


async def reconnect_ada(environment: Environment) -> None:
    """Connect Ada again, who erased everything at the end of the demo: a match needs two people."""
    ada = environment.slack.user("ada")
    before = ada.now
    await ada.types("/networking connect")
    form = await ada.waits_for(EVENT_FIELD, where="modal", since=before)
    token = environment.platform.token_for("ada")
    await ada.submits(form, {EVENT_FIELD: EVENT_LINK, CREDENTIAL_FIELD: token})
    await ada.waits_for("You're connected", where="#general", since=before)


def guidance(environment: Environment, no_calls: str = "") -> str:
    """Return the addresses, the environment for another bot, and some things to try.

    `no_calls` is the reason that the call page is unavailable; empty if it is available.
    """
    environment.platform.add_attendee(
        NEWCOMER, "Sam Sample", title="Organiser", company="Northwind"
    )
    environment.slack.workspace.add(NEWCOMER, real_name="Sam Sample")
    return "\n".join([*_lines(environment), *_meeting(environment, no_calls), "\nCtrl-C ends it."])


def _lines(environment: Environment) -> Iterator[str]:
    yield "\nAll of it is still running:"
    slack, platform = environment.slack_url, environment.platform_url
    yield f"  Slack        {slack}   (what it can do: {slack}/_sandbox)"
    yield f"  Accelevents  {platform}   (state: {platform}/_sandbox/state)"
    yield f"  the bot      {environment.bot.url}   (log: {environment.bot.log})"
    yield "\nThe environment for another bot, then started with `slackbot run`:"
    samples = {
        "SAMPLE_ACCESS_TOKEN": environment.platform.token_for(NEWCOMER),
        "SAMPLE_MAGIC_LINK": environment.platform.magic_link_for(NEWCOMER),
    }
    for name, value in (environment.settings | samples).items():
        yield f"export {name}={shlex.quote(value)}"
    yield f"\nThe samples are {NEWCOMER}'s, who has not connected yet. Talk to the other bot with"
    yield _curl(slack, "bot", '{"url": "http://127.0.0.1:3000"}')
    yield "\nTo try:"
    yield _curl(slack, "type", f'{{"user": "{NEWCOMER}", "text": "/networking sessions"}}')
    yield f"curl -s {slack}/_sandbox/seen/{NEWCOMER}"
    yield _curl(platform, "pair", f'{{"a": "{NEWCOMER}", "b": "priya"}}')
    yield f"curl -s {slack}/_sandbox/seen/priya"


def _meeting(environment: Environment, no_calls: str) -> Iterator[str]:
    if not environment.calls:
        yield f"\nNobody can meet in a call here: {no_calls}."
        yield "It takes node, which builds the page, and aiortc; see docs/call.md."
        return
    slack = environment.slack_url
    yield "\nTo meet in a call: let two people be available, which makes a match at once,"
    for name in ("ada", "priya"):
        available = f'{{"user": "{name}", "text": "/networking available 11645"}}'
        yield _curl(slack, "type", available)
    yield "and a moment later open each one's newest Join call link in a tab of a browser on this"
    yield "machine; Chromium needs --allow-loopback-in-peer-connection when there is no network:"
    for name in ("ada", "priya"):
        seen = f"curl -s {slack}/_sandbox/seen/{name}"
        yield f"{seen} | grep -o '{environment.bot.url}/call/[^\"]*' | tail -1"
    yield "A link works in one browser, until its round ends after five minutes."


def _curl(base: str, name: str, body: str) -> str:
    return f"curl -s {base}/_sandbox/{name} -d {shlex.quote(body)}"
