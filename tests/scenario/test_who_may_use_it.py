"""Guests, bots, strangers and deactivated people get neither feeds nor messages."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from slackbot.sandbox.slack import User
from slackbot.slack import home_texts

from .conftest import LogLines, Mission, Start, dms, form_by_command, until

MEMBERS_ONLY = "I work for members of this Slack workspace only"
OTHERS: list[dict[str, Any]] = [
    {"is_restricted": True},
    {"is_stranger": True},
    {"home_team": "T0STRANGER"},
]


def change(person: User, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(person.member, name, value)


async def user_changed(person: User, **fields: Any) -> None:
    """Change the account as Slack's administrators do, and report it."""
    change(person, **fields)
    team = person.member.home_team or person.workspace.team_id
    user = {"id": person.id, **fields, "team_id": team}
    assert (await person.event("user_change", user=user)).ok


@pytest.mark.parametrize("fields", OTHERS)
async def test_others_cannot_connect(mission: Mission, fields: dict[str, Any]) -> None:
    """The form says so kindly, and nothing is stored or sent to the platform."""
    change(mission.ada, **fields)
    form = await form_by_command(mission.ada)
    token = mission.platform.token_for("ada")
    asked = len(mission.platform.calls)
    await mission.ada.submits(form, {"event": "demo", "credential": token})
    form = await mission.ada.waits_for(lambda seen: bool(seen.errors), where="modal")
    assert MEMBERS_ONLY in "".join(form.errors.values())
    assert len(mission.platform.calls) == asked


async def test_guests_can_connect_if_the_operator_wants(start: Start) -> None:
    """`ALLOW_GUESTS` lets in guests, and nobody else."""
    mission = await start(allow_guests=True)
    change(mission.ada, is_restricted=True)
    await mission.link("ada")


@pytest.mark.parametrize("fields", OTHERS)
async def test_somebody_connected_who_becomes_a_guest(
    mission: Mission, fields: dict[str, Any]
) -> None:
    """Their feed ends at once, no message follows, and they cannot become available again."""
    ada = await mission.link("ada")
    await mission.link("priya")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.connected("ada")
    await user_changed(ada, **fields)
    async with asyncio.timeout(5):
        await mission.platform.disconnected("ada")
    await until(lambda: mission.platform.networking.waiting_in(11645) == [])
    assert MEMBERS_ONLY in (await mission.ask(ada, "/networking available 11645")).text
    assert "You're not available" in (await mission.ask(ada, "/networking status")).text
    assert await dms(ada) == []
    await user_changed(ada, **dict.fromkeys(fields, None))
    answer = await mission.ask(ada, "/networking available 11645")
    assert "You're available in First Network Session" in answer.text


async def test_a_guest_gets_no_message_of_a_match(
    start: Start, tmp_path: Path, log_lines: LogLines
) -> None:
    """If no event said what they are, the message's look-up does, and the availability ends."""
    mission = await start(database_url=f"sqlite:///{tmp_path}/slackbot.db")
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.connected("ada")
    await mission.stop_bot()
    change(ada, is_restricted=True)
    await mission.start_bot()
    ada = mission.ada
    await mission.platform.connected("ada")
    await mission.platform.pair("ada", "priya")
    await until(lambda: any(line["event"] == "person_unreachable" for line in log_lines))
    async with asyncio.timeout(5):
        await mission.platform.disconnected("ada")
    assert await dms(ada) == []
    assert MEMBERS_ONLY in (await mission.ask(ada, "/networking status")).text


# --- scopes --------------------------------------------------------------------------------------


async def test_missing_scopes_switch_features_off(mission: Mission, log_lines: LogLines) -> None:
    """They are named at the start, and no person sees an error."""
    await mission.stop_bot()
    mission.slack.workspace.scopes -= {"im:history", "app_mentions:read", "users:read"}
    await mission.start_bot()
    (line,) = [line for line in log_lines if line["event"] == "scopes_missing"]
    assert line["scopes"] == ["im:history", "app_mentions:read", "users:read"]
    assert len(line["off"]) == 3
    ada = await mission.link("ada")
    await mission.link("priya")
    answer = await mission.ask(ada, "/networking sessions today")
    assert "I can't tell which day it is where you are" in answer.text
    await mission.ask(ada, "/networking available 11645")
    await mission.ask(mission.priya, "/networking available 11645")
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    assert home_texts.CHECKED_FINE.strip("*") in (await mission.ask(ada, "/networking check")).text
    errors = {call.error for call in mission.slack.calls}
    assert "missing_scope" not in errors
