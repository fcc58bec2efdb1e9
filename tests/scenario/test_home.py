"""The app's Home: a dashboard that keeps its parts, whatever is pressed in it."""

from __future__ import annotations

import asyncio

from slackbot.sandbox.accelevents import Accelevents
from slackbot.services.changes import TOGETHER_SECONDS
from slackbot.services.programmes import READ_SECONDS
from slackbot.slack import home_texts, texts

from . import refusals
from .conftest import Mission, Start, dms, pressed

AVAILABLE = "available:11645"
PARTS = ("Networking at demo", "Live now", "Everything is working")


async def test_a_press_in_home_changes_one_part(mission: Mission) -> None:
    """Opening Home draws it; a press changes the status and keeps the rest, without a message."""
    ada = await mission.link("ada")
    assert (await ada.opens_home()).ok
    home = await ada.waits_for("You're not available", where="home")
    assert all(part in home.text for part in PARTS)
    home = await pressed(ada, home, AVAILABLE, says="You're available in First Network Session")
    assert home.where == "home"
    assert all(part in home.text for part in PARTS)
    assert mission.platform.networking.waiting_in(11645) == ["ada"]
    home = await pressed(ada, home, texts.BUTTON_PAUSE, says="You're not available")
    assert all(part in home.text for part in PARTS)
    assert await dms(ada) == []


async def test_answers_are_parts_of_home(mission: Mission) -> None:
    """A list takes the place of the open sessions, a refusal stands at the top; both close."""
    ada = await mission.link("ada")
    await ada.opens_home()
    home = await ada.waits_for("Live now", where="home")
    home = await pressed(ada, home, texts.BUTTON_SESSIONS, says="Networking now")
    assert "You're not available" in home.text
    assert "Live now" not in home.text
    home = await pressed(ada, home, "Next 5", says="6 to 10 of")
    home = await pressed(ada, home, home_texts.BUTTON_HOME_BACK, says="Live now")
    assert "Networking now" not in home.text
    assert home_texts.BUTTON_HOME_BACK not in {button.text for button in home.buttons}
    mission.platform.session(11646).ends = mission.platform.session(11646).starts
    home = await pressed(ada, home, "available:11646", says="Founders meet investors isn't open")
    assert all(part in home.text for part in PARTS)
    home = await pressed(ada, home, texts.BUTTON_HELP, says="this list")
    assert "isn't open" not in home.text
    assert all(part in home.text for part in PARTS)
    home = await pressed(ada, home, texts.BUTTON_MATCHES, says="No matches yet")
    assert "this list" not in home.text


async def test_home_of_somebody_not_linked(mission: Mission) -> None:
    """Home says what this is and leads to the form; connecting draws the dashboard by itself."""
    ada = mission.ada
    await ada.opens_home()
    home = await ada.waits_for(home_texts.HOME_TITLE, where="home")
    assert "Short one-to-one talks" in home.text
    assert (await ada.clicks(home, texts.BUTTON_CONNECT)).ok
    form = await ada.waits_for("Event link", where="modal")
    await ada.submits(form, {"event": "demo", "credential": mission.platform.token_for("ada")})
    await ada.waits_for("You're connected to demo", where="dm")
    home = await ada.waits_for("Live now", where="home")
    home = await pressed(ada, home, texts.BUTTON_DISCONNECT, says="You're disconnected")
    assert home_texts.HOME_TITLE in home.text


