"""People's time is minded: pauses, declined rounds, unanswered matches, and quiet hours."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from slackbot.domain.model import TeamId
from slackbot.sandbox.slack import ScreenItem, User
from slackbot.slack import manner_texts, texts

from .conftest import Mission, Start, dms, pressed, waits_for_dms

SESSION = 11645


def status_of(mission: Mission, name: str) -> str:
    """Return the status that the platform has of somebody in the session."""
    return mission.platform.networking.statuses[SESSION, name]


async def in_a_file(start: Start, folder: Path, **settings: object) -> Mission:
    return await start(database_url=f"sqlite:///{folder}/slackbot.db", **settings)


async def both_available(mission: Mission) -> tuple[User, User]:
    ada, priya = await mission.link("ada"), await mission.link("priya")
    await mission.ask(ada, f"/networking available {SESSION}")
    return ada, priya


async def matched(mission: Mission, ada: User) -> ScreenItem:
    """Pair Ada and Priya, who are both connected, and return Ada's message."""
    await mission.ask(mission.priya, f"/networking available {SESSION}")
    return await ada.waits_for("You're matched with Priya Raman", where="dm")


def wind_back(folder: Path, table: str, columns: list[str], minutes: int) -> None:
    """Let what is stored have happened earlier, while the bot is stopped."""
    with closing(sqlite3.connect(folder / "slackbot.db")) as database:
        for column in columns:
            shifted = f"strftime('%Y-%m-%d %H:%M:%f', {column}, '-{minutes} minutes') || '000'"
            database.execute(f"UPDATE {table} SET {column} = {shifted}")
        database.commit()


# --- pauses that end by themselves ---------------------------------------------------------------


async def test_a_snooze_ends_by_itself(start: Start, tmp_path: Path) -> None:
    """Also if the bot was restarted meanwhile: available once, with one message about it."""
    mission = await in_a_file(start, tmp_path)
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    seen = await mission.ask(ada, "/networking snooze 30m")
    assert "Then you'll be available in First Network Session again" in seen.text
    assert status_of(mission, "ada") == "LEFT"
    await mission.stop_bot()
    wind_back(tmp_path, "snoozes", ["until", "next_try_at"], 31)
    await mission.start_bot()
    ada = mission.ada
    back = await ada.waits_for("You're available in First Network Session again", where="dm")
    assert status_of(mission, "ada") == "CHECK_IN_AVAILABLE"
    await mission.stop_bot()
    await mission.start_bot()
    status = await mission.ask(mission.ada, "/networking status")
    assert "You're available in First Network Session" in status.text
    assert [seen.id for seen in await dms(mission.ada, "again")] == [back.id]


async def test_a_snooze_is_picked_and_undone(mission: Mission) -> None:
    """By a menu and by a clock; the button in its place brings the person back at once."""
    ada = await mission.link("ada")
    waiting = await mission.ask(ada, f"/networking available {SESSION}")
    for menu, choice in (("menu:pause", "For 10 minutes"), ("pause:until", "23:59")):
        assert (await ada.chooses(waiting, menu, choice)).ok
        paused = await ada.waits_for("Paused", where="#general", since=waiting.changed)
        assert status_of(mission, "ada") == "LEFT"
        now = manner_texts.BUTTON_AVAILABLE_NOW
        waiting = await pressed(ada, paused, now, says="You're available in First")
        assert status_of(mission, "ada") == "CHECK_IN_AVAILABLE"


async def test_a_pause_until_an_unknown_time_is_asked_about(mission: Mission) -> None:
    """Nothing changes until it is known; a menu and a clock are offered."""
    ada = await mission.link("ada")
    nothing = await mission.ask(ada, "/networking pause 10 minutes")
    assert "there's nothing to pause" in nothing.text
    await mission.ask(ada, f"/networking available {SESSION}")
    asked = await mission.ask(ada, "/networking pause until the keynote")
    assert "I don't know until when that is" in asked.text
    assert status_of(mission, "ada") == "CHECK_IN_AVAILABLE"
    assert (await ada.chooses(asked, "menu:pause", "For 30 minutes")).ok
    await ada.waits_for("Paused until", where="#general", since=asked.changed)


