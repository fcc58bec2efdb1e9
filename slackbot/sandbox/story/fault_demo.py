"""The faults in the demo, and how the bot handles them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

from slackbot.sandbox.slack import CannotDo, ScreenItem
from slackbot.sandbox.story.match_demo import (
    CREDENTIAL_FIELD,
    EVENT_FIELD,
    EVENT_LINK,
    HIDDEN,
    OTHER_SESSION,
    RECORD_SECONDS,
    SESSION,
    Demo,
)

# Seconds to wait for a message: without a live connection the bot polls every 10 seconds.
POLL_SECONDS = 15.0
REFUSED = "Your login to Demo Summit has run out"


async def refuse_five_joins(demo: Demo) -> None:
    """Run a command for each refusal of a join."""
    demo.terminal.chapter("Five times Accelevents says no, and what to do then")
    priya = demo.priya
    await priya.types("/networking join 99999", "Session 99999 can't be found")
    await priya.types("/networking join coffee", "Coffee with the keynote is full")
    await priya.types("/networking join speakers", "isn't in your ticket")
    await priya.types("/networking join partner breakfast", "Your ticket covers 2 sessions")
    await priya.types("/networking join evening mixer", "Evening mixer isn't open")


async def miss_match(demo: Demo) -> None:
    """Make a match while nobody is connected; the bot finds it in the match list later."""
    demo.terminal.chapter("A match is made while the connection is down")
    platform, ada = demo.environment.platform, demo.ada
    before = ada.user.now
    demo.terminal.meanwhile("Accelevents restarts its live connections")
    await platform.restart_sockets(60)
    await _within(platform.disconnected("ada"), "Ada's connection did not end")
    demo.terminal.meanwhile("Priya says in the event hub that she is available: a match with Ada")
    await platform.pair("ada", "priya")
    if platform.sent[-1].connections or platform.sent[-2].connections:
        raise CannotDo("the match was heard of, though nobody should have listened")
    demo.terminal.meanwhile("the live connections are back")
    await platform.restart_sockets(0)
    late = await ada.sees(
        "You were matched while I was offline", where="dm", since=before, patience=POLL_SECONDS
    )
    await ada.clicks(late, "Next person", f"You're available in {SESSION}")


async def expire_token(demo: Demo) -> None:
    """Let Ada's token expire; she gets one message, reconnects and goes on."""
    demo.terminal.chapter("Ada's access token expires, and she connects again")
    platform, ada = demo.environment.platform, demo.ada
    before = ada.user.now
    demo.terminal.meanwhile("Accelevents ends Ada's access token, and her live connection with it")
    platform.revoke("ada")
    await platform.drop_sockets("ada")
    message = await ada.sees(REFUSED, where="dm", since=before, patience=POLL_SECONDS)
    await asyncio.sleep(RECORD_SECONDS)
    form = await ada.opens(message, "Connect again")
    values = {EVENT_FIELD: EVENT_LINK, CREDENTIAL_FIELD: platform.token_for("ada")}
    before = await ada.submits(form, values, shown=HIDDEN)
    await ada.sees_in_place(message, "You're connected to Demo Summit", since=before)
    await ada.types("/networking available founders", f"You're available in {OTHER_SESSION}")
    await _check_one_message(demo)


async def _check_one_message(demo: Demo) -> None:
    def is_refusal(item: ScreenItem) -> bool:
        return any(REFUSED in text for text in (item.text, *item.earlier))

    messages = await demo.ada.user.sees(is_refusal, where="dm")
    if len(messages) != 1:
        raise CannotDo(f"Ada got {len(messages)} messages that her token is refused")


async def _within(event: Coroutine[object, object, None], failure: str) -> None:
    try:
        async with asyncio.timeout(5):
            await event
    except TimeoutError:
        raise CannotDo(failure) from None
