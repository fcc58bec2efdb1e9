"""Tokens and requests of others than the one workspace that the bot serves."""

from __future__ import annotations

import pytest

from slackbot.bootstrap.app import running
from slackbot.sandbox.serving import serving
from slackbot.sandbox.slack import Slack
from slackbot.settings import SettingsError
from slackbot.slack import texts
from tests.scenario.conftest import LogLines, Mission, dms, settings_for, until

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


# --- messages to the bot -------------------------------------------------------------------------


async def test_somebody_who_writes_to_the_bot_is_answered_once(mission: Mission) -> None:
    """With the command and the buttons that help; edits and the bot's own messages get nothing."""
    ada = await mission.link("ada")

    async def writes(text: str, event_id: str = "", **more: str) -> None:
        fields = {"text": text, "channel_type": "im", **more}
        assert (await ada.event("message", event_id=event_id or None, **fields)).ok

    await writes("hi", subtype="message_changed")
    await writes("hi", bot_id="B0BOT")
    await writes("hi", channel_type="channel")
    await writes("hello there", "Ev1")
    await writes("hello there", "Ev1")
    await writes("anybody?")
    answer = await ada.waits_for("Hi!", where="dm")
    assert "/networking" in answer.text
    assert [b.text for b in answer.buttons] == [
        texts.BUTTON_STATUS,
        texts.BUTTON_SESSIONS,
        texts.BUTTON_HELP,
    ]
    assert len(await dms(ada)) == 1
    token = mission.platform.token_for("ada")
    await writes(token)
    warning = await ada.waits_for("looks like an access token", where="dm")
    assert "delete your message" in warning.text
    await until(lambda: token not in mission.everything_in_slack())
    assert len(await dms(ada)) == 2
