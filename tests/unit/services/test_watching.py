"""The watch over every wish: how often it looks, what ends it, what the feed tells it."""

from __future__ import annotations

import asyncio

import pytest

from slackbot.domain.errors import (
    Forbidden,
    ServerFailed,
    SessionNotLive,
    TimedOut,
    TokenRefused,
    Unreachable,
)
from slackbot.domain.model import EventSlug, SessionId, State
from slackbot.domain.notices import AvailabilityLost, LinkRefused, MatchFound
from slackbot.services.watch import CLAIMED_SECONDS, SPREAD_SECONDS
from tests.fakes import ANA, BEN, COFFEE, NOON, link, row, session, sighting, until, wish
from tests.workbench import Bench

AVAILABLE = "status 7 CHECK_IN_AVAILABLE"


# --- how often -----------------------------------------------------------------------------------


async def test_the_list_is_read_every_minute_while_the_feed_is_up(bench: Bench):
    """The safety net costs one call a minute."""
    await bench.available()
    await bench.pass_time(180, step=5)
    assert bench.journal == ["matches 7"] * 3


async def test_the_list_is_read_every_ten_seconds_while_the_feed_is_down(bench: Bench):
    """Deaf, it looks more often; and once a minute again after the feed is back."""
    await bench.available()
    bench.feed.down(ANA)
    await bench.pass_time(30, step=5)
    assert bench.asked("matches") == ["matches 7"] * 3
    bench.feed.up(ANA)
    await bench.quiet()
    bench.journal.clear()
    await bench.pass_time(50, step=5)
    assert bench.journal == []
    await bench.pass_time(10, step=5)
    assert bench.journal == ["matches 7"]


async def test_one_watch_a_person(bench: Bench):
    """Asked to keep watch several times, it looks no more often; after its end it may again."""
    await bench.available()
    for _ in range(3):
        bench.watch.keep(ANA)
    await bench.pass_time(60, step=10)
    assert bench.asked("matches") == ["matches 7"]
    await bench.store.end_availability(ANA)
    await bench.pass_time(60, step=10)
    bench.journal.clear()
    await bench.store.save_availability(wish())
    bench.watch.keep(ANA)
    await bench.quiet()
    assert bench.asked("open") == ["open 7"]


async def test_after_a_restart_everybody_is_watched_over_again(bench: Bench):
    """The wishes outlive the process: feeds open, lists are read, availability is said again."""
    for person in (ANA, BEN):
        await bench.linked(person=person)
        await bench.store.save_availability(wish(person))
    await bench.watch.resume(ANA.team)
    await bench.quiet()
    assert bench.asked("open") == ["open 7"] * 2
    assert bench.asked("status") == [AVAILABLE] * 2


async def test_what_was_missed_during_a_restart_is_told(bench: Bench):
    """The first look after a start does not wait for the feed."""
    bench.feed.reachable = False
    await bench.linked()
    await bench.store.save_availability(wish())
    bench.platform.listed = [row()]
    await bench.watch.resume(ANA.team)
    await bench.quiet()
    assert [n.match.late for n in bench.told() if isinstance(n, MatchFound)] == [True]


async def test_closing_keeps_the_wishes(bench: Bench):
    """A shutdown is no pause: nothing is said, and the wish is there at the next start."""
    await bench.available()
    bench.watch.close()
    await bench.quiet()
    bench.clock.advance(600)
    await bench.quiet()
    assert bench.journal == []
    assert await bench.store.availability(ANA) == wish()


async def test_no_wish_no_feed(bench: Bench):
    """A watch that finds the wish gone closes the feed and ends."""
    await bench.available()
    await bench.store.end_availability(ANA)
    await bench.pass_time(60, step=10)
    assert bench.asked("close") == ["close"]
    assert bench.clock.sleepers == {}


async def test_a_defect_in_one_round_does_not_end_the_watch(bench: Bench):
    """Whatever goes wrong in one look, the next one is made."""
    await bench.available()
    bench.platform.errors["matches"] = [ZeroDivisionError()]
    await bench.pass_time(120, step=10)
    assert bench.asked("matches") == ["matches 7", "matches 7"]


