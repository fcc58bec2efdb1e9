"""The app's Home."""

from __future__ import annotations

from slackbot.sandbox.accelevents import Accelevents
from slackbot.slack import texts

from .conftest import Mission, Start, dms, pressed

AVAILABLE = "available:11645"


async def test_home_shows_the_status(mission: Mission) -> None:
    """Opening Home draws it; buttons are answered in it; opening it again redraws it."""
    ada = await mission.link("ada")
    assert (await ada.opens_home()).ok
    home = await ada.waits_for("You're not available", where="home")
    assert "Networking now" in home.text
    home = await pressed(ada, home, AVAILABLE, says="You're available in First Network Session")
    assert home.where == "home"
    assert mission.platform.networking.waiting_in(11645) == ["ada"]
    home = await pressed(ada, home, texts.BUTTON_PAUSE, says="You're not available")
    await ada.opens_home()
    await ada.waits_for("Networking now", where="home", since=home.changed)
    assert await dms(ada) == []


async def test_home_of_somebody_not_linked(mission: Mission) -> None:
    """Home leads to the form; afterwards the person gets a message, and Home shows the event."""
    ada = mission.ada
    await ada.opens_home()
    home = await ada.waits_for("First, connect", where="home")
    assert (await ada.clicks(home, texts.BUTTON_CONNECT)).ok
    form = await ada.waits_for("Your event", where="modal")
    await ada.submits(form, {"event": "demo", "credential": mission.platform.token_for("ada")})
    await ada.waits_for("You're connected to demo")
    await ada.opens_home()
    await ada.waits_for("Networking now", where="home")


async def test_home_and_the_overview_while_matched(mission: Mission) -> None:
    """Slack accepts both; the matched session has one button to continue."""
    ada = await mission.link("ada")
    await mission.ask(ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    await ada.waits_for("You're matched with Priya Raman", where="dm")
    overview = await mission.ask(ada, "/networking")
    await ada.opens_home()
    home = await ada.waits_for("You're matched in First Network Session", where="home")
    for seen in (overview, home):
        assert "You're matched in First Network Session" in seen.text
        assert "Networking now" in seen.text
        assert [b.action_id for b in seen.buttons].count(AVAILABLE) == 1
    for seen in (overview, home):
        await pressed(ada, seen, AVAILABLE, says="You're available in First Network Session")


async def test_home_of_a_big_event(start: Start) -> None:
    """Hundreds of sessions stay within Slack's hundred blocks."""
    platform = Accelevents()
    now = platform.session(11645)
    for number in range(300):
        platform.event.add(type(now)(20_000 + number, f"Room {number}", now.starts, now.ends))
    mission = await start(platform)
    ada = await mission.link("ada")
    await ada.opens_home()
    home = await ada.waits_for("Networking now", where="home")
    assert "1 to 5 of 305" in home.text
    await pressed(ada, home, texts.BUTTON_NEXT_PAGE, says="6 to 10 of 305")


async def test_the_messages_tab_is_left_alone(mission: Mission) -> None:
    """Opening the Messages tab draws nothing."""
    ada = await mission.link("ada")
    await ada.opens_home("messages")
    await ada.opens_home("home")
    await ada.waits_for("You're not available", where="home")
    assert mission.slack_calls("views.publish") == 1
