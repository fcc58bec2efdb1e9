"""What goes wrong, and what the bot makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from slackbot.sandbox.slack import CannotDo, ScreenItem
from slackbot.sandbox.story.mission import (
    CREDENTIAL_FIELD,
    EVENT_FIELD,
    EVENT_LINK,
    HIDDEN,
    OTHER_SESSION,
    SESSION,
    Cast,
)

LOOK_SECONDS = 15.0
"""Without a live connection the bot looks every 10 seconds; and it has to be told, too."""
REFUSED = "Accelevents no longer accepts your connection"


async def five_refusals(cast: Cast) -> None:
    """Each row of the join table, by a command of its own."""
    cast.screen.chapter("Five times Accelevents says no, and what to do then")
    priya = cast.priya
    await priya.types("/networking join 99999", "Session 99999 does not exist")
    await priya.types("/networking join coffee", "Coffee with the keynote is full")
    await priya.types("/networking join speakers", "is not included in your ticket")
    await priya.types("/networking join partner breakfast", "Your ticket allows 2 sessions")
    await priya.types("/networking join evening mixer", "Evening mixer is not open right now")


async def a_match_is_missed(cast: Cast) -> None:
    """The event finds nobody; the match list tells later."""
    cast.screen.chapter("A match is made while the connection is down")
    platform, ada = cast.stage.platform, cast.ada
    before = ada.person.now
    cast.screen.meanwhile("Accelevents restarts its live connections")
    await platform.restart_sockets(60)
    await _within(platform.disconnected("ada"), "Ada's connection did not end")
    cast.screen.meanwhile("Priya says in the event hub that she is available: a match with Ada")
    await platform.pair("ada", "priya")
    if platform.sent[-1].connections or platform.sent[-2].connections:
        raise CannotDo("the match was heard of, though nobody should have listened")
    cast.screen.meanwhile("the live connections are back")
    await platform.restart_sockets(0)
    late = await ada.sees("You missed a match", where="dm", since=before, patience=LOOK_SECONDS)
    await ada.clicks(late, "I'm available again", f"You're available in {SESSION}")


async def the_token_expires(cast: Cast) -> None:
    """Told once, connected again, going on."""
    cast.screen.chapter("Ada's access token expires, and she connects again")
    platform, ada = cast.stage.platform, cast.ada
    before = ada.person.now
    cast.screen.meanwhile("Accelevents ends Ada's access token, and her live connection with it")
    platform.revoke("ada")
    await platform.drop_sockets("ada")
    told = await ada.sees(REFUSED, where="dm", since=before, patience=LOOK_SECONDS)
    form = await ada.opens(told, "Connect again")
    fresh = {EVENT_FIELD: EVENT_LINK, CREDENTIAL_FIELD: platform.token_for("ada")}
    before = await ada.submits(form, fresh, shown=HIDDEN)
    await ada.sees_in_place(told, "You're connected to demo", since=before)
    await ada.types("/networking available founders", f"You're available in {OTHER_SESSION}")
    await _told_once(cast)


async def _told_once(cast: Cast) -> None:
    def tells(seen: ScreenItem) -> bool:
        return any(REFUSED in text for text in (seen.text, *seen.earlier))

    told = await cast.ada.person.sees(tells, where="dm")
    if len(told) != 1:
        raise CannotDo(f"Ada was told {len(told)} times that her token is refused")


async def _within(event: Coroutine[object, object, None], otherwise: str) -> None:
    try:
        async with asyncio.timeout(5):
            await event
    except TimeoutError:
        raise CannotDo(otherwise) from None