async def test_a_pause_has_its_end_however_it_is_typed(mission: Mission) -> None:
    """With the session before it or after it; what no pause can be is asked about."""
    ada = await mission.link("ada")
    for typed in (
        "pause first network for 10 minutes",
        "pause 10 minutes first network",
        "pause first network session until 23:59",
        "pause 10 minutes from now",
    ):
        await mission.ask(ada, f"/networking available {SESSION}")
        paused = await mission.ask(ada, f"/networking {typed}")
        assert "Paused until" in paused.text or "will be over" in paused.text, typed
        assert status_of(mission, "ada") == "LEFT"
    await mission.ask(ada, f"/networking available {SESSION}")
    for typed in ("pause 30 seconds", "pause 0 minutes", "snooze 25 hours", "pause for 3 days"):
        asked = await mission.ask(ada, f"/networking {typed}")
        assert "from one minute to 24 hours" in asked.text, typed
    asked = await mission.ask(ada, "/networking pause -10 minutes")
    assert "I don't know until when that is" in asked.text
    assert status_of(mission, "ada") == "CHECK_IN_AVAILABLE"


# --- a partner who cannot make it ----------------------------------------------------------------


async def test_a_round_is_declined_and_taken_back(mission: Mission) -> None:
    """The partner hears each of it once, and the platform that the person has left."""
    ada, priya = await both_available(mission)
    card = await matched(mission, ada)
    notified = await pressed(
        ada, card, manner_texts.BUTTON_CANT, says="Priya Raman that you can't make it"
    )
    await priya.waits_for("Ada Example can't make it this time", where="dm")
    assert status_of(mission, "ada") == "LEFT"
    again = await mission.ask(ada, "/networking can't make it")
    assert "Priya Raman that you can't make it" in again.text
    back = await pressed(ada, notified, manner_texts.BUTTON_CAN, says="You're back in the round")
    assert "You're matched with Priya Raman" in back.text
    back = await priya.waits_for("Ada Example can make it after all", where="dm")
    assert [button.text for button in back.buttons] == [texts.BUTTON_MEET, manner_texts.BUTTON_CANT]
    assert len(await dms(priya, "can't make it")) == 1
    assert len(await dms(priya, "after all")) == 1


async def test_nobody_comes_back_to_a_partner_who_has_gone_on(mission: Mission) -> None:
    """The answer says so, and the partner is not disturbed in the next round."""
    mission.add("omar", "Omar Haddad")
    ada, priya = await both_available(mission)
    card = await matched(mission, ada)
    notified = await pressed(ada, card, manner_texts.BUTTON_CANT, says="that you can't make it")
    await priya.waits_for("Ada Example can't make it this time", where="dm")
    await mission.go_on(priya, SESSION)
    await mission.platform.pair("priya", "omar")
    await priya.waits_for("You're matched with Omar", where="dm")
    gone = await pressed(ada, notified, manner_texts.BUTTON_CAN, says="isn't waiting any more")
    assert "You're back in the round" not in gone.text
    assert await dms(priya, "after all") == []


async def test_a_partner_who_wants_no_notice_is_not_said_to_be_notified(mission: Mission) -> None:
    """Nor to be without the app, which is not so."""
    ada, priya = await both_available(mission)
    await mission.ask(priya, "/networking settings partner off")
    card = await matched(mission, ada)
    alone = await pressed(ada, card, manner_texts.BUTTON_CANT, says="You're out of this round")
    assert "Priya Raman gets no message about it from me" in alone.text
    assert await dms(priya, "can't make it this time") == []


