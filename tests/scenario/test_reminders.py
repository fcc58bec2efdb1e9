"""Before and after: a reminder of a joined session, its calendar entry, and a recap."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import icalendar
import pytest
import vobject

from slackbot.sandbox.slack import ScreenItem
from slackbot.slack import reminder_texts, texts

from .conftest import Mission, Start, dms, pressed, until
from .test_events import connects_to

EVENING = 11650
HUB = "https://www.accelevents.com"


@pytest.fixture
async def mission(start: Start, tmp_path: Path) -> Mission:
    """Ada, connected to a bot with a public address."""
    mission = await start(
        public_url="http://localhost:1", database_url=f"sqlite:///{tmp_path}/slackbot.db"
    )
    await mission.link("ada")
    return mission


def plan(mission: Mission, minutes: float, *, joined: bool) -> datetime:
    """Let the evening's session open in some minutes. Return when."""
    session = mission.platform.session(EVENING)
    now = datetime.now(UTC).replace(second=0, microsecond=0)  # the platform's times are in minutes
    session.starts = now + timedelta(minutes=minutes)
    session.ends = session.starts + timedelta(hours=2)
    if joined:
        session.registered["ada"] = [1]
    return session.starts


async def restart(mission: Mission) -> None:
    """Stop and start the bot, which looks for what is due when it starts."""
    await mission.stop_bot()
    await mission.start_bot()


async def test_a_joined_session_is_announced_once(mission: Mission) -> None:
    """Who joined it in the hub gets one message, also after another restart, and may say no."""
    plan(mission, 9, joined=True)
    await restart(mission)
    seen = await mission.ada.waits_for("opens in", where="dm")
    assert "Evening mixer opens in" in seen.text
    assert "you've joined" in seen.text
    assert [button.text for button in seen.buttons] == [
        reminder_texts.BUTTON_AVAILABLE_THEN,
        reminder_texts.BUTTON_CALENDAR,
        reminder_texts.BUTTON_NOT_THIS_TIME,
    ]
    await restart(mission)
    off = await pressed(mission.ada, seen, reminder_texts.BUTTON_NOT_THIS_TIME, says="won't")
    assert reminder_texts.BUTTON_UNDO in [button.text for button in off.buttons]
    assert await dms(mission.ada, "opens in") == []


async def test_a_reminder_is_cancelled_from_another_event(mission: Mission) -> None:
    """Its menu is about a session of the event of then, whichever one is active by now."""
    plan(mission, 25, joined=False)
    reminder = await mission.ask(mission.ada, "/networking remind evening mixer")
    await connects_to(mission, mission.ada, "winter")
    assert (await mission.ada.chooses(reminder, "menu:remind", "Don't remind me")).ok
    seen = await mission.ada.waits_for("I won't", where="#general", since=reminder.changed)
    assert "Evening mixer" in seen.text


async def test_people_ask_to_be_reminded(mission: Mission) -> None:
    """From the list or by command, in the words of the title; and take it back."""
    plan(mission, 60, joined=False)
    listed = await mission.ask(mission.ada, "/networking sessions upcoming")
    button = next(b for b in listed.buttons if b.text == reminder_texts.BUTTON_REMIND)
    assert (await mission.ada.clicks(listed, button)).ok
    asked = await mission.ada.waits_for("I'll remind you of Evening mixer", since=listed.changed)
    assert (await mission.ada.chooses(asked, "menu:remind", "Don't remind me")).ok
    off = await mission.ada.waits_for("won't remind you", since=asked.changed)
    await pressed(mission.ada, off, reminder_texts.BUTTON_UNDO, says="I'll remind you")
    typed = await mission.ask(mission.ada, "/networking remind me of the evening mixer please")
    assert "I'll remind you of Evening mixer" in typed.text
    open_now = await mission.ask(mission.ada, "/networking remind 11645")
    assert "can't remind you" in open_now.text
    gone = await mission.ask(mission.ada, "/networking remind off 11661")
    assert "don't remind you" in gone.text


async def test_how_long_before_is_picked_for_each_session(mission: Mission) -> None:
    """In the message that confirms a reminder, or typed; what is set for all stays."""
    plan(mission, 20, joined=False)
    asked = await mission.ask(mission.ada, "/networking remind evening mixer")
    assert "I'll remind you of Evening mixer" in asked.text
    assert (await mission.ada.chooses(asked, "menu:remind", "30 minutes before")).ok
    changed = await mission.ada.waits_for("right away", where="#general", since=asked.changed)
    assert chosen_lead(changed) == "30 minutes before"
    reminder = await mission.ada.waits_for("opens in", where="dm", timeout=20)
    assert "I remind you 30 minutes before" in reminder.text
    typed = await mission.ask(mission.ada, "/networking remind me 5 minutes before evening mixer")
    assert chosen_lead(typed) == "5 minutes before"
    settings = await mission.ask(mission.ada, "/networking settings")
    assert "that you've joined: 10 minutes before" in settings.text


def chosen_lead(seen: ScreenItem) -> str:
    """Return the option that is chosen in the menu of a message."""
    elements = [element for block in seen.blocks for element in block.get("elements", ())]
    (menu,) = [element for element in elements if element.get("type") == "static_select"]
    return str(menu["initial_option"]["text"]["text"])