async def test_home_follows_who_connects_again(mission: Mission) -> None:
    """Wherever they do. What Home has answered stays until then."""
    ada = await mission.link("ada")
    await ada.opens_home()
    home = await ada.waits_for("Live now", where="home")
    await mission.disconnect(ada)
    await ada.waits_for("First, connect", where="home", since=home.changed)
    await mission.link("ada")
    home = await ada.waits_for("Live now", where="home")
    mission.platform.next_status(503, times=50, **refusals.STATUS)
    await mission.ask(ada, "/networking available 11645")
    home = await ada.waits_for("hasn't confirmed yet", where="home")
    home = await pressed(ada, home, texts.BUTTON_DISCONNECT, says="You're disconnected")
    assert "may still be" in home.text
    await asyncio.sleep(5 * TOGETHER_SECONDS)  # for the change that the press has made
    [home] = await ada.sees(where="home")
    assert "may still be" in home.text
    await mission.link("ada")
    home = await ada.waits_for("Live now", where="home")
    assert "You're disconnected" not in home.text


async def test_home_and_the_overview_while_matched(mission: Mission) -> None:
    """Slack accepts both; the matched session has one button to continue."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    overview = await mission.ask(ada, "/networking")
    await ada.opens_home()
    home = await ada.waits_for("You have a match in First Network Session", where="home")
    assert "Priya Raman, Product lead, Northwind" in home.text
    for seen in (overview, home):
        assert "You have a match in First Network Session" in seen.text
        assert [b.action_id for b in seen.buttons].count(AVAILABLE) == 1
    asked = [
        await pressed(ada, seen, AVAILABLE, says="Leave this round and go on to the next person?")
        for seen in (overview, home)
    ]
    stayed = await pressed(ada, asked[0], texts.BUTTON_STAY, says="You have a match in")
    assert mission.availabilities_set() == 1
    for seen in (await pressed(ada, stayed, AVAILABLE, says="Leave this round"), asked[1]):
        await pressed(ada, seen, texts.BUTTON_LEAVE_ROUND, says="You're available in First")


async def test_home_of_a_big_event(start: Start) -> None:
    """Of hundreds of sessions a few are shown, and the list has all of them."""
    platform = Accelevents()
    now = platform.session(11645)
    for number in range(300):
        platform.event.add(type(now)(20_000 + number, f"Room {number}", now.starts, now.ends))
    mission = await start(platform)
    ada = await mission.link("ada")
    await ada.opens_home()
    home = await ada.waits_for("Live now", where="home")
    home = await pressed(ada, home, texts.BUTTON_SESSIONS, says="1 to 5 of")
    await pressed(ada, home, "Next 5", says="6 to 10 of")


async def test_home_without_the_platform(mission: Mission) -> None:
    """While Accelevents fails or is slow, Home shows what is stored and says so; then it heals."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    mission.platform.next_status(503, times=100, path="/rest")
    await ada.opens_home()
    home = await ada.waits_for("You're available in First Network Session", where="home")
    assert home_texts.HOME_UNREACHABLE in home.text
    mission.platform.faults.clear()
    mission.platform.delay(READ_SECONDS + 1, **refusals.LIST)
    await ada.opens_home()
    home = await ada.waits_for(home_texts.HOME_UNREACHABLE, where="home", since=home.changed)
    await ada.waits_for("Live now", where="home", since=home.changed)


async def test_home_that_somebody_else_has_published(mission: Mission) -> None:
    """The hash tells, and what is so is published over it."""
    ada = await mission.link("ada")
    await ada.opens_home()
    await ada.waits_for("Live now", where="home")
    block = {"type": "section", "text": {"type": "plain_text", "text": "of another process"}}
    mission.slack.workspace.views.publish(ada.id, {"type": "home", "blocks": [block]})
    await mission.ask(ada, "/networking available 11645")
    home = await ada.waits_for("You're available in First Network Session", where="home")
    assert "of another process" not in home.text
    refused = [call for call in mission.slack.calls if call.error == "hash_conflict"]
    assert refused


async def test_the_messages_tab_is_left_alone(mission: Mission) -> None:
    """Opening the Messages tab draws nothing."""
    ada = await mission.link("ada")
    await ada.opens_home("messages")
    await ada.opens_home("home")
    await ada.waits_for("You're not available", where="home")
    assert mission.slack_calls("views.publish") == 1
