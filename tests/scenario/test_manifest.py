"""The mission needs exactly the scopes of the manifest."""

from __future__ import annotations

from pathlib import Path

from slackbot.sandbox.slack import Fault
from slackbot.sandbox.slack.webapi import METHODS
from slackbot.slack.manifest import manifest

from .conftest import Start, until


async def test_the_mission_needs_exactly_these_scopes(start: Start, tmp_path: Path) -> None:
    """With the manifest's scopes nothing is missing from linking to match, and none is unused."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    scopes = set(manifest(None, "/networking")["oauth_config"]["scopes"]["bot"])
    mission.slack.workspace.scopes = set(scopes)
    ada, priya = await mission.link("ada"), await mission.link("priya")
    await mission.ask(ada, "/networking available First Network Session")
    await mission.stop_bot()  # who did what in Slack is forgotten, so people are looked up
    await mission.start_bot()
    ada, priya = mission.ada, mission.priya
    mission.slack.faults.order(Fault("chat.postMessage", drop="after"))  # so that it is looked for
    await mission.ask(priya, "/networking available 11645")
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    await priya.waits_for("You're matched with Ada Example", where="dm")
    calls = mission.slack.calls
    assert [call.error for call in calls if call.error == "missing_scope"] == []
    await until(lambda: any(call.method == "conversations.history" for call in calls), seconds=10)
    used = {METHODS[c.method].scope for c in calls if c.method in METHODS} - {None}
    used.add("im:history")  # the sandbox asks for it by the sort of channel
    assert used | {"commands"} == scopes
