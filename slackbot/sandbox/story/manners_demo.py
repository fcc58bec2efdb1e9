"""How the bot minds people's time in the demo: pauses, declined rounds, reminders and settings."""

from __future__ import annotations

from datetime import timedelta

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.story.match_demo import (
    CREDENTIAL_FIELD,
    EVENT_FIELD,
    HIDDEN,
    OTHER_SESSION,
    Demo,
)

SPEAKERS = "Speakers' circle"
# Seconds to wait for a message: a pause is at least one minute long.
PAUSE_SECONDS = 75.0
# The bot looks for due reminders every 15 seconds.
REMINDER_SECONDS = 20.0
EVENING_MIXER = 11650


async def pause_omar(demo: Demo) -> int:
    """Let Omar ask why nobody comes, and pause for the shortest while there is.

    Returns the count of changes before the pause, for `since` of its end.
    """
    demo.terminal.chapter("Omar, a speaker, waits alone, asks why, and takes a break")
    omar = demo.omar
    prompt = await omar.types("/networking available speakers", "Then I'll do what you asked")
    form = await omar.opens(prompt, "Connect")
    values = {EVENT_FIELD: "demo", CREDENTIAL_FIELD: demo.environment.platform.token_for("omar")}
    before = await omar.submits(form, values, shown=HIDDEN)
    waiting = await omar.sees_in_place(prompt, f"You're available in {SPEAKERS}", since=before)
    await omar.clicks(waiting, "Why am I not matched yet?", "Nobody else from here is available")
    before = omar.user.now
    await omar.types("/networking pause 1 minute", "Paused until")
    return before


async def bring_omar_back(demo: Demo, since: int) -> None:
    """Wait until Omar's pause is over: the bot makes him available by itself."""
    demo.terminal.chapter("Omar's break is over, and the bot makes him available by itself")
    demo.terminal.meanwhile("The shortest such break is a minute, so this may take a while")
    await demo.omar.sees(
        f"You're available in {SPEAKERS} again", where="dm", since=since, patience=PAUSE_SECONDS
    )


async def decline_round(demo: Demo, to_priya: ScreenItem) -> None:
    """Let Priya say that she can't make it; Ada hears of it, and goes on."""
    demo.terminal.chapter("Priya can't make it, and Ada need not wait")
    ada, priya = demo.ada, demo.priya
    before = ada.user.now
    await priya.clicks(to_priya, "Can't make it", "Ada Example that you can't make it")
    notice = await ada.sees("Priya Raman can't make it this time", where="dm", since=before)
    await ada.wait_for_rate_limit()
    await ada.clicks(notice, "Next person", f"You're available in {OTHER_SESSION}")


async def remind_priya(demo: Demo) -> None:
    """Remind Priya of a session that opens soon, with an entry for her calendar."""
    demo.terminal.chapter("Priya is reminded of a session, and puts it into her calendar")
    platform, priya = demo.environment.platform, demo.priya
    session = platform.session(EVENING_MIXER)
    session.starts = platform.now().replace(second=0, microsecond=0) + timedelta(minutes=9)
    session.ends = session.starts + timedelta(hours=2)
    before = priya.user.now
    await priya.types("/networking remind evening mixer", "I'll remind you right away")
    reminder = await priya.sees(
        "Evening mixer opens in", where="dm", since=before, patience=REMINDER_SECONDS
    )
    await priya.downloads(reminder, "Add to calendar", "SUMMARY:Evening mixer")


async def set_quiet_hours(demo: Demo) -> None:
    """Let Ada say when the bot is to be quiet."""
    demo.terminal.chapter("Ada wants to be left alone at night")
    await demo.ada.types("/networking settings quiet 22:00 to 07:00", "Quiet hours from")