# --- available when a session opens --------------------------------------------------------------


def opens_in_a_moment(folder: Path) -> None:
    """Let the time have come at which the session that somebody waits for opens."""
    with closing(sqlite3.connect(folder / "slackbot.db")) as database:
        for column in ("until", "next_try_at"):
            past = "strftime('%Y-%m-%d %H:%M:%f', 'now', '-1 seconds') || '000'"
            database.execute(f"UPDATE snoozes SET {column} = {past}")
        database.commit()


async def test_the_reminder_makes_people_available_when_the_session_opens(
    mission: Mission, tmp_path: Path
) -> None:
    """Once, also after a restart, and even if the session opens a little later than planned."""
    plan(mission, 9, joined=True)
    await restart(mission)
    reminder = await mission.ada.waits_for("opens in", where="dm")
    then = reminder_texts.BUTTON_AVAILABLE_THEN
    noted = await pressed(mission.ada, reminder, then, says="when it opens")
    assert "You'll be available in Evening mixer" in noted.text
    assert mission.availabilities_set() == 0
    why = await mission.ask(mission.ada, "/networking why")
    assert "Evening mixer isn't open yet" in why.text
    await mission.stop_bot()
    opens_in_a_moment(tmp_path)
    await mission.start_bot()
    refused = "/rest/events/demo/session/11650"
    await until(lambda: any(call.path == refused for call in mission.platform.calls), 20)
    assert mission.availabilities_set() == 0, "it is not open yet"
    plan(mission, -1, joined=True)
    open_now = "Evening mixer is open, and you're available"
    await mission.ada.waits_for(open_now, where="dm", timeout=25)
    assert mission.platform.status_of("ada", EVENING) == "CHECK_IN_AVAILABLE"
    await restart(mission)
    assert len(await dms(mission.ada, "Evening mixer is open")) <= 1
    assert mission.availabilities_set() == 1


async def test_waiting_for_an_opening_survives_another_session(
    mission: Mission, tmp_path: Path
) -> None:
    """Somebody who is available elsewhere meanwhile is moved when the session opens."""
    plan(mission, 60, joined=False)
    await mission.ask(mission.ada, "/networking available when evening mixer opens")
    await mission.ask(mission.ada, "/networking available 11645")
    await mission.stop_bot()
    opens_in_a_moment(tmp_path)
    plan(mission, -1, joined=False)
    await mission.start_bot()
    await mission.ada.waits_for("Evening mixer is open", where="dm", timeout=15)
    assert mission.platform.status_of("ada", 11645) == "LEFT"
    assert mission.platform.status_of("ada", EVENING) == "CHECK_IN_AVAILABLE"


async def test_a_pause_ends_the_wait_for_an_opening(mission: Mission, tmp_path: Path) -> None:
    """Who pauses is not matched until they say so."""
    plan(mission, 60, joined=False)
    noted = await mission.ask(mission.ada, "/networking available when evening mixer opens")
    await pressed(mission.ada, noted, reminder_texts.BUTTON_NOT_THIS_TIME, says="Paused.")
    with closing(sqlite3.connect(tmp_path / "slackbot.db")) as database:
        assert database.execute("SELECT count(*) FROM snoozes").fetchone() == (0,)
    open_now = await mission.ask(mission.ada, "/networking available when 11645 opens")
    assert "You're available in First Network Session" in open_now.text


async def test_add_to_calendar(mission: Mission) -> None:
    """The link gives an entry that two independent parsers read, with the right times."""
    starts = plan(mission, 60, joined=False)
    asked = await mission.ask(mission.ada, "/networking remind evening mixer")
    url = next(b.url for b in asked.buttons if b.text == reminder_texts.BUTTON_CALENDAR)
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url.replace("http://localhost:1", mission.bot_url))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    (first,) = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    second = vobject.readOne(answer.text).vevent
    for read in (first["dtstart"].dt, second.dtstart.value):
        assert read.astimezone(UTC) == starts
    assert str(first["summary"]) == second.summary.value == "Evening mixer"


async def test_without_an_address_the_hub_is_offered(start: Start) -> None:
    """No calendar entry can be downloaded, so the button leads to the session's page."""
    mission = await start()
    await mission.link("ada")
    plan(mission, 60, joined=False)
    asked = await mission.ask(mission.ada, "/networking remind evening mixer")
    assert reminder_texts.BUTTON_CALENDAR not in [button.text for button in asked.buttons]
    (hub,) = [button for button in asked.buttons if button.text == texts.BUTTON_HUB]
    assert hub.url.startswith(HUB)


async def test_a_recap_comes_once(mission: Mission) -> None:
    """An hour after the last session, with the way to everybody whom they met."""
    await mission.ask(mission.ada, "/networking available 11645")
    await mission.platform.pair("ada", "priya")
    await mission.ada.waits_for("You're matched with", where="dm")
    over = datetime.now(UTC) - timedelta(minutes=61)
    for session in mission.platform.event:
        session.starts, session.ends = over - timedelta(hours=1), over
    await restart(mission)
    seen = await mission.ada.waits_for("That was networking at demo", where="dm")
    assert "You had one match." in seen.text
    await restart(mission)
    await pressed(mission.ada, seen, texts.BUTTON_MATCHES, says="Priya Raman")
    assert await dms(mission.ada, "That was networking") == []
