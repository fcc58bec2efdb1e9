"""The feed monitor: how often it polls, what ends polling, how it handles events of feeds."""

from __future__ import annotations

import asyncio
from copy import copy

import pytest
from structlog.testing import capture_logs

from slackbot.domain.errors import (
    Forbidden,
    ServerFailed,
    SessionNotLive,
    TimedOut,
    TokenRefused,
    Unreachable,
)
from slackbot.domain.feed_events import (
    FeedClaimed,
    FeedConnected,
    FeedDisconnected,
    FeedReleased,
    MatchesReported,
)
from slackbot.domain.model import SessionId, State
from slackbot.domain.notices import AvailabilityLost, LinkRefused, MatchFound
from slackbot.services import feed_monitor
from slackbot.services.feed_monitor import CLAIMED_SECONDS, SPREAD_SECONDS
from slackbot.storage.store import SqlStore
from tests.harness.fakes import (
    ANA,
    BEN,
    COFFEE,
    EXPO,
    NOON,
    availability,
    link,
    report,
    row,
    session,
    until,
)
from tests.harness.services import Harness, Outside

AVAILABLE = "status 7 CHECK_IN_AVAILABLE"


# --- how often -----------------------------------------------------------------------------------


async def test_the_list_is_read_every_minute_while_the_feed_is_up(harness: Harness):
    """The safety net costs one call a minute."""
    await harness.available()
    await harness.pass_time(180, step=5)
    assert harness.journal == ["matches 7"] * 3


async def test_the_list_is_read_every_ten_seconds_while_the_feed_is_down(harness: Harness):
    """Without a feed the list is the only source; once a minute again after the feed is back."""
    await harness.available()
    harness.feed.down(ANA)
    await harness.pass_time(30, step=5)
    assert harness.asked("matches") == ["matches 7"] * 3
    harness.feed.up(ANA)
    await harness.quiet()
    harness.journal.clear()
    await harness.pass_time(50, step=5)
    assert harness.journal == []
    await harness.pass_time(10, step=5)
    assert harness.journal == ["matches 7"]


async def test_one_polling_task_per_person(harness: Harness):
    """Started several times, it polls no more often; it can be started again after its end."""
    await harness.available()
    for _ in range(3):
        harness.monitor.start(ANA)
    await harness.pass_time(60, step=10)
    assert harness.asked("matches") == ["matches 7"]
    await harness.store.availabilities.end(ANA)
    await harness.pass_time(60, step=10)
    harness.journal.clear()
    await harness.store.availabilities.save(availability())
    harness.monitor.start(ANA)
    await harness.quiet()
    assert harness.asked("open") == ["open 7"]


async def test_after_a_restart_everybody_is_polled_for_again(harness: Harness):
    """Availabilities outlive the process: feeds open, lists are read, statuses are set again."""
    for person in (ANA, BEN):
        await harness.linked(person=person)
        await harness.store.availabilities.save(availability(person))
    await harness.monitor.resume(ANA.team)
    await harness.quiet()
    assert harness.asked("open") == ["open 7"] * 2
    assert harness.asked("status") == [AVAILABLE] * 2


async def test_a_match_missed_during_a_restart_is_sent(harness: Harness):
    """The first poll after a start does not wait for the feed."""
    harness.feed.reachable = False
    await harness.linked()
    await harness.store.availabilities.save(availability())
    harness.platform.listed = [row()]
    await harness.monitor.resume(ANA.team)
    await harness.quiet()
    assert [n.match.late for n in harness.sent() if isinstance(n, MatchFound)] == [True]


async def test_a_shutdown_keeps_availabilities(harness: Harness):
    """A shutdown is no pause: no status is set, and the availability is there at the next start."""
    await harness.available()
    await harness.monitor.stop_polling()
    await harness.quiet()
    harness.clock.advance(600)
    await harness.quiet()
    assert harness.journal == []
    assert await harness.store.availabilities.get(ANA) == availability()


async def test_without_an_availability_there_is_no_feed(harness: Harness):
    """A poll that finds no availability closes the feed and ends."""
    await harness.available()
    await harness.store.availabilities.end(ANA)
    await harness.pass_time(60, step=10)
    assert harness.asked("close") == ["close"]
    assert harness.clock.sleepers == {}


