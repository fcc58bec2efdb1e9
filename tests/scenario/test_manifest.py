"""The mission needs exactly the scopes of the manifest."""

from __future__ import annotations

from slackbot.sandbox.slack.webapi import METHODS
from slackbot.slack.manifest import manifest

from .conftest import Mission


async def test_the_mission_needs_exactly_these_scopes(mission: Mission) -> None:
    """With the manifest's scopes nothing is missing from linking to match, and none is unused."""
    scopes = set(manifest(None, "/networking")["oauth_config"]["scopes"]["bot"])
    mission.slack.workspace.scopes = set(scopes)
    ada, priya = await mission.link("ada"), await mission.link("priya")
    await mission.ask(ada, "/networking available First Network Session")
    await mission.ask(priya, "/networking available 11645")
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    await priya.waits_for("You're matched with Ada Example", where="dm")
    calls = mission.slack.calls
    assert [call.error for call in calls if call.error == "missing_scope"] == []
    used = {METHODS[c.method].scope for c in calls if c.method in METHODS} - {None}
    assert used | {"commands"} == scopes
