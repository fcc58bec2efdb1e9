"""Becoming available: in which order, how often, and what a refusal leaves behind."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from slackbot.domain.errors import (
    MeetingNotCreated,
    NotLinked,
    SessionError,
    SessionFull,
    SessionNotLive,
    TimedOut,
    TokenRefused,
    Unreachable,
)
from slackbot.domain.feed_polling import CONNECTED_SECONDS
from slackbot.domain.model import Source, State
from slackbot.domain.notices import MatchFound
from slackbot.services.availability import NoticeState
from slackbot.services.feed_monitor import TICK_SECONDS
from slackbot.services.notices import DEFECT, EXPIRED, SENT
from slackbot.slack import home_texts, texts
from slackbot.slack.blocks.status import status_card
from tests.harness.cards import HUB
from tests.harness.fakes import (
    ANA,
    EXPO,
    NOON,
    TEA,
    YAN,
    availability,
    link,
    match,
    report,
    row,
    session,
    until,
)
from tests.harness.services import Harness

AVAILABLE = "status 7 CHECK_IN_AVAILABLE"


async def test_the_feed_is_open_before_the_status_is_set(harness: Harness):
    """Somebody may be waiting already: join, open the feed, read the list, then set the status."""
    await harness.linked()
    status = await harness.availabilities.start(ANA, "coffee")
    assert harness.journal == ["sessions live", "join 7", "open 7", "matches 7", AVAILABLE]
    assert status.availability == availability()
    assert status.confirmed
    assert status.is_connected
    assert await harness.availabilities.status(ANA) == status


@pytest.mark.parametrize(
    ("outcome", "notice"),
    [
        (None, NoticeState.PENDING),
        (SENT, NoticeState.SENT),
        (EXPIRED, NoticeState.NOT_SENT),
        (DEFECT, NoticeState.NOT_SENT),
        ("user_not_visible", NoticeState.NOT_SENT),
        # Reported as sent by others, although Slack had refused it: semaphoreui/semaphore#1869,
        # slackapi/slack-github-action#473, vmware-archive/kubeless#391
        *((word, NoticeState.NOT_SENT) for word in ("channel_not_found", "restricted_action")),
        *((word, NoticeState.NOT_SENT) for word in ("user_disabled", "cannot_dm_bot")),
    ],
)
async def test_the_status_knows_what_became_of_the_message(
    harness: Harness, outcome: str | None, notice: NoticeState
):
    """A message is promised, or pointed to, only where there is one; the last match counts."""
    await harness.linked()
    await harness.store.availabilities.save(availability(state=State.IN_MEETING))
    settled_at = NOON if outcome is not None else None
    later = NOON + timedelta(seconds=1)
    for made in (
        match(YAN, settled_at=NOON, outcome=SENT),
        match(received_at=later, settled_at=settled_at, outcome=outcome),
    ):
        assert await harness.store.matches.add(made)
    status = await harness.availabilities.status(ANA)
    assert status.notice is notice
    card = status_card(status, HUB)
    offers = [button.get("text", {}).get("text") for button in card.blocks[-1]["elements"]]
    assert (texts.BUTTON_MATCHES in offers) == (notice is NoticeState.NOT_SENT)
    assert ("see my direct message" in card.text) == (notice is NoticeState.SENT)


async def test_the_status_says_matched_only_while_the_round_runs(harness: Harness):
    """The end is as reported, or as it is assumed; that of the latest match counts."""
    await harness.linked()
    await harness.store.availabilities.save(availability(state=State.IN_MEETING))
    before = NOON - timedelta(hours=1)
    await harness.store.matches.add(match(YAN, received_at=before, settled_at=NOON, outcome=SENT))
    assert (await harness.availabilities.status(ANA)).round_over
    ends_at = NOON + timedelta(seconds=30)
    latest = match(received_at=NOON, ends_at=ends_at, settled_at=NOON, outcome=SENT)
    await harness.store.matches.add(latest)
    status = await harness.availabilities.status(ANA)
    assert home_texts.MATCHED_OVER.partition("\n")[2] not in status_card(status, HUB).text
    harness.clock.advance(31)
    status = await harness.availabilities.status(ANA)
    assert home_texts.MATCHED_OVER.partition("\n")[2] in status_card(status, HUB).text


async def test_the_status_ignores_matches_that_are_never_sent(harness: Harness):
    """The baseline, which may be stored after a match, and the matches of another account."""
    await harness.linked()
    await harness.store.availabilities.save(availability(state=State.IN_MEETING))
    later = NOON + timedelta(seconds=1)
    before = match(YAN, source=Source.BEFORE, settled_at=later, outcome=Source.BEFORE.value)
    for made in (
        match(settled_at=NOON, outcome=SENT),
        replace(before, received_at=later),
        match(ordinal=2, account="99", received_at=later),
    ):
        assert await harness.store.matches.add(made)
    assert (await harness.availabilities.status(ANA)).notice is NoticeState.SENT


async def test_the_status_waits_for_the_feed_to_connect(harness: Harness):
    """The status is set as soon as the feed has connected, and not before."""
    await harness.linked()
    harness.feed.reachable = False
    starting = asyncio.create_task(harness.availabilities.start(ANA, ""))
    await harness.pass_time(4)
    assert harness.asked("status") == []
    harness.feed.up(ANA)
    await harness.pass_time(1)
    assert harness.asked("status") == [AVAILABLE]
    assert (await starting).is_connected


async def test_a_feed_that_stays_down_does_not_stop_anybody(harness: Harness):
    """After ten seconds the status is set all the same; the result says the feed is down."""
    await harness.linked()
    harness.feed.reachable = False
    starting = asyncio.create_task(harness.availabilities.start(ANA, ""))
    await harness.pass_time(10)
    status = await starting
    assert harness.asked("status") == [AVAILABLE]
    assert not status.is_connected
    assert status.confirmed


async def test_a_feed_that_connects_too_late_announces_again(harness: Harness):
    """A feed that connects during the status call: the list is read, the status set again."""
    await harness.linked()
    harness.feed.reachable = False
    harness.platform.gates["status"] = asyncio.Event()
    starting = asyncio.create_task(harness.availabilities.start(ANA, ""))
    await harness.pass_time(9)
    harness.clock.advance(1)
    await until(lambda: harness.asked("status"))
    harness.journal.clear()
    harness.feed.up(ANA)
    harness.platform.gates["status"].set()
    await starting
    await harness.quiet()
    assert harness.journal == ["matches 7", AVAILABLE, "matches 7"]


async def test_a_match_with_somebody_who_waited_is_sent(harness: Harness):
    """A match made by the status call itself reaches the person."""
    await harness.linked()
    harness.platform.gates["status"] = asyncio.Event()
    starting = asyncio.create_task(harness.availabilities.start(ANA, ""))
    await until(lambda: harness.asked("status"))
    harness.feed.send(ANA, report(meeting_digest="m"))
    await until(harness.sent)
    harness.platform.gates["status"].set()
    status = await starting
    await harness.quiet()
    assert status.availability is not None
    assert status.availability.state is State.IN_MEETING
    assert len(harness.sent()) == 1


async def test_what_the_list_showed_before_is_never_sent(harness: Harness):
    """Matches from before the availability are the baseline, and are never sent."""
    harness.platform.listed = [row(minute=1), row(minute=2)]
    await harness.available()
    await harness.pass_time(120, step=10)
    assert harness.sent() == []
    known = await harness.store.matches.list_for(ANA, EXPO)
    assert [m.source for m in known] == [Source.BEFORE, Source.BEFORE]
    harness.platform.listed.append(row(minute=3))
    await harness.pass_time(70, step=1)
    assert len(harness.sent()) == 1


async def test_an_unreadable_list_stops_nobody(harness: Harness):
    """Without the list the person still becomes available."""
    await harness.linked()
    harness.platform.errors["matches"] = [Unreachable()]
    assert (await harness.availabilities.start(ANA, "")).confirmed


# --- pressing again ------------------------------------------------------------------------------


async def test_pressing_again_while_available_changes_nothing(harness: Harness):
    """A second press returns the same status without another join or status call."""
    await harness.available()
    first = await harness.availabilities.status(ANA)
    assert await harness.availabilities.start(ANA, "") == first
    assert harness.journal == ["sessions live"]


async def test_two_presses_at_once_are_one(harness: Harness):
    """Two presses at once make one status call and have equal answers."""
    await harness.linked()
    one, two = await asyncio.gather(*(harness.availabilities.start(ANA, "") for _ in range(2)))
    assert one == two
    assert harness.asked("status") == [AVAILABLE]


async def test_an_unconfirmed_status_is_set_again(harness: Harness):
    """A status call without an answer may have worked: the feed stays, a press repeats it."""
    await harness.linked()
    harness.platform.errors["status"] = [TimedOut()]
    status = await harness.availabilities.start(ANA, "")
    assert not status.confirmed
    assert status.is_connected
    await harness.quiet()
    assert (await harness.availabilities.start(ANA, "")).confirmed
    assert (await harness.availabilities.start(ANA, "")).confirmed
    assert harness.asked("status") == [AVAILABLE, AVAILABLE]


async def test_an_unconfirmed_availability_is_known_and_asked_for_again(harness: Harness):
    """Every status says so. The next poll asks the platform, which then confirms it."""
    await harness.linked()
    harness.platform.errors["status"] = [TimedOut(), TimedOut()]
    await harness.availabilities.start(ANA, "")
    assert not (await harness.availabilities.status(ANA)).confirmed
    await harness.pass_time(1)
    assert not (await harness.availabilities.status(ANA)).confirmed
    await harness.pass_time(CONNECTED_SECONDS + TICK_SECONDS)
    assert (await harness.availabilities.status(ANA)).confirmed
    await harness.pass_time(CONNECTED_SECONDS + TICK_SECONDS)
    assert harness.asked("status") == [AVAILABLE, AVAILABLE, AVAILABLE]


async def test_pressing_again_while_the_feed_is_down_starts_again(harness: Harness):
    """While the feed is down, a press joins, waits for the feed and sets the status again."""
    await harness.available()
    harness.feed.down(ANA)
    pressing = asyncio.create_task(harness.availabilities.start(ANA, ""))
    await harness.pass_time(10)
    await pressing
    assert harness.asked("join", "status") == ["join 7", AVAILABLE]


async def test_available_again_after_a_meeting(harness: Harness):
    """After a match the person can be available again; matches missed meanwhile are sent."""
    await harness.available()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.quiet()
    harness.platform.listed = [row(minute=1), row(minute=8)]
    starting = asyncio.create_task(harness.availabilities.start(ANA, ""))
    await harness.pass_time(3)
    status = await starting
    assert status.availability is not None
    assert status.availability.state is State.AVAILABLE
    late = [
        notice for notice in harness.sent() if isinstance(notice, MatchFound) if notice.match.late
    ]
    assert len(late) == 1


# --- another session -----------------------------------------------------------------------------


async def test_another_session_replaces_the_first(harness: Harness):
    """One session at a time: leave the first, send its last match, start the second."""
    await harness.available(session(), session(TEA, "Tea"))
    harness.platform.listed = [row()]
    starting = asyncio.create_task(harness.availabilities.start(ANA, "tea"))
    status = await starting
    assert harness.asked("join", "status", "open", "close") == [
        "join 8",
        "status 7 LEFT",
        "close",
        "open 8",
        "status 8 CHECK_IN_AVAILABLE",
    ]
    assert status.availability == availability(
        session_id=TEA, session_title="Tea", since=harness.clock.now()
    )
    assert [n.match.session_title for n in harness.sent() if isinstance(n, MatchFound)] == [
        "Coffee"
    ]


async def test_a_refused_session_does_not_cost_the_first(harness: Harness):
    """A person refused by a full session stays available in the first."""
    await harness.available(session(), session(TEA, "Tea"))
    harness.platform.errors["join"] = [SessionFull(status=406)]
    with pytest.raises(SessionError) as refused:
        await harness.availabilities.start(ANA, "tea")
    assert isinstance(refused.value.cause, SessionFull)
    await harness.quiet()
    assert harness.asked("status", "close") == []
    assert (await harness.availabilities.status(ANA)).availability == availability()


# --- refusals ------------------------------------------------------------------------------------


async def test_a_refused_join_opens_nothing(harness: Harness):
    """A refusal names the session, and no feed is opened."""
    await harness.linked()
    harness.platform.errors["join"] = [SessionFull(status=406)]
    with pytest.raises(SessionError) as refused:
        await harness.availabilities.start(ANA, "")
    assert refused.value.session == session()
    assert isinstance(refused.value.cause, SessionFull)
    assert harness.asked("open", "status") == []
    assert (await harness.availabilities.status(ANA)).availability is None


@pytest.mark.parametrize("error", [SessionNotLive(status=406), MeetingNotCreated(status=406)])
async def test_a_refused_status_ends_the_availability(harness: Harness, error: SessionNotLive):
    """A refused person is not available, and the feed is closed."""
    await harness.linked()
    harness.platform.errors["status"] = [error]
    with pytest.raises(SessionError) as refused:
        await harness.availabilities.start(ANA, "")
    assert (refused.value.session, refused.value.cause) == (session(), error)
    status = await harness.availabilities.status(ANA)
    assert (status.availability, status.feed, status.is_connected) == (None, None, False)
    await harness.pass_time(60, step=10)
    assert harness.sent() == []


@pytest.mark.parametrize("call", ["sessions", "join", "matches", "status"])
async def test_a_token_refused_on_the_way_is_raised(harness: Harness, call: str):
    """Whichever call refuses the token, the refusal is noted and the feed closed."""
    await harness.linked()
    harness.platform.errors[call] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await harness.availabilities.start(ANA, "")
    assert harness.feed.health(ANA) is None
    assert await harness.store.availabilities.get(ANA) is None
    assert await harness.store.links.get(ANA) == link(refused_at=NOON)
    await harness.quiet()
    assert harness.sent() == []


async def test_nobody_is_available_without_an_account(harness: Harness):
    """Without a link there is no status and nothing to start."""
    for asking in (harness.availabilities.status(ANA), harness.availabilities.start(ANA, "")):
        with pytest.raises(NotLinked):
            await asking
    assert harness.journal == []


async def test_an_availability_ends_with_its_session(harness: Harness):
    """An availability ends at the end of its session, if that is known."""
    await harness.available(session(ends_at=NOON + timedelta(minutes=5)))
    kept = await harness.store.availabilities.get(ANA)
    assert kept == availability(session_ends_at=NOON + timedelta(minutes=5))
