"""Pausing: matches until then are not lost, and none come after."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from slackbot.domain.errors import (
    AvailableElsewhere,
    NotLinked,
    TimedOut,
    TokenRefused,
    Unreachable,
)
from slackbot.domain.model import State
from slackbot.domain.notices import MatchFound
from tests.harness.fakes import ANA, NOON, availability, link, report, row, session, until
from tests.harness.services import Harness

HOUR = timedelta(hours=1)
LEFT = "status 7 LEFT"
AVAILABLE = "status 7 CHECK_IN_AVAILABLE"


async def test_pausing_leaves_and_closes(harness: Harness):
    """The status is set, the feed is closed, and nothing is left to monitor."""
    await harness.available()
    status = await harness.availabilities.pause(ANA)
    assert (status.link, status.availability, status.feed) == (link(), None, None)
    assert status.confirmed
    assert harness.journal == [LEFT, "matches 7", "close"]
    await harness.pass_time(120, step=10)
    assert harness.journal == [LEFT, "matches 7", "close"]


async def test_a_match_of_the_last_moment_is_sent(harness: Harness):
    """A match made just before the pause, and missed by the socket, is not lost."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    await harness.availabilities.pause(ANA)
    await harness.quiet()
    assert [n.match.partner.name for n in harness.sent() if isinstance(n, MatchFound)] == ["Zoë"]
    assert await harness.store.availabilities.get(ANA) is None


async def test_an_event_of_the_last_moment_is_sent_once(harness: Harness):
    """A last match in both list and socket is left to the socket."""
    await harness.available()
    harness.platform.listed = [row()]
    pausing = asyncio.create_task(harness.availabilities.pause(ANA))
    await until(lambda: harness.asked("matches"))
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(3)
    await pausing
    await harness.quiet()
    assert len(harness.sent()) == 1


async def test_an_unconfirmed_pause_keeps_the_feed(harness: Harness):
    """Until the platform confirms it may pair the person, so matches are still sent."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    harness.platform.errors["matches"] = [Unreachable()]
    status = await harness.availabilities.pause(ANA)
    assert not status.confirmed
    assert await harness.store.availabilities.get(ANA) == availability(state=State.LEAVING)
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    assert len(harness.sent()) == 1


async def test_a_second_pause_asks_again(harness: Harness):
    """Only a confirmed answer ends the availability, and a second press asks again."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut(), Unreachable()]
    assert not (await harness.availabilities.pause(ANA)).confirmed
    assert not (await harness.availabilities.pause(ANA)).confirmed
    assert (await harness.availabilities.pause(ANA)).confirmed
    assert harness.asked("status") == ["status 7 LEFT"] * 3
    assert await harness.store.availabilities.get(ANA) is None
    assert harness.feed.health(ANA) is None


async def test_the_monitor_keeps_asking(harness: Harness):
    """An unconfirmed pause is repeated until the platform confirms it."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    await harness.availabilities.pause(ANA)
    await harness.pass_time(120, step=10)
    assert harness.asked("status") == ["status 7 LEFT"] * 2
    assert await harness.store.availabilities.get(ANA) is None


async def test_nothing_is_sent_after_a_disconnect(harness: Harness):
    """A second read of the list that was due at the disconnect stores and sends nothing."""
    await harness.available()
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), availability(), grace=True)
    await harness.accounts.disconnect(ANA)
    await harness.pass_time(5)
    await harness.quiet()
    assert harness.sent() == []
    assert await harness.store.matches.list_for(ANA, availability().event) == []


async def test_pausing_when_not_available_does_no_harm(harness: Harness):
    """An old button, pressed again, makes no call to the platform."""
    await harness.linked()
    status = await harness.availabilities.pause(ANA)
    assert status.confirmed
    assert harness.journal == []


async def test_pausing_during_a_meeting_does_not_break_the_call(harness: Harness):
    """The availability ends without a status call, which might end the meeting."""
    await harness.available()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    kept = await harness.store.availabilities.get(ANA)
    assert kept == availability(state=State.IN_MEETING)
    await harness.availabilities.pause(ANA)
    assert harness.asked("status") == []
    assert await harness.store.availabilities.get(ANA) is None


async def test_pausing_needs_an_account(harness: Harness):
    """With a refused token the session is left once a token is accepted again."""
    with pytest.raises(NotLinked):
        await harness.availabilities.pause(ANA)
    await harness.available()
    harness.platform.errors["matches"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await harness.availabilities.pause(ANA)
    assert await harness.store.availabilities.get(ANA) == availability(state=State.LEAVING)
    await harness.store.availabilities.save(availability())
    with pytest.raises(TokenRefused):
        await harness.availabilities.pause(ANA)
    assert await harness.store.availabilities.get(ANA) == availability(state=State.LEAVING)


async def test_a_reconnect_cannot_undo_a_pause(harness: Harness):
    """A pause while the feed reconnects: LEFT is never followed by AVAILABLE."""
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
    """A pause while a reconnect is handled: LEFT comes after all of that."""
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


OTHER = session(8, "Tea ceremony", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)


@pytest.mark.parametrize("query", ["8", "tea", "#8", "the one with id 8"])
async def test_another_session_is_not_paused(harness: Harness, query: str):
    """A pause that names another session changes nothing, and says where the person is."""
    await harness.available(session(), OTHER)
    with pytest.raises(AvailableElsewhere) as refused:
        await harness.availabilities.pause(ANA, query)
    kept = await harness.store.availabilities.get(ANA)
    assert kept is not None
    assert (refused.value.query, refused.value.title) == (query, kept.session_title)
    assert harness.asked("status") == []


@pytest.mark.parametrize("query", ["another one", "bothering me"])
async def test_words_that_name_no_session_pause(harness: Harness, query: str):
    """The person asked to stop; so it is if the lists cannot be read."""
    await harness.available(session(), OTHER)
    assert (await harness.availabilities.pause(ANA, query)).availability is None
    await harness.available(session(), OTHER)
    harness.platform.errors["sessions"] = [TimedOut()]
    assert (await harness.availabilities.pause(ANA, "tea")).availability is None


@pytest.mark.parametrize("query", ["7", "#7", "session 7"])
async def test_the_session_may_be_named(harness: Harness, query: str):
    """A pause of the session itself is a pause; so is one of any session when nobody is there."""
    await harness.available()
    assert (await harness.availabilities.pause(ANA, query)).availability is None
    assert (await harness.availabilities.pause(ANA, "tea")).availability is None