async def test_a_defect_in_one_poll_does_not_end_polling(harness: Harness):
    """Whatever goes wrong in one poll, the next one takes place."""
    await harness.available()
    harness.platform.errors["matches"] = [ZeroDivisionError()]
    await harness.pass_time(120, step=10)
    assert harness.asked("matches") == ["matches 7", "matches 7"]


async def test_a_list_that_cannot_be_read_is_read_the_next_time(harness: Harness):
    """An outage of the platform delays what the socket missed, and loses nothing."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.errors["matches"] = [ServerFailed(), Forbidden(), TimedOut()]
    harness.platform.listed = [row()]
    await harness.pass_time(40, step=10)
    assert len(harness.sent()) == 1


# --- connected and disconnected -----------------------------------------------------------------


async def test_a_reconnect_reads_the_list_and_then_sets_the_status(harness: Harness):
    """It is unknown if the status outlives a reconnect: read what was missed, then set it."""
    await harness.available()
    harness.feed.down(ANA)
    harness.feed.up(ANA)
    await harness.quiet()
    assert harness.journal == ["matches 7", AVAILABLE]


async def test_a_reconnect_does_not_break_a_meeting(harness: Harness):
    """Matched while the feed was down: the match is sent, and the status is not set again."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    harness.feed.up(ANA)
    await harness.pass_time(3)
    assert harness.asked("status") == []
    assert [n.match.late for n in harness.sent() if isinstance(n, MatchFound)] == [True]
    assert await harness.store.availabilities.get(ANA) == availability(state=State.IN_MEETING)


async def test_a_status_without_an_answer_is_set_again(harness: Harness):
    """If the platform does not confirm the status, polls repeat it until it does."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut(), Unreachable()]
    harness.feed.up(ANA)
    await harness.pass_time(180, step=10)
    assert harness.asked("status") == [AVAILABLE] * 3
    assert await harness.store.availabilities.get(ANA) == availability()


async def test_the_status_is_not_set_during_a_meeting(harness: Harness):
    """Matched before the status could be set again, it is not set any more."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    harness.feed.up(ANA)
    await harness.quiet()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(120, step=10)
    assert harness.asked("status") == [AVAILABLE]


async def test_a_status_set_after_a_pause_elsewhere_is_taken_back(harness: Harness):
    """Another process ended the availability while this one set the status again."""
    await harness.available()
    gate = harness.platform.gates["status"] = asyncio.Event()
    harness.feed.up(ANA)
    await until(lambda: harness.asked("status") == ["status 7 CHECK_IN_AVAILABLE"])
    await harness.store.availabilities.end(ANA)
    gate.set()
    del harness.platform.gates["status"]
    await harness.quiet()
    assert harness.asked("status") == ["status 7 CHECK_IN_AVAILABLE", "status 7 LEFT"]


async def test_a_refused_status_ends_the_availability(harness: Harness):
    """The platform no longer takes the person: one message, and the feed is closed."""
    await harness.available()
    harness.platform.errors["status"] = [SessionNotLive(status=406)]
    harness.feed.up(ANA)
    await harness.pass_time(120, step=10)
    assert harness.sent() == [AvailabilityLost("Coffee", "session_not_live")]
    assert await harness.store.availabilities.get(ANA) is None
    assert harness.feed.health(ANA) is None


async def test_an_availability_that_has_ended_is_not_reported_as_lost(harness: Harness):
    """Refused while another process ended it: the person knows already, and gets no message."""
    await harness.available()
    harness.platform.gates["status"] = asyncio.Event()
    harness.platform.errors["status"] = [SessionNotLive(status=406)]
    harness.feed.up(ANA)
    await until(lambda: harness.asked("status"))
    await harness.store.availabilities.end(ANA)
    harness.platform.gates["status"].set()
    await harness.quiet()
    assert harness.sent() == []


