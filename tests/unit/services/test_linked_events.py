"""The events that a person is connected to: what happens to the session that a change ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from slackbot.domain.errors import PlatformError, ServerFailed, TimedOut, TokenRefused
from slackbot.domain.model import EventSlug
from slackbot.domain.notices import MatchFound
from tests.harness.fakes import ANA, EXPO, link, row
from tests.harness.services import Harness, Outside

SUMMIT = EventSlug("summit")
LEFT = "status 7 LEFT"
Change = Callable[[Harness], Awaitable[Any]]
CHANGES: dict[str, Change] = {
    "switch": lambda harness: harness.events.switch(ANA, SUMMIT),
    "disconnect": lambda harness: harness.events.disconnect(ANA, EXPO),
    "connect": lambda harness: harness.accounts.connect(ANA, "gala", "a-token-of-ana"),
}


async def at_both(harness: Harness) -> None:
    """Make Ana, who is also connected to the summit, available at the expo."""
    await harness.store.links.save(link(event=SUMMIT))
    await harness.available()


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_the_last_match_of_the_session_is_sent(harness: Harness, change: Change):
    """The platform has listed it, and the feed has not sent it."""
    await at_both(harness)
    harness.platform.listed = [row()]
    await change(harness)
    await harness.quiet()
    assert [type(notice) for notice in harness.sent()] == [MatchFound]
    assert len(await harness.store.matches.list_for(ANA, EXPO)) == 1


@pytest.mark.parametrize("error", [ServerFailed(status=500), TokenRefused(status=401)])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_list_that_cannot_be_read_delays_nothing(
    harness: Harness, change: Change, error: PlatformError
):
    """The active event changes all the same."""
    await at_both(harness)
    harness.platform.errors["matches"] = [error]
    await change(harness)
    await harness.quiet()
    active = await harness.store.links.get(ANA)
    assert active is not None
    assert active.event != EXPO
    assert harness.sent() == []


@pytest.mark.parametrize("change", ["switch", "connect"])
async def test_leaving_is_retried_after_a_restart(harness: Harness, outside: Outside, change: str):
    """With the link that is no longer the active one."""
    await at_both(harness)
    harness.platform.errors["status"] = [TimedOut()]
    await CHANGES[change](harness)
    await harness.aclose()
    again = Harness(outside)
    again.journal.clear()
    running = asyncio.create_task(again.leaving.run(ANA.team))
    await again.pass_time(5)
    running.cancel()
    assert again.asked("status") == [LEFT]
    assert outside.platform.links[-1].event == EXPO
    assert await outside.store.departures.list_of(ANA) == []
    await again.aclose()


@pytest.mark.parametrize("is_last", [False, True])
async def test_a_deleted_link_leaves_what_is_unconfirmed(harness: Harness, is_last: bool):
    """Also if it was not the active one, alone or with everything of the person."""
    await at_both(harness)
    harness.platform.errors["status"] = [TimedOut()]
    await harness.events.switch(ANA, SUMMIT)
    harness.journal.clear()
    if is_last:
        await harness.accounts.disconnect(ANA)
    else:
        await harness.events.disconnect(ANA, EXPO)
    await harness.quiet()
    assert harness.asked("status") == [LEFT]
    assert harness.platform.links[-1].event == EXPO
