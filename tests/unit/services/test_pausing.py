"""Stopping to be available: nothing made until then is lost, nothing comes after."""

from __future__ import annotations

import asyncio

import pytest

from slackbot.domain.errors import NotLinked, TimedOut, TokenRefused, Unreachable
from slackbot.domain.model import State
from slackbot.domain.notices import MatchFound
from tests.harness.fakes import ANA, link, report, row, until, wish
from tests.harness.services import Harness

LEFT = "status 7 LEFT"
AVAILABLE = "status 7 CHECK_IN_AVAILABLE"


async def test_pausing_leaves_and_closes(harness: Harness):
    """The platform hears it, the feed is closed, and no wish is left to watch over."""
    await harness.available()
    status = await harness.availabilities.pause(ANA)
    assert (status.link, status.availability, status.feed) == (link(), None, None)
    assert status.confirmed
    assert harness.journal == [LEFT, "matches 7", "close"]
    await harness.pass_time(120, step=10)
    assert harness.journal == [LEFT, "matches 7", "close"]


async def test_a_match_of_the_last_moment_is_told(harness: Harness):
    """A match made before the platform heard of the pause, which no event told, is not lost."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    await harness.availabilities.pause(ANA)
    await harness.quiet()
    assert [n.match.partner.name for n in harness.told() if isinstance(n, MatchFound)] == ["Zoë"]
    assert await harness.store.availabilities.get(ANA) is None


async def test_an_event_of_the_last_moment_is_told_once(harness: Harness):
    """List and socket may both know of the last match; the socket is given its time."""
    await harness.available()
    harness.platform.listed = [row()]
    pausing = asyncio.create_task(harness.availabilities.pause(ANA))
    await until(lambda: harness.asked("matches"))
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(3)
    await pausing
    await harness.quiet()
    assert len(harness.told()) == 1


async def test_an_unconfirmed_pause_says_so(harness: Harness):
    """Until the platform confirms it may pair them, so the feed stays, and a match is told."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    harness.platform.errors["matches"] = [Unreachable()]
    status = await harness.availabilities.pause(ANA)
    assert not status.confirmed
    assert await harness.store.availabilities.get(ANA) == wish(state=State.LEAVING)
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    assert len(harness.told()) == 1


async def test_a_second_pause_asks_again(harness: Harness):
    """Only a confirmed answer ends the wish, and the second press really asks."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut(), Unreachable()]
    assert not (await harness.availabilities.pause(ANA)).confirmed
    assert not (await harness.availabilities.pause(ANA)).confirmed
    assert (await harness.availabilities.pause(ANA)).confirmed
    assert harness.asked("status") == ["status 7 LEFT"] * 3
    assert await harness.store.availabilities.get(ANA) is None
    assert harness.feed.health(ANA) is None


async def test_the_watch_goes_on_asking(harness: Harness):
    """An unconfirmed pause is told to the platform until it confirms, without another press."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    await harness.availabilities.pause(ANA)
    await harness.pass_time(120, step=10)
    assert harness.asked("status") == ["status 7 LEFT"] * 2
    assert await harness.store.availabilities.get(ANA) is None


async def test_nothing_is_told_after_a_disconnect(harness: Harness):
    """A second look that was due when the person disconnected stores and tells nothing."""
    await harness.available()
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), wish(), grace=True)
    await harness.accounts.disconnect(ANA)
    await harness.pass_time(5)
    await harness.quiet()
    assert harness.told() == []
    assert await harness.store.matches.list_for(ANA, wish().event) == []


async def test_pausing_when_not_available_does_no_harm(harness: Harness):
    """An old button pressed again: nothing is said to the platform."""
    await harness.linked()
    status = await harness.availabilities.pause(ANA)
    assert status.confirmed
    assert harness.journal == []


async def test_pausing_during_a_meeting_does_not_break_the_call(harness: Harness):
    """The wish ends, but the platform is not told to leave: that might end the call."""
    await harness.available()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    kept = await harness.store.availabilities.get(ANA)
    assert kept == wish(state=State.IN_MEETING)
    await harness.availabilities.pause(ANA)
    assert harness.asked("status") == []
    assert await harness.store.availabilities.get(ANA) is None


async def test_pausing_works_without_an_account_to_speak_for(harness: Harness):
    """No link: nothing to stop. A refused token: the session is left once one is taken again."""
    with pytest.raises(NotLinked):
        await harness.availabilities.pause(ANA)
    await harness.available()
    harness.platform.errors["matches"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await harness.availabilities.pause(ANA)
    assert await harness.store.availabilities.get(ANA) == wish(state=State.LEAVING)
    await harness.store.availabilities.save(wish())
    with pytest.raises(TokenRefused):
        await harness.availabilities.pause(ANA)
    assert await harness.store.availabilities.get(ANA) == wish(state=State.LEAVING)


async def test_a_reconnect_cannot_undo_a_pause(harness: Harness):
    """Paused while the feed comes back: LEFT is never followed by AVAILABLE."""
    await harness.available()
    harness.platform.gates["status"] = asyncio.Event()
    pausing = asyncio.create_task(harness.availabilities.pause(ANA))
    await until(lambda: harness.asked("status"))
    harness.feed.up(ANA)
    harness.platform.gates["status"].set()
    await pausing
    await harness.quiet()
    assert harness.asked("status") == [LEFT]


@pytest.mark.parametrize("call", ["matches", "status"])
async def test_a_pause_during_a_reconnect_has_the_last_word(harness: Harness, call: str):
    """Paused while the feed's coming back is dealt with: LEFT comes after all of that."""
    await harness.available()
    harness.platform.gates[call] = asyncio.Event()
    harness.feed.up(ANA)
    await until(lambda: harness.asked(call))
    pausing = asyncio.create_task(harness.availabilities.pause(ANA))
    await harness.let_run()
    assert LEFT not in harness.journal
    harness.platform.gates[call].set()
    await pausing
    await harness.quiet()
    assert harness.asked("status") == [AVAILABLE, LEFT]
    assert await harness.store.availabilities.get(ANA) is None
