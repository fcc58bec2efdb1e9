"""Slack limits us, fails or hangs up: an answer comes all the same, or the log says why not."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from slackbot.sandbox.slack import Fault
from tests.scenario.conftest import LogLines, Mission, dms, until

# Seconds; more than the first reply waits.
SLOW = 2.2
TROUBLES: dict[str, dict[str, Any]] = {
    "limited": {"error": "ratelimited", "retry_after": 1},
    "failing": {"status": 503},
    "hanging_up": {"drop": "before"},
}


def in_trouble(mission: Mission, trouble: str, *methods: str, times: int = 2) -> None:
    """The next calls of these methods meet it."""
    for method in methods:
        mission.slack.faults.order(Fault(method, times=times, **TROUBLES[trouble]))


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_an_answer_is_brought_again(
    mission: Mission, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    """A late answer to a command, and Home: each arrives once the trouble is over."""
    ada = await mission.link("ada")
    mission.platform.delay(SLOW, "/rest/events/demo/session/v2")
    in_trouble(mission, trouble, "response_url", "chat.postMessage", "views.publish")
    await asyncio.gather(ada.types("/networking sessions"), ada.opens_home())
    for where in (None, "home"):
        await ada.waits_for("First Network Session", where=where, timeout=15)
    caplog.clear()  # Slack's server calls a line that it broke an error


async def test_a_line_that_slack_closes(mission: Mission, caplog: pytest.LogCaptureFixture) -> None:
    """A button's result goes out just as Slack closes the line: it still comes to its place."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking help")
    in_trouble(mission, "hanging_up", "response_url", times=1)
    await ada.clicks(seen, "sessions:")
    after = await ada.waits_for("First Network Session", where="#general")
    assert after.id == seen.id
    assert await dms(ada) == []
    caplog.clear()


async def test_a_button_in_a_direct_message(mission: Mission) -> None:
    """Edits are limited: the message is edited a little later, and no second one is posted."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    card = await ada.waits_for("You're matched with", where="dm")
    in_trouble(mission, "limited", "chat.update")
    before = ada.now
    await ada.clicks(card, next(b for b in card.buttons if b.action_id.startswith("pause")))
    edited = await ada.waits_for("Paused.", where="dm", since=before, timeout=15)
    assert edited.id == card.id
    assert len(await dms(ada)) == 1


async def test_what_is_given_up_stands_in_the_log(mission: Mission, log_lines: LogLines) -> None:
    """Slack's trouble does not end: after a bounded number of tries one line says so."""
    ada = await mission.link("ada")
    in_trouble(mission, "limited", "views.publish", times=100)
    await ada.opens_home()

    def given_up() -> list[MutableMapping[str, Any]]:
        return [line for line in log_lines if line["event"] == "answer_given_up"]

    await until(given_up, seconds=15)
    (line,) = given_up()
    assert (line["reason"], line["log_level"]) == ("ratelimited", "warning")
