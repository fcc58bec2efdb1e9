"""Stopping to be available: nothing made until then is lost, nothing comes after."""

from __future__ import annotations

import asyncio

import pytest

from slackbot.domain.errors import NotLinked, TimedOut, TokenRefused, Unreachable
from slackbot.domain.model import State
from slackbot.domain.notices import MatchFound
from tests.fakes import ANA, link, row, sighting, until, wish
from tests.workbench import Bench

LEFT = "status 7 LEFT"
AVAILABLE = "status 7 CHECK_IN_AVAILABLE"


async def test_pausing_leaves_and_closes(bench: Bench):
    """The platform hears it, the feed is closed, and no wish is left to watch over."""
    await bench.available()
    standing = await bench.availabilities.pause(ANA)
    assert (standing.link, standing.availability, standing.feed) == (link(), None, None)
    assert standing.confirmed
    assert bench.journal == [LEFT, "matches 7", "close"]
    await bench.pass_time(120, step=10)
    assert bench.journal == [LEFT, "matches 7", "close"]


async def test_a_match_of_the_last_moment_is_told(bench: Bench):
    """A match made before the platform heard of the pause, which no event told, is not lost."""
    await bench.available()
    bench.feed.down(ANA)
    bench.platform.listed = [row()]
    await bench.availabilities.pause(ANA)
    await bench.quiet()
    assert [n.match.partner.name for n in bench.told() if isinstance(n, MatchFound)] == ["Zoë"]
    assert await bench.store.availability(ANA) is None


async def test_an_event_of_the_last_moment_is_told_once(bench: Bench):
    """List and socket may both know of the last match; the socket is given its time."""
    await bench.available()
    bench.platform.listed = [row()]
    pausing = asyncio.create_task(bench.availabilities.pause(ANA))
    await until(lambda: bench.asked("matches"))
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.pass_time(3)
    await pausing
    await bench.quiet()
    assert len(bench.told()) == 1


async def test_an_unconfirmed_pause_says_so(bench: Bench):
    """Until the platform confirms it may pair them, so the feed stays, and a match is told."""
    await bench.available()
    bench.platform.errors["status"] = [TimedOut()]
    bench.platform.errors["matches"] = [Unreachable()]
    standing = await bench.availabilities.pause(ANA)
    assert not standing.confirmed
    assert await bench.store.availability(ANA) == wish(state=State.LEAVING)
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.quiet()
    assert len(bench.told()) == 1


async def test_a_second_pause_asks_again(bench: Bench):
    """Only a confirmed answer ends the wish, and the second press really asks."""
    await bench.available()
    bench.platform.errors["status"] = [TimedOut(), Unreachable()]
    assert not (await bench.availabilities.pause(ANA)).confirmed
    assert not (await bench.availabilities.pause(ANA)).confirmed
    assert (await bench.availabilities.pause(ANA)).confirmed
    assert bench.asked("status") == ["status 7 LEFT"] * 3
    assert await bench.store.availability(ANA) is None
    assert bench.feed.health(ANA) is None


async def test_the_watch_goes_on_asking(bench: Bench):
    """An unconfirmed pause is told to the platform until it confirms, without another press."""
    await bench.available()
    bench.platform.errors["status"] = [TimedOut()]
    await bench.availabilities.pause(ANA)
    await bench.pass_time(120, step=10)
    assert bench.asked("status") == ["status 7 LEFT"] * 2
    assert await bench.store.availability(ANA) is None


async def test_nothing_is_told_after_a_disconnect(bench: Bench):
    """A second look that was due when the person disconnected stores and tells nothing."""
    await bench.available()
    bench.platform.listed = [row()]
    await bench.matches.reconcile(link(), wish(), grace=True)
    await bench.accounts.disconnect(ANA)
    await bench.pass_time(5)
    await bench.quiet()
    assert bench.told() == []
    assert await bench.store.matches(ANA, wish().event) == []


async def test_pausing_when_not_available_does_no_harm(bench: Bench):
    """An old button pressed again: nothing is said to the platform."""
    await bench.linked()
    standing = await bench.availabilities.pause(ANA)
    assert standing.confirmed
    assert bench.journal == []


async def test_pausing_during_a_meeting_does_not_break_the_call(bench: Bench):
    """The wish ends, but the platform is not told to leave: that might end the call."""
    await bench.available()
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.quiet()
    kept = await bench.store.availability(ANA)
    assert kept == wish(state=State.IN_MEETING)
    await bench.availabilities.pause(ANA)
    assert bench.asked("status") == []
    assert await bench.store.availability(ANA) is None


async def test_pausing_works_without_an_account_to_speak_for(bench: Bench):
    """No link: nothing to stop. A refused token: the session is left once one is taken again."""
    with pytest.raises(NotLinked):
        await bench.availabilities.pause(ANA)
    await bench.available()
    bench.platform.errors["matches"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await bench.availabilities.pause(ANA)
    assert await bench.store.availability(ANA) == wish(state=State.LEAVING)
    await bench.store.save_availability(wish())
    with pytest.raises(TokenRefused):
        await bench.availabilities.pause(ANA)
    assert await bench.store.availability(ANA) == wish(state=State.LEAVING)


async def test_a_reconnect_cannot_undo_a_pause(bench: Bench):
    """Paused while the feed comes back: LEFT is never followed by AVAILABLE."""
    await bench.available()
    bench.platform.gates["status"] = asyncio.Event()
    pausing = asyncio.create_task(bench.availabilities.pause(ANA))
    await until(lambda: bench.asked("status"))
    bench.feed.up(ANA)
    bench.platform.gates["status"].set()
    await pausing
    await bench.quiet()
    assert bench.asked("status") == [LEFT]


@pytest.mark.parametrize("call", ["matches", "status"])
async def test_a_pause_during_a_reconnect_has_the_last_word(bench: Bench, call: str):
    """Paused while the feed's coming back is dealt with: LEFT comes after all of that."""
    await bench.available()
    bench.platform.gates[call] = asyncio.Event()
    bench.feed.up(ANA)
    await until(lambda: bench.asked(call))
    pausing = asyncio.create_task(bench.availabilities.pause(ANA))
    await bench.let_run()
    assert LEFT not in bench.journal
    bench.platform.gates[call].set()
    await pausing
    await bench.quiet()
    assert bench.asked("status") == [AVAILABLE, LEFT]
    assert await bench.store.availability(ANA) is None
