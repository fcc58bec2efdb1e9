"""The mission needs exactly the scopes of the manifest."""

from __future__ import annotations

from pathlib import Path

from slackbot.sandbox.slack import Fault
from slackbot.sandbox.slack.web_api.endpoint import METHODS
from slackbot.slack.manifest import SHARED_SCOPE, manifest, scopes

from .conftest import Start, dms, until

HISTORY = "conversations.history"


async def test_the_mission_needs_exactly_these_scopes(start: Start, tmp_path: Path) -> None:
    """From linking to match no scope is missing, and none is unused.

    Ada's message comes from a restarted bot that has not seen her, and whose first post gets no
    answer.
    """
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    asked_for = set(manifest(None, "/networking")["oauth_config"]["scopes"]["bot"])
    mission.slack.workspace.scopes = set(asked_for)
    await mission.link("priya")
    await mission.ask(await mission.link("ada"), "/networking available First Network Session")
    await mission.stop_bot()
    await mission.start_bot()
    mission.slack.faults.order(Fault("chat.postMessage", drop="after"))
    await mission.ask(mission.priya, "/networking available 11645")
    await mission.ada.waits_for("You're matched with Priya Raman", where="dm")
    await mission.priya.waits_for("You're matched with Ada Example", where="dm")
    calls = mission.slack.calls
    await until(lambda: any(call.method == HISTORY for call in calls), 15)
    assert len(await dms(mission.ada)) == len(await dms(mission.priya)) == 1
    assert [call.error for call in calls if call.error == "missing_scope"] == []
    used = {METHODS[c.method].scope for c in calls if c.method in METHODS} - {None}
    # What a history needs goes by the kind of the channel, and these were direct messages.
    assert [call.ok for call in calls if call.method == HISTORY] == [True]
    # No request, but an event needs the scope for mentions.
    assert used | {"commands", "im:history", "app_mentions:read"} == asked_for


async def test_swapping_contacts_needs_one_scope_more(start: Start) -> None:
    """It is asked for if people can swap contacts, and everybody can read why."""
    added = set(scopes(contact_swap=True)) - set(scopes(contact_swap=False))
    assert added == {SHARED_SCOPE}
    for contact_swap in ("on", "off"):
        mission = await start(contact_swap=contact_swap)
        await mission.link("ada")
        reasons = await mission.ask(mission.ada, "/networking privacy permissions")
        assert (SHARED_SCOPE in reasons.text) is (contact_swap == "on")