@pytest.mark.parametrize("kept", [None, link(), link(refused_at=NOON)])
async def test_a_feed_that_connects_for_nobody_sets_no_status(harness: Harness, kept: object):
    """A connection that was still being made when the availability ended sets nothing."""
    if kept is not None:
        await harness.store.links.save(link())
    if kept == link(refused_at=NOON):
        await harness.store.links.mark_refused(link(), NOON)
        await harness.store.availabilities.save(availability())
    await harness.feed.events.put(FeedConnected(ANA))
    await harness.quiet()
    assert harness.journal == []


async def test_a_lost_feed_changes_nothing(harness: Harness):
    """The feed reconnects by itself, so the availability stays and no message is sent."""
    await harness.available()
    await harness.feed.events.put(FeedDisconnected(ANA, "refused"))
    await harness.quiet()
    assert harness.journal == []
    assert await harness.store.availabilities.get(ANA) == availability()


# --- a token refused -----------------------------------------------------------------------------


async def test_a_token_refused_in_the_background_is_reported_once(harness: Harness):
    """One message with a way to reconnect; the feed stops, link and availability stay."""
    await harness.available()
    harness.platform.errors["matches"] = [TokenRefused(status=401)]
    await harness.pass_time(300, step=10)
    assert harness.sent() == [LinkRefused(EXPO, "Coffee")]
    assert harness.asked("matches", "close") == ["matches 7", "close"]
    assert harness.feed.health(ANA) is None
    assert await harness.store.availabilities.get(ANA) == availability()


@pytest.mark.parametrize("call", ["matches", "status"])
async def test_a_token_refused_at_a_reconnect_is_reported_once(harness: Harness, call: str):
    """The same when the feed finds out first, by the list or by the status."""
    await harness.available()
    harness.platform.errors[call] = [TokenRefused(status=401)]
    harness.feed.up(ANA)
    await harness.pass_time(60, step=10)
    assert harness.sent() == [LinkRefused(EXPO, "Coffee")]
    assert await harness.store.availabilities.get(ANA) is not None


async def test_reconnecting_the_account_resumes(harness: Harness):
    """With a new token the feed opens, missed matches are sent, and the status is set."""
    await harness.available()
    harness.platform.errors["matches"] = [TokenRefused(status=401)]
    await harness.pass_time(60, step=10)
    harness.journal.clear()
    await harness.accounts.connect(ANA, "expo", "another-0a1b2c3d")
    await harness.pass_time(10)
    assert harness.asked("open", "status") == ["open 7", AVAILABLE]
    assert harness.feed.links[ANA].token.get_secret_value() == "another-0a1b2c3d"


async def test_a_token_refused_after_connecting_again_is_reported_again(harness: Harness):
    """The refusal of another link is another occasion, even if the token is the same."""
    for _ in range(2):
        await harness.accounts.connect(ANA, "expo", "a-token-of-ana")
        harness.platform.programme = [session()]
        await harness.availabilities.start(ANA, "")
        harness.platform.errors["matches"] = [TokenRefused(status=401)]
        await harness.pass_time(60, step=10)
    assert harness.sent() == [LinkRefused(EXPO, "Coffee")] * 2


async def test_a_reported_match_is_stored_and_sent(harness: Harness):
    """For the event in which the socket reported it."""
    await harness.available()
    reports = [report(session_id=COFFEE)]
    await harness.feed.events.put(MatchesReported(link(), reports))
    await harness.quiet()
    assert len(harness.sent()) == 1


async def test_polling_for_a_claimed_feed_starts_after_a_while(harness: Harness):
    """The availability may be stored only once the feed is up, so the first poll waits."""
    await harness.available()
    await harness.feed.events.put(FeedReleased(ANA))
    await harness.feed.events.put(FeedClaimed(ANA, taken_over=False))
    await harness.pass_time(CLAIMED_SECONDS - 1)
    assert harness.asked("matches") == []
    await harness.pass_time(2)
    assert len(harness.asked("matches")) == 1


async def test_polling_for_a_released_feed_ends(harness: Harness):
    """It is another process's feed now: nothing is polled here, and the availability stays."""
    await harness.available()
    await harness.feed.events.put(FeedReleased(ANA))
    await harness.pass_time(200, step=10)
    assert harness.asked("matches") == []
    assert await harness.store.availabilities.get(ANA) is not None