async def test_a_list_that_cannot_be_read_is_read_the_next_time(bench: Bench):
    """An outage of the platform delays what the socket missed, and loses nothing."""
    await bench.available()
    bench.feed.down(ANA)
    bench.platform.errors["matches"] = [ServerFailed(), Forbidden(), TimedOut()]
    bench.platform.listed = [row()]
    await bench.pass_time(40, step=10)
    assert len(bench.told()) == 1


# --- the feed comes and goes ---------------------------------------------------------------------


async def test_a_reconnect_looks_first_and_then_says_it_again(bench: Bench):
    """Whether availability outlives a reconnect is unknown: look for the missed, then set it."""
    await bench.available()
    bench.feed.down(ANA)
    bench.feed.up(ANA)
    await bench.quiet()
    assert bench.journal == ["matches 7", AVAILABLE]


async def test_a_reconnect_does_not_break_a_meeting(bench: Bench):
    """Matched while the feed was away: the match is told, and availability is not said again."""
    await bench.available()
    bench.feed.down(ANA)
    bench.platform.listed = [row()]
    bench.feed.up(ANA)
    await bench.pass_time(3)
    assert bench.asked("status") == []
    assert [n.match.late for n in bench.told() if isinstance(n, MatchFound)] == [True]
    assert await bench.store.availability(ANA) == wish(state=State.IN_MEETING)


async def test_a_reconnect_without_answer_is_made_good(bench: Bench):
    """When the platform does not confirm the new status, the watch asks again until it does."""
    await bench.available()
    bench.platform.errors["status"] = [TimedOut(), Unreachable()]
    bench.feed.up(ANA)
    await bench.pass_time(180, step=10)
    assert bench.asked("status") == [AVAILABLE] * 3
    assert await bench.store.availability(ANA) == wish()


async def test_a_meeting_is_not_made_good(bench: Bench):
    """Matched before the status could be set again, it is not set any more."""
    await bench.available()
    bench.platform.errors["status"] = [TimedOut()]
    bench.feed.up(ANA)
    await bench.quiet()
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.pass_time(120, step=10)
    assert bench.asked("status") == [AVAILABLE]


async def test_a_reconnect_that_is_refused_ends_the_wish(bench: Bench):
    """The platform no longer takes the person: told once, and the feed is closed."""
    await bench.available()
    bench.platform.errors["status"] = [SessionNotLive(status=406)]
    bench.feed.up(ANA)
    await bench.pass_time(120, step=10)
    assert bench.told() == [AvailabilityLost("Coffee", "session_not_live")]
    assert await bench.store.availability(ANA) is None
    assert bench.feed.health(ANA) is None


async def test_a_wish_that_is_over_anyway_is_not_mourned(bench: Bench):
    """Refused while another process ended the wish: nobody is told of what they know."""
    await bench.available()
    bench.platform.gates["status"] = asyncio.Event()
    bench.platform.errors["status"] = [SessionNotLive(status=406)]
    bench.feed.up(ANA)
    await until(lambda: bench.asked("status"))
    await bench.store.end_availability(ANA)
    bench.platform.gates["status"].set()
    await bench.quiet()
    assert bench.told() == []


@pytest.mark.parametrize("kept", [None, link(), link(refused_at=NOON)])
async def test_a_feed_that_connects_for_nobody_says_nothing(bench: Bench, kept: object):
    """A connection that was still under way when all was over sets nothing."""
    if kept is not None:
        await bench.store.save_link(link())
    if kept == link(refused_at=NOON):
        await bench.store.mark_refused(ANA, NOON)
        await bench.store.save_availability(wish())
    await bench.watch.connected(ANA)
    assert bench.journal == []


async def test_a_lost_feed_is_taken_calmly(bench: Bench):
    """Its supervisor connects again, so a loss changes nothing and tells nobody."""
    await bench.available()
    await bench.watch.disconnected(ANA, "refused")
    await bench.quiet()
    assert bench.journal == []
    assert await bench.store.availability(ANA) == wish()


# --- a token refused -----------------------------------------------------------------------------