async def test_a_partner_without_the_app_is_not_notified(mission: Mission) -> None:
    """The person is out of the round, and hears that nobody could be notified."""
    mission.add("omar", "Omar Haddad")
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    await mission.platform.pair("ada", "omar")
    card = await ada.waits_for("You're matched with Omar Haddad", where="dm")
    alone = await pressed(ada, card, manner_texts.BUTTON_CANT, says="You're out of this round")
    assert "Omar Haddad gets no message about it" in alone.text
    nothing = await mission.ask(ada, "/networking status")
    assert "not available" in nothing.text


# --- people who do not react ---------------------------------------------------------------------


async def test_two_unanswered_matches_end_the_availability(start: Start, tmp_path: Path) -> None:
    """The person is asked once if they are still there, and paused until they say so."""
    mission = await in_a_file(start, tmp_path)
    mission.add("omar", "Omar Haddad")
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    for partner, name in (("priya", "Priya Raman"), ("omar", "Omar Haddad")):
        await mission.platform.pair("ada", partner)
        await ada.waits_for(f"You're matched with {name}", where="dm")
    await mission.stop_bot()
    assert await dms(mission.ada, "Still there") == []
    wind_back(tmp_path, "matches", ["received_at", "ends_at"], 30)
    wind_back(tmp_path, "availabilities", ["since", "reacted_at"], 60)
    await mission.start_bot()
    asked = await mission.ada.waits_for("Still there?", where="dm", timeout=15)
    assert status_of(mission, "ada") == "LEFT"
    here = manner_texts.BUTTON_HERE
    await pressed(mission.ada, asked, here, says="You're available in First Network Session")
    assert status_of(mission, "ada") == "CHECK_IN_AVAILABLE"
    assert len(await dms(mission.ada, "Still there")) <= 1


async def test_a_reaction_keeps_somebody_available(start: Start, tmp_path: Path) -> None:
    """Any command or press counts, also one that has nothing to do with the matches."""
    mission = await in_a_file(start, tmp_path)
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    for count in (1, 2):
        await mission.platform.pair("ada", "priya")
        await waits_for_dms(ada, count, "You're matched with Priya Raman")
    team, later = TeamId(mission.team), datetime.now(UTC) + timedelta(hours=1)
    async with mission.store() as store:
        async with asyncio.timeout(5):
            while not (found := await store.availabilities.list_unanswered(team, later, 2)):
                pass  # until it is stored that the messages were sent
            assert [each.person.user for each in found] == [ada.id]
            while await store.availabilities.list_unanswered(team, later, 2):
                await mission.ask(ada, "/networking help")


# --- notifications that Slack holds back ---------------------------------------------------------


async def test_held_notifications_are_asked_about(mission: Mission) -> None:
    """Before anything is set; the button goes on, and without the scope nobody is asked."""
    ada = await mission.link("ada")
    now = int(time.time())
    ada.member.held_back = (now - 60, now + 3600)
    asked = await mission.ask(ada, f"/networking available {SESSION}")
    assert "Slack holds back your notifications until" in asked.text
    assert mission.availabilities_set() == 0
    go_on = manner_texts.BUTTON_ALL_THE_SAME
    await pressed(ada, asked, go_on, says="You're available in First Network Session")
    assert mission.availabilities_set() == 1
    await mission.stop_bot()
    ada.workspace.scopes.discard("dnd:read")
    await mission.start_bot()
    await mission.link("ada")
    seen = await mission.ask(mission.ada, f"/networking available {SESSION}")
    assert "You're available in First Network Session" in seen.text


# --- settings ------------------------------------------------------------------------------------