async def test_the_lists_of_feeds_taken_over_are_read_over_half_a_minute(harness: Harness):
    """Their statuses are set at once; the lists are read a little later, not all together."""
    await harness.available()
    await harness.feed.events.put(FeedReleased(ANA))
    await harness.feed.events.put(FeedClaimed(ANA, taken_over=True))
    harness.feed.down(ANA)
    harness.feed.up(ANA)
    await harness.let_run()
    assert len(harness.asked("status")) == 1
    await harness.pass_time(SPREAD_SECONDS + 1)
    assert harness.asked("matches")


async def test_a_refusal_does_not_end_a_later_availability(harness: Harness):
    """Another process may have moved the person to another session in the meantime."""
    await harness.available()
    harness.platform.errors["status"] = [SessionNotLive(status=406)]
    gate = harness.platform.gates["status"] = asyncio.Event()
    harness.feed.up(ANA)
    await until(lambda: harness.asked("status"))
    later = availability(session_id=SessionId(8), session_title="Tea")
    await harness.store.availabilities.save(later)
    gate.set()
    await harness.quiet()
    assert harness.sent() == []
    assert await harness.store.availabilities.get(ANA) == later


async def test_an_event_that_fails_is_one_event(outside: Outside):
    """A defect while one event is handled is logged, and reaches neither feed nor other events."""
    with capture_logs() as lines:
        harness = Harness(outside)
        await harness.available()
        harness.platform.errors["matches"] = [ZeroDivisionError()]
        harness.feed.up(ANA)
        await harness.quiet()
        harness.feed.send(ANA, report())
        await harness.quiet()
        await harness.aclose()
    assert len(harness.sent()) == 1
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "background_failed"
    ]


async def test_events_left_at_the_end_are_handled(harness: Harness):
    """What was reported before the connections were closed is stored and sent."""
    await harness.available()
    await harness.monitor.stop_polling()
    harness.feed.send(ANA, report())
    harness.monitoring.cancel()
    await until(harness.sent)


async def test_the_end_does_not_wait_for_an_event_without_end(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
):
    """A handler that hangs is cancelled after a while."""
    monkeypatch.setattr(feed_monitor, "DRAIN_SECONDS", 0.1)
    await harness.available()
    harness.platform.gates["matches"] = asyncio.Event()
    harness.feed.up(ANA)
    await until(lambda: harness.asked("matches"))
    await harness.monitor.stop_polling()
    harness.monitoring.cancel()
    await asyncio.wait({harness.monitoring}, timeout=5)
    assert harness.monitoring.done()


# --- reports that cannot be stored ---------------------------------------------------------------


class Faulty:
    """A repository of matches that fails with an unknown error."""

    def __init__(self, matches: object, failures: int) -> None:
        self.matches, self.failures = matches, failures

    def __getattr__(self, name: str) -> object:
        if name == "list_with" and self.failures:
            self.failures -= 1
            raise ZeroDivisionError
        return getattr(self.matches, name)


async def test_a_report_outlives_an_unknown_error(harness: Harness):
    """The socket reports a match once, so an error that we do not know only delays it."""
    await harness.available()
    matches = harness.matches
    matches.store = replace_matches(matches.store, 3)
    with capture_logs() as lines:
        harness.feed.send(ANA, report())
        await until(lambda: lines)
        assert len(harness.monitor.unstored) == 1
        await harness.pass_time(5)
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "match_not_stored"
    ] * 3
    assert [type(notice) for notice in harness.sent()] == [MatchFound]
    assert not harness.monitor.unstored


async def test_a_defect_that_stays_is_given_up(harness: Harness):
    """After two minutes, with an error in the log; nothing is left in memory."""
    await harness.available()
    harness.matches.store = replace_matches(harness.matches.store, 10_000)
    with capture_logs() as lines:
        harness.feed.send(ANA, report())
        await harness.pass_time(feed_monitor.UNKNOWN_TRIES + 1)
    assert lines[-1]["event"] == "background_failed"
    assert not harness.monitor.unstored


def replace_matches(store: SqlStore, failures: int) -> SqlStore:
    """Return the same store with a faulty repository of matches."""
    faulty = copy(store)
    faulty.matches = Faulty(store.matches, failures)
    return faulty
