"""The welcome, and what is out of date or made up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from slackbot.sandbox.slack import Fault
from slackbot.slack import texts
from slackbot.slack.blocks.modals import CONNECT

from .conftest import Mission, Start, dms, form_by_command, pressed, rows_of, until

HELLO = "Hello. I bring you short one-to-one talks"
OUTDATED = "That card is out of date"


async def opens(mission: Mission, *tabs: str) -> None:
    for tab in tabs:
        assert (await mission.ada.opens_home(tab)).ok


@pytest.mark.parametrize("tab", ["home", "messages"])
async def test_somebody_is_welcomed_once(mission: Mission, tab: str) -> None:
    """On first opening either tab; the button opens the form."""
    await opens(mission, *[tab] * 3, "home", "messages")
    hello = await mission.ada.waits_for(HELLO, where="dm")
    await opens(mission, "messages", "home")
    await mission.ada.waits_for(lambda seen: True, where="home")
    assert len(await dms(mission.ada)) == 1
    assert await dms(mission.priya) == []
    assert (await mission.ada.clicks(hello, texts.BUTTON_CONNECT)).ok
    await mission.ada.waits_for(texts.MODAL_EVENT_LABEL, where="modal")


async def test_who_knows_the_bot_needs_no_welcome(mission: Mission) -> None:
    """Somebody connected, or with messages from it, gets none."""
    await mission.link("ada")
    await opens(mission, "messages", "home")
    await mission.ada.waits_for(lambda seen: True, where="home")
    assert await dms(mission.ada) == []
    assert (await mission.priya.types("hello")).ok
    await mission.priya.waits_for(lambda seen: seen.from_bot, where="dm")
    assert (await mission.priya.opens_home("messages")).ok
    await until(lambda: mission.slack_calls("conversations.history") == 1)
    assert await dms(mission.priya, HELLO) == []


async def test_somebody_who_disconnects_is_not_welcomed_again(start: Start, tmp_path: Path) -> None:
    """Their row is gone, but the conversation in Slack remains."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    await opens(mission, "messages")
    await mission.ada.waits_for(HELLO, where="dm")
    await mission.disconnect(await mission.link("ada"))
    assert rows_of(tmp_path, mission.ada.id) == 0
    looked = mission.slack_calls("conversations.history")
    await opens(mission, "messages")
    await until(lambda: mission.slack_calls("conversations.history") > looked)
    assert len(await dms(mission.ada, HELLO)) == 1


async def test_a_guest_is_not_welcomed(mission: Mission) -> None:
    """The bot is not for them."""
    mission.ada.member.is_restricted = True
    await opens(mission, "messages", "home")
    await mission.ada.waits_for(lambda seen: True, where="home")
    await until(lambda: mission.slack_calls("users.info"))
    assert await dms(mission.ada) == []


async def test_a_welcome_that_slack_refuses_comes_at_the_next_opening(mission: Mission) -> None:
    """One that it may have accepted does not come again."""
    mission.slack.faults.order(Fault("chat.postMessage", error="channel_not_found", times=2))
    await opens(mission, "messages")
    await until(lambda: len([c for c in mission.slack.calls if c.method == "chat.postMessage"]) > 1)
    mission.slack.faults.order(Fault("chat.postMessage", drop="after"))
    async with asyncio.timeout(10):
        while not await dms(mission.ada, HELLO):
            await opens(mission, "messages")
            await asyncio.sleep(0.1)
    await opens(mission, "messages", "home")
    await mission.ada.waits_for(lambda seen: True, where="home")
    assert len(await dms(mission.ada)) == 1


# --- out of date or made up ----------------------------------------------------------------------


def forged(mission: Mission, seen: Any, action_id: str, value: str = "") -> dict[str, Any]:
    """Return a press of a button that the bot did not make, on a message that it sent."""
    user = {"id": mission.ada.id, "team_id": mission.team}
    place = {"message_ts": seen.id, "channel_id": seen.channel, "is_ephemeral": False}
    return {
        "type": "block_actions",
        "team": {"id": mission.team},
        "user": user,
        "container": {"type": "message", **place},
        "message": {"ts": seen.id},
        "actions": [{"type": "button", "action_id": action_id, "value": value, "block_id": "b"}],
    }


@pytest.mark.parametrize(
    "action_id",
    ["launch:now", "AVAILABLE:11645", "x" * 255, "wave:yes:U0PRIYA"],
)
async def test_a_button_that_is_not_there_any_more(mission: Mission, action_id: str) -> None:
    """The answer says so and how things stand, and nothing changes."""
    await mission.link("ada")
    assert (await mission.ada.types("status")).ok
    seen = await mission.ada.waits_for("You're not available", where="dm")
    asked = len(mission.platform.calls)
    response = await mission.ada._transport.interaction(forged(mission, seen, action_id))
    assert response.ok
    answer = await mission.ada.waits_for(OUTDATED, where="dm")
    assert "You're not available" in answer.text
    assert action_id not in answer.text
    assert len(mission.platform.calls) == asked


async def test_a_form_that_is_not_there_any_more(mission: Mission) -> None:
    """It says so, and keeps nothing of what was typed."""
    form = await form_by_command(mission.ada)
    view = mission.slack.workspace.views.find(view_id=form.id)
    assert view.content["callback_id"] == CONNECT
    view.content["callback_id"] = "connect_of_last_year"
    token = mission.platform.token_for("ada")
    assert (await mission.ada.submits(form, {"event": "demo", "credential": token})).ok
    shown = await mission.ada.waits_for("That form is out of date", where="modal")
    assert token not in shown.text
    assert "First, connect" in (await mission.ask(mission.ada, "/networking status")).text


async def test_a_call_of_somebody_else(mission: Mission) -> None:
    """Another person's match in a button opens nothing, and leads back to one's own."""
    ada = await mission.link("ada")
    assert (await ada.types("status")).ok
    seen = await ada.waits_for("You're not available", where="dm")
    for match_id in ("0" * 16 + "-" + "1" * 32, "U0PRIYA", "../1"):
        press = forged(mission, seen, "call:new", match_id)
        assert (await ada._transport.interaction(press)).ok
        answer = await ada.waits_for(texts.CALL_GONE, where="dm", since=seen.changed)
        seen = await pressed(ada, answer, texts.BUTTON_STATUS, says="You're not available")
