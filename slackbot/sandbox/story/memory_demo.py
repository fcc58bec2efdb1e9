"""What stays with people in the demo: their matches, contacts, events and data."""

from __future__ import annotations

from slackbot.sandbox.story.environment import OTHER_EVENT
from slackbot.sandbox.story.match_demo import CREDENTIAL_FIELD, EVENT_FIELD, HIDDEN, Demo

SHARED_DM = "#mpdm-ada--networking--priya-1"


async def search_matches(demo: Demo) -> None:
    """Let Ada list whom she met, search, and download a table."""
    demo.terminal.chapter("Ada looks up whom she met, and takes it along as a table")
    ada = demo.ada
    await ada.types("/networking matches", "Your matches")
    found = await ada.types("/networking matches founders", "One match")
    ready = await ada.clicks(found, "Export", "ready to download")
    await ada.downloads(ready, "Download", "Priya Raman")


async def swap_contacts(demo: Demo) -> None:
    """Let both say yes, each on their own; the bot opens a direct message for the two."""
    demo.terminal.chapter("Both want to swap contacts, and only then hear of it")
    before = demo.ada.user.now
    for player in (demo.ada, demo.priya):
        question = await player.types("/networking swap", "Swap contacts")
        await player.clicks(question, "Swap contacts", "Noted.")
    await demo.ada.sees("you both said yes", where=SHARED_DM, since=before)


async def switch_events(demo: Demo) -> None:
    """Let Priya connect to a second event, and return to the first."""
    slug, name = OTHER_EVENT
    demo.terminal.chapter(f"Priya is at the {name} too, and switches between her events")
    priya = demo.priya
    events = await priya.types("/networking event", "Your events")
    form = await priya.opens(events, "Another event")
    token = demo.environment.platform.token_for("priya")
    before = await priya.submits(form, {EVENT_FIELD: slug, CREDENTIAL_FIELD: token}, shown=HIDDEN)
    await priya.sees_in_place(events, f"You're connected to {name}", since=before)
    events = await priya.types("/networking event", f"{name}  ·  you're here")
    await priya.clicks(events, "Switch", "You're at Demo Summit now", beside="Demo Summit")


async def erase_data(demo: Demo) -> None:
    """Let Ada see what is stored about her, take it along, and erase it."""
    demo.terminal.chapter("Ada sees what is stored about her, takes it along, and erases it")
    ada = demo.ada
    stored = await ada.types("/networking privacy", "What I store about you")
    ready = await ada.clicks(stored, "Export my data", "ready")
    await ada.downloads(ready, "Download", "Priya Raman")
    question = await ada.types("/networking erase", "Erase everything?")
    await ada.clicks(question, "Erase everything", "Everything about you is erased")
