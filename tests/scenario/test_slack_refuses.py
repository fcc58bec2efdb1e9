"""Slack refuses a match's message for a while: it is sent once it accepts it, and never twice."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import pytest

from slackbot.sandbox.slack import Fault, User
from slackbot.slack import texts
from tests.scenario.conftest import LogLines, Mission, dms, until

POST, OPEN = "chat.postMessage", "conversations.open"


async def matched(mission: Mission) -> User:
    """Make Ada available and match her with Priya."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    return ada


def refuse(mission: Mission, method: str, word: str, times: int = 1) -> None:
    mission.slack.faults.order(Fault(method, error=word, times=times))


def lines(log_lines: LogLines, event: str) -> list[MutableMapping[str, Any]]:
    return [line for line in log_lines if line["event"] == event]


@pytest.mark.parametrize(
    "word",
    ["a_word_of_tomorrow", "team_added_to_org"],
)
async def test_a_refusal_that_passes(mission: Mission, log_lines: LogLines, word: str) -> None:
    """The match waits, each refusal is a warning with its word, and then it arrives once."""
    refuse(mission, POST, word)
    ada = await matched(mission)
    await ada.waits_for("You're matched with", where="dm", timeout=15)
    assert len(await dms(ada)) == 1
    refusals = lines(log_lines, "notice_refused")
    assert [(line["reason"], line["log_level"]) for line in refusals] == [(word, "warning")]


async def test_content_that_slack_refuses_for_a_while(mission: Mission) -> None:
    """Refused even as text alone, the match waits, and comes whole in the end."""
    refuse(mission, POST, "msg_blocks_too_long", times=3)
    ada = await matched(mission)
    card = await ada.waits_for("You're matched with", where="dm", timeout=15)
    assert len(await dms(ada)) == 1
    assert texts.BUTTON_PAUSE in {button.text for button in card.buttons}


async def test_a_match_that_waits_is_not_claimed_to_be_there(mission: Mission) -> None:
    """Until Slack has the message, the status says that it is on its way."""
    refuse(mission, POST, "ekm_access_denied")
    ada = await matched(mission)
    await until(lambda: any(call.method == POST for call in mission.slack.calls))
    seen = await mission.ask(ada, "/networking status")
    assert "is on its way" in seen.text
    await ada.waits_for("You're matched with", where="dm", timeout=15)
    seen = await mission.ask(ada, "/networking status")
    assert "see my direct message" in seen.text


@pytest.mark.parametrize("word", ["user_not_visible", "no_permission"])
async def test_somebody_out_of_reach_is_told_by_the_status(
    mission: Mission, log_lines: LogLines, word: str
) -> None:
    """No message reaches them: the availability ends, and the status says why and what to do."""
    refuse(mission, OPEN, word, times=100)
    ada = await matched(mission)
    await until(lambda: lines(log_lines, "person_unreachable"))
    await mission.platform.disconnected("ada")
    seen = await mission.ask(ada, "/networking status")
    assert "doesn't let me send you messages" in seen.text
    assert "Ask a Slack admin" in seen.text