async def test_a_token_refused_in_the_background_is_told_once(bench: Bench):
    """One message with a way to reconnect; the feed stops, the link and the wish are kept."""
    await bench.available()
    bench.platform.errors["matches"] = [TokenRefused(status=401)]
    await bench.pass_time(300, step=10)
    assert bench.told() == [LinkRefused()]
    assert bench.asked("matches", "close") == ["matches 7", "close"]
    assert bench.feed.health(ANA) is None
    assert await bench.store.availability(ANA) == wish()


@pytest.mark.parametrize("call", ["matches", "status"])
async def test_a_token_refused_at_a_reconnect_is_told_once(bench: Bench, call: str):
    """The same when the feed finds out first, by the list or by the status."""
    await bench.available()
    bench.platform.errors[call] = [TokenRefused(status=401)]
    bench.feed.up(ANA)
    await bench.pass_time(60, step=10)
    assert bench.told() == [LinkRefused()]
    assert await bench.store.availability(ANA) is not None


async def test_reconnecting_the_account_resumes(bench: Bench):
    """With a new token the feed opens, what was missed is told, and availability is set."""
    await bench.available()
    bench.platform.errors["matches"] = [TokenRefused(status=401)]
    await bench.pass_time(60, step=10)
    bench.journal.clear()
    await bench.accounts.connect(ANA, "expo", "another-token")
    await bench.pass_time(10)
    assert bench.asked("open", "status") == ["open 7", AVAILABLE]
    assert bench.feed.links[ANA].token.get_secret_value() == "another-token"


async def test_a_token_refused_after_connecting_anew_is_told_again(bench: Bench):
    """Another refusal of another link is another occasion, though the token be the same."""
    for _ in range(2):
        await bench.accounts.connect(ANA, "expo", "a-token-of-ana")
        bench.platform.programme = [session()]
        await bench.availabilities.start(ANA, "")
        bench.platform.errors["matches"] = [TokenRefused(status=401)]
        await bench.pass_time(60, step=10)
    assert bench.told() == [LinkRefused()] * 2


async def test_a_match_by_the_feed_is_the_ledgers(bench: Bench):
    """What the socket tells the watch is stored and told, for the event it was told of."""
    await bench.available()
    await bench.watch.matched(ANA, EventSlug("expo"), [sighting(session_id=COFFEE)])
    await bench.quiet()
    assert len(bench.told()) == 1


async def test_a_feed_that_was_claimed_is_watched_after_a_while(bench: Bench):
    """The wish may be stored only once the feed is up: the watch waits for it, then looks."""
    await bench.available()
    bench.watch.drop(ANA)
    bench.watch.claimed(ANA, False)
    await bench.pass_time(CLAIMED_SECONDS - 1)
    assert bench.asked("matches") == []
    await bench.pass_time(2)
    assert len(bench.asked("matches")) == 1


async def test_a_feed_that_was_dropped_is_watched_no_more(bench: Bench):
    """It is another process's now: nothing is looked for here, and the wish stands."""
    await bench.available()
    bench.watch.drop(ANA)
    await bench.pass_time(200, step=10)
    assert bench.asked("matches") == []
    assert await bench.store.availability(ANA) is not None


async def test_the_lists_of_feeds_taken_over_are_read_over_half_a_minute(bench: Bench):
    """They are available again at once; what the list shows is looked for a little later."""
    await bench.available()
    bench.watch.drop(ANA)
    bench.watch.claimed(ANA, True)
    bench.feed.down(ANA)
    bench.feed.up(ANA)
    await bench.let_run()
    assert len(bench.asked("status")) == 1
    await bench.pass_time(SPREAD_SECONDS + 1)
    assert bench.asked("matches")


async def test_a_refusal_does_not_end_a_wish_that_came_after_it(bench: Bench):
    """Another process may have let the person go on to another session in the meantime."""
    await bench.available()
    bench.platform.errors["status"] = [SessionNotLive(status=406)]
    gate = bench.platform.gates["status"] = asyncio.Event()
    bench.feed.up(ANA)
    await until(lambda: bench.asked("status"))
    later = wish(session_id=SessionId(8), session_title="Tea")
    await bench.store.save_availability(later)
    gate.set()
    await bench.quiet()
    assert bench.told() == []
    assert await bench.store.availability(ANA) == later