async def test_settings_by_command_and_by_button(mission: Mission) -> None:
    """Each setting is shown as it is, and changed in place."""
    ada = mission.ada
    asked = await mission.ask(ada, "/networking settings")
    assert "First, connect" in asked.text
    await mission.link("ada")
    shown = await mission.ask(ada, "/networking settings")
    assert "10 minutes before" in shown.text
    assert "Quiet hours: none" in shown.text
    quiet = await mission.ask(ada, "/networking settings quiet 22:00 - 8:00")
    assert "from 22:00 to 08:00" in quiet.text
    assert (await ada.chooses(quiet, "menu:reminders", "30 minutes before")).ok
    changed = await ada.waits_for("30 minutes before", where="#general", since=quiet.changed)
    assert (await ada.chooses(changed, "settings:quiet to", "07:30")).ok
    changed = await ada.waits_for("from 22:00 to 07:30", where="#general", since=changed.changed)
    off = await pressed(ada, changed, "settings:recap off", says="not when an event is over")
    unknown = await mission.ask(ada, "/networking settings volume 11")
    assert "I don't know the setting volume 11" in unknown.text
    assert "from 22:00 to 07:30" in unknown.text
    on = await pressed(ada, off, "settings:recap on", says="an event is over")
    assert "not when" not in on.text


async def test_the_time_of_reminders_and_their_switch_say_the_same(mission: Mission) -> None:
    """Whichever of the two is used to switch them off or on."""
    ada = await mission.link("ada")
    for off, on, time_of in (
        ("reminders off", "reminders on", "10 minutes before"),
        ("reminder off", "reminders 30", "30 minutes before"),
    ):
        switched = await mission.ask(ada, f"/networking settings {off}")
        assert "that you've joined: none" in switched.text
        assert "not when a session you've joined is about to open" in switched.text
        switched = await mission.ask(ada, f"/networking settings {on}")
        assert f"that you've joined: {time_of}" in switched.text
        assert "not when" not in switched.text


async def test_settings_in_home(mission: Mission) -> None:
    """A button opens them there."""
    ada = await mission.link("ada")
    await ada.opens_home()
    seen = await ada.waits_for("Networking at", where="home")
    assert (await ada.clicks(seen, manner_texts.BUTTON_SETTINGS)).ok
    await ada.waits_for("Your settings", where="home")


async def test_quiet_hours_hold_back_no_match_and_no_partner_who_cannot_come(
    mission: Mission,
) -> None:
    """In the person's own zone; somebody who is available would wait in vain."""
    ada, priya = await both_available(mission)
    now = datetime.now(ZoneInfo("Asia/Kolkata"))
    begin, end = (now + timedelta(hours=hours) for hours in (-1, 1))
    await mission.ask(priya, f"/networking settings quiet {begin:%H:%M} to {end:%H:%M}")
    card = await matched(mission, ada)
    await priya.waits_for("You're matched with Ada Example", where="dm")
    await pressed(ada, card, manner_texts.BUTTON_CANT, says="Priya Raman that you can't make it")
    await priya.waits_for("Ada Example can't make it", where="dm")


# --- why somebody is not matched yet -------------------------------------------------------------


async def test_the_reason_of_a_wait_is_given(mission: Mission) -> None:
    """One reason and one suggestion, by command and by button."""
    ada = await mission.link("ada")
    seen = await mission.ask(ada, "/networking why am I not matched yet?")
    assert "You're not available" in seen.text
    waiting = await mission.ask(ada, f"/networking available {SESSION}")
    nobody = await pressed(ada, waiting, manner_texts.BUTTON_WHY, says="Nobody else from here")
    assert [button.text for button in nobody.buttons] == [manner_texts.BUTTON_KEEP_WAITING]
    await mission.ask(ada, "/networking pause 10 minutes")
    paused = await mission.ask(ada, "/networking why")
    assert "You're paused until" in paused.text


async def test_a_round_has_the_length_that_is_set(start: Start) -> None:
    """If the platform's event does not say it; without the setting, no end is shown."""
    mission = await start(accelevents_round_minutes=7)
    mission.platform.knobs.round_seconds = None
    ada = await mission.link("ada")
    await mission.ask(ada, f"/networking available {SESSION}")
    await mission.platform.pair("ada", "priya")
    card = await ada.waits_for("You're matched with Priya Raman", where="dm")
    assert "The round ends at" in card.text
