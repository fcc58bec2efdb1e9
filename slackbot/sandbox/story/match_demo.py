"""The main steps of the demo: connect, join, be available, be matched, get the message."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.story.environment import Environment
from slackbot.sandbox.story.player import GENERAL, Player
from slackbot.sandbox.story.terminal import Terminal
from slackbot.sandbox.story.timings import Timings

EVENT_FIELD = "Event link"
CREDENTIAL_FIELD = "Magic link"
EVENT_LINK = "https://www.accelevents.com/e/demo"
SESSION = "First Network Session"
OTHER_SESSION = "Founders meet investors"
HIDDEN: Mapping[str, str] = {CREDENTIAL_FIELD: "•••"}
# Slack has a match's message a little before the bot has recorded that it was sent. Until then, the
# bot says that the message is on its way.
RECORD_SECONDS = 0.5


@dataclass(frozen=True)
class Demo:
    """The people, and everything they use. Ada and Priya meet; Omar is in another session."""

    environment: Environment
    terminal: Terminal
    timings: Timings
    ada: Player
    priya: Player
    omar: Player


async def find_bot(demo: Demo) -> None:
    """Let Ada open the bot's Home for the first time, and be welcomed."""
    demo.terminal.chapter("Ada finds the bot, which says what it is for")
    before = demo.ada.user.now
    await demo.ada.opens_home("Short one-to-one talks")
    await demo.ada.sees("I'll message you here when you're matched", where="dm", since=before)


async def connect_ada(demo: Demo) -> ScreenItem:
    """Connect Ada, after a mistake in the form; return the list she asked for."""
    demo.terminal.chapter("Ada asks for the sessions, and is asked to connect first")
    ada = demo.ada
    prompt = await ada.types("/networking sessions", "Then I'll do what you asked")
    form = await ada.opens(prompt, "Connect")
    token = demo.environment.platform.token_for("ada")
    wrong = {EVENT_FIELD: "https://www.accelevents.com/e/dmeo", CREDENTIAL_FIELD: token}
    before = await ada.submits(form, wrong, shown=HIDDEN)
    unknown = "Accelevents doesn't know this event. Check the link."
    await ada.sees_refused(form, unknown, since=before)
    right = {EVENT_FIELD: EVENT_LINK, CREDENTIAL_FIELD: token}
    before = await ada.submits(form, right, shown=HIDDEN)
    return await ada.sees_in_place(prompt, "Networking now", since=before)


async def make_ada_available(demo: Demo, listed: ScreenItem) -> None:
    """Let Ada join from the list and become available."""
    demo.terminal.chapter("Ada joins a session and says that she is available")
    joined = await demo.ada.clicks(listed, "Join", f"You've joined {SESSION}", beside=SESSION)
    await demo.ada.clicks(joined, "I'm available", f"You're available in {SESSION}")


async def connect_priya(demo: Demo) -> None:
    """Connect Priya with a magic link; her command is carried out afterwards."""
    demo.terminal.chapter("Priya wants to join at once, and connects with her magic link")
    priya = demo.priya
    prompt = await priya.types("/networking join first network", "Then I'll do what you asked")
    form = await priya.opens(prompt, "Connect")
    link = demo.environment.platform.magic_link_for("priya")
    values = {EVENT_FIELD: "demo", CREDENTIAL_FIELD: link}
    shown = {CREDENTIAL_FIELD: "https://…/portal?userKey=•••"}
    before = await priya.submits(form, values, shown=shown)
    await priya.sees_in_place(prompt, f"You've joined {SESSION}", since=before)
    await priya.types("/networking sessions mine", "Your sessions")


async def match_both(demo: Demo, command: str, session: str) -> tuple[ScreenItem, ScreenItem]:
    """Complete a match by Priya's command, as Ada is waiting; return both direct messages."""
    ada, priya = demo.ada, demo.priya
    before = priya.user.now
    with demo.environment.status_hold.holding():
        typing = asyncio.create_task(priya.sends(command))
        try:
            to_ada = await _match_message(demo, ada, "Priya Raman", before)
            to_priya = await _match_message(demo, priya, "Ada Example", before)
            await asyncio.sleep(RECORD_SECONDS)
        except BaseException:
            typing.cancel()
            raise
    await typing
    await priya.sees(f"You have a match in {session}", where=GENERAL, since=before)
    return to_ada, to_priya


async def _match_message(demo: Demo, player: Player, partner: str, since: int) -> ScreenItem:
    message = await player.sees(f"You're matched with {partner}", where="dm", since=since)
    sent = [s for s in demo.environment.platform.sent if s.attendee == player.name]
    demo.timings.match(sent[-1], message)
    return message


async def complete_match(demo: Demo) -> tuple[ScreenItem, ScreenItem]:
    """Make Priya available; return both direct messages of the match."""
    demo.terminal.chapter("Priya is available too, and both are told of their match")
    before = demo.ada.user.now
    messages = await match_both(demo, "/networking available first network", SESSION)
    demo.terminal.meanwhile("Ada's Home tab, which is still open, follows")
    await demo.ada.sees(f"You have a match in {SESSION}", where="home", since=before)
    return messages


async def ask_in_private(demo: Demo) -> None:
    """Let Ada write to the bot, and Priya choose a shortcut."""
    demo.terminal.chapter("Without a command: a direct message, and a shortcut")
    await demo.ada.writes("Check", "Everything works.")
    await demo.priya.chooses_shortcut("shortcut_sessions", "Networking sessions", "Networking now")


async def end_talk(demo: Demo, to_ada: ScreenItem, to_priya: ScreenItem) -> None:
    """Let Ada stay available, and Priya pause."""
    demo.terminal.chapter("After the talk Ada goes on, and Priya has had enough")
    await demo.ada.clicks(to_ada, "Next person", "You were matched with Priya Raman")
    await demo.priya.clicks(to_priya, "Pause", "Paused.")


async def match_again(demo: Demo) -> tuple[ScreenItem, ScreenItem]:
    """Match both again, after a typing error; return both direct messages."""
    demo.terminal.chapter("Priya mistypes a command, and they meet again in another session")
    await demo.ada.wait_for_rate_limit()
    await demo.priya.types("/networking macthes", "Did you mean /networking matches")
    return await match_both(demo, "/networking available 11646", OTHER_SESSION)
