"""Tokens and requests of others than the one workspace that the bot serves."""

from __future__ import annotations

import pytest

from slackbot.bootstrap.app import running
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.settings import SettingsError
from tests.scenario.conftest import LogLines, Mission, settings_for

SORRY = "I'm not set up for this Slack workspace"
APOLOGY = "We apologize"


async def test_somebody_of_another_workspace_is_told_so(
    mission: Mission, log_lines: LogLines
) -> None:
    """In our words and at once, without a request; the log has one line with the workspace."""
    other = mission.slack.add_workspace("T0OTHER")
    other.add("guest")
    guest = mission.slack.user("guest", bot_url=mission.bot_url, team="T0OTHER")
    calls = len(mission.slack.calls)
    for text in ("/networking", "/networking connect"):
        assert SORRY in (await mission.ask(guest, text)).text
    assert APOLOGY not in mission.everything_in_slack()
    assert len(mission.slack.calls) == calls
    (line,) = [line for line in log_lines if line["event"] == "requests_refused"]
    assert (line["reason"], line["team"], line["log_level"]) == (
        "other_workspace",
        "T0OTHER",
        "warning",
    )


async def test_a_token_of_a_whole_organisation_stops_the_start() -> None:
    """One line says what to use instead: the bot would serve nobody."""
    slack = Slack()
    slack.workspace.org_wide = True
    async with serving(slack.app) as url:
        settings = settings_for(slack, url, "http://127.0.0.1:1")
        with pytest.raises(SettingsError, match="whole organisation's") as refused:
            async with running(settings):
                pass
    assert str(refused.value).startswith("SLACK_BOT_TOKEN: ")
    assert "\n" not in str(refused.value)
