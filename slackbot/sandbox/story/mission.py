"""What the bot is for: linked, joined, available, matched, told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from slackbot.sandbox.slack import ScreenItem
from slackbot.sandbox.story.hops import Hops
from slackbot.sandbox.story.player import GENERAL, Player
from slackbot.sandbox.story.screen import Screen
from slackbot.sandbox.story.stage import Stage

EVENT_FIELD = "Your event"
CREDENTIAL_FIELD = "Magic link or access token"
EVENT_LINK = "https://www.accelevents.com/e/demo"
SESSION = "First Network Session"
OTHER_SESSION = "Founders meet investors"
HIDDEN: Mapping[str, str] = {CREDENTIAL_FIELD: "•••"}


@dataclass(frozen=True)
class Cast:
    """Who plays, and where."""

    stage: Stage
    screen: Screen
    hops: Hops
    ada: Player
    priya: Player


async def ada_connects(cast: Cast) -> ScreenItem:
    """From her first command to its answer, with a mistake on the way; gives the list."""
    cast.screen.chapter("Ada asks for the sessions, and is asked to connect first")
    ada = cast.ada
    prompt = await ada.types("/networking sessions", "Then I'll do what you asked")
    form = await ada.opens(prompt, "Connect")
    token = cast.stage.platform.token_for("ada")
    wrong = {EVENT_FIELD: "https://www.accelevents.com/e/dmeo", CREDENTIAL_FIELD: token}
    before = await ada.submits(form, wrong, shown=HIDDEN)
    unknown = "Accelevents does not know this event. Check the link."
    await ada.sees_refused(form, unknown, since=before)
    right = {EVENT_FIELD: EVENT_LINK, CREDENTIAL_FIELD: token}
    before = await ada.submits(form, right, shown=HIDDEN)
    return await ada.sees_in_place(prompt, "Networking now", since=before)


async def ada_waits(cast: Cast, listed: ScreenItem) -> None:
    """From the list to being available."""
    cast.screen.chapter("Ada joins a session and says that she is available")
    joined = await cast.ada.clicks(listed, "Join", f"You're in {SESSION}", beside=SESSION)
    await cast.ada.clicks(joined, "I'm available", f"You're available in {SESSION}")


async def priya_connects(cast: Cast) -> None:
    """With a magic link; what she typed is done afterwards."""
    cast.screen.chapter("Priya wants to join at once, and connects with her magic link")
    priya = cast.priya
    prompt = await priya.types("/networking join first network", "Then I'll do what you asked")
    form = await priya.opens(prompt, "Connect")
    link = cast.stage.platform.magic_link_for("priya")
    values = {EVENT_FIELD: "demo", CREDENTIAL_FIELD: link}
    shown = {CREDENTIAL_FIELD: "https://…/portal?userKey=•••"}
    before = await priya.submits(form, values, shown=shown)
    await priya.sees_in_place(prompt, f"You're in {SESSION}", since=before)
    await priya.types("/networking sessions mine", "Your sessions")


async def both_are_told(cast: Cast, command: str, session: str) -> tuple[ScreenItem, ScreenItem]:
    """Ada waits already: Priya's command makes the match; gives both direct messages."""
    ada, priya = cast.ada, cast.priya
    before = priya.person.now
    with cast.stage.confirmations.kept_back():
        typing = asyncio.create_task(priya.sends(command))
        try:
            told_ada = await _told(cast, ada, "Priya Raman", before)
            told_priya = await _told(cast, priya, "Ada Example", before)
        except BaseException:
            typing.cancel()
            raise
    await typing
    await priya.sees(f"You're matched in {session}", where=GENERAL, since=before)
    return told_ada, told_priya


async def _told(cast: Cast, player: Player, partner: str, since: int) -> ScreenItem:
    told = await player.sees(f"You're matched with {partner}", where="dm", since=since)
    sent = [s for s in cast.stage.platform.sent if s.attendee == player.name]
    cast.hops.match(sent[-1], told)
    return told


async def they_are_matched(cast: Cast) -> tuple[ScreenItem, ScreenItem]:
    """The match itself."""
    cast.screen.chapter("Priya is available too, and both are told of their match")
    return await both_are_told(cast, "/networking available first network", SESSION)


async def after_the_talk(cast: Cast, told_ada: ScreenItem, told_priya: ScreenItem) -> None:
    """One goes on, one does not."""
    cast.screen.chapter("After the talk Ada goes on, and Priya has had enough")
    await cast.ada.clicks(told_ada, "I'm available again", "You were matched with Priya Raman")
    await cast.priya.clicks(told_priya, "Pause", "You're not available")


async def goodbye(cast: Cast) -> None:
    """A second meeting, whom they met, a word the bot does not know, and the end."""
    cast.screen.chapter("They meet again in another session, and Ada disconnects")
    await cast.ada.lets_slack_rest()
    await both_are_told(cast, "/networking available 11646", OTHER_SESSION)
    await cast.ada.types("/networking matches", "People you met")
    await cast.priya.types("/networking macthes", "Did you mean /networking matches")
    await cast.ada.types("/networking disconnect", "You're disconnected")
