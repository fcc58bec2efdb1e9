"""Matches: reported any number of times, stored once, sent once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import MessageUnsure
from slackbot.domain.model import Match, Partner, Source, State
from slackbot.domain.notices import MatchFound
from slackbot.services.matches import GRACE_SECONDS
from slackbot.services.notices import LANDING_SECONDS, SENT
from tests.harness.fakes import (
    ANA,
    BEN,
    CALL,
    EXPO,
    NOON,
    TEA,
    YAN,
    ZOE,
    availability,
    link,
    match,
    report,
    row,
    until,
)
from tests.harness.services import Harness, Outside


async def stored(harness: Harness) -> list[Match]:
    rows = [
        await harness.store.matches.get(ANA, row.id)
        for row in await harness.store.matches.list_for(ANA, EXPO)
    ]
    return [match for match in rows if match is not None]


def found(harness: Harness) -> list[Match]:
    return [notice.match for notice in harness.sent() if isinstance(notice, MatchFound)]


# --- the socket ----------------------------------------------------------------------------------


async def test_a_match_is_stored_with_its_call_and_sent(harness: Harness):
    """One report makes one row with everything needed to meet, and one message."""
    await harness.available()
    seen = report(meeting_digest="m", call=CALL, round_seconds=300)
    await harness.matches.receive(link(), [seen])
    await harness.quiet()
    [match] = await stored(harness)
    assert (match.partner, match.call, match.source) == (ZOE, CALL, Source.SOCKET)
    assert match.ends_at == NOON + timedelta(seconds=300)
    assert (match.outcome, match.channel) == (SENT, "D-U1")
    assert [sent.id for sent in found(harness)] == [match.id]
    assert await harness.store.availabilities.get(ANA) == availability(state=State.IN_MEETING)


async def test_twenty_reports_at_once_are_one_match(harness: Harness):
    """The same match, reported any number of times, is one row and one message."""
    await harness.available()
    seen = report(meeting_digest="m")
    await asyncio.gather(*(harness.matches.receive(link(), [seen] * 2) for _ in range(10)))
    await harness.quiet()
    assert len(await stored(harness)) == 1
    assert len(found(harness)) == 1


async def test_the_same_two_may_meet_again(harness: Harness):
    """Another meeting with the same partner is another match."""
    await harness.available()
    for meeting in ("m", "n", "m"):
        await harness.matches.receive(link(), [report(meeting_digest=meeting)])
    await harness.quiet()
    assert [match.ordinal for match in found(harness)] == [1, 2]


async def test_a_later_report_adds_the_call(harness: Harness):
    """Details missing in a first report are filled in by the next, without a second message."""
    await harness.available()
    await harness.matches.receive(link(), [report(Partner(name="Zoë"))])
    await harness.matches.receive(link(), [report(meeting_digest="m", call=CALL)])
    await harness.quiet()
    [match] = await stored(harness)
    assert (match.call, match.meeting_digest, match.partner) == (CALL, "m", ZOE)
    assert len(found(harness)) == 1


async def test_namesakes_are_distinct(harness: Harness):
    """Each meeting with two people of one name is sent once, with or without their ids."""
    await harness.available()
    namesake = Partner(name="Zoë", account_id=11)
    reports = [
        report(Partner(name="Zoë"), meeting_digest="m"),
        report(ZOE, meeting_digest="n"),
        report(namesake, meeting_digest="o"),
    ]
    for _ in range(2):
        await harness.matches.receive(link(), reports)
    await harness.quiet()
    assert len(found(harness)) == 3


async def test_several_matches_in_one_event(harness: Harness):
    """An event may report several partners, and each match is sent."""
    await harness.available()
    await harness.matches.receive(link(), [report(ZOE), report(YAN)])
    await harness.quiet()
    assert {match.partner.name for match in found(harness)} == {"Zoë", "Yan"}


async def test_an_event_without_session_is_of_the_current_one(harness: Harness):
    """A payload without a session is about the session of the availability."""
    await harness.available()
    await harness.matches.receive(link(), [report(session_id=None)])
    [match] = await stored(harness)
    assert (match.session_id, match.session_title) == (7, "Coffee")


async def test_an_event_without_session_and_availability_is_counted(harness: Harness):
    """A match without any session is counted and not stored, and the next one is read."""
    await harness.linked()

    def unreadable() -> float:
        labels = {"source": "socket"}
        return REGISTRY.get_sample_value("slackbot_unreadable_total", labels) or 0

    before = unreadable()
    await harness.matches.receive(link(), [report(session_id=None), report(YAN)])
    assert unreadable() == before + 1
    assert [match.partner for match in await stored(harness)] == [YAN]


async def test_a_match_of_another_session_leaves_the_availability_alone(harness: Harness):
    """A late match of another session is sent, and the person stays available in this one."""
    await harness.available()
    await harness.matches.receive(link(), [report(session_id=TEA)])
    await harness.quiet()
    assert len(found(harness)) == 1
    assert await harness.store.availabilities.get(ANA) == availability()


async def test_a_match_without_an_availability_is_sent(harness: Harness):
    """An event that was on its way during a pause is not lost."""
    await harness.linked()
    await harness.matches.receive(link(), [report()])
    await harness.quiet()
    assert [match.session_title for match in found(harness)] == [""]


@pytest.mark.parametrize(
    ("reported_to", "now"), [(None, 2), (2, None), (None, None)], ids=["named", "unnamed", "never"]
)
async def test_an_unknown_account_is_not_another_one(
    harness: Harness, reported_to: int | None, now: int | None
):
    """A match reported just before somebody pastes a new credential is sent, once."""
    await harness.available()
    await harness.store.links.save(link(account_id=now, credential_digest="e" * 64))
    for _ in range(2):
        seen = report(meeting_digest="m")
        await harness.matches.receive(link(account_id=reported_to), [seen])
    await harness.quiet()
    assert [match.account for match in found(harness)] == [str(reported_to or now or "")]


async def test_one_persons_match_is_no_one_elses(harness: Harness):
    """Both sides of a meeting are notified, each with a row and a message of their own."""
    for person in (ANA, BEN):
        await harness.available(person=person)
        await harness.matches.receive(link(person), [report(meeting_digest="m")])
    await harness.quiet()
    assert [len(harness.sent(person)) for person in (ANA, BEN)] == [1, 1]


# --- the match list ------------------------------------------------------------------------------


async def test_what_the_socket_missed_is_sent_late(harness: Harness):
    """A row without a known match is stored and sent, marked as late; once."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    for _ in range(3):
        await harness.matches.reconcile(link(), availability())
    await harness.quiet()
    assert [match.late for match in found(harness)] == [True]
    assert await harness.store.availabilities.get(ANA) == availability(state=State.IN_MEETING)


async def test_what_the_socket_reported_is_not_sent_again(harness: Harness):
    """The list has every match in another zone and format: rows are counted, not compared."""
    await harness.available()
    for partner, raw in ((ZOE, "12:00"), (YAN, "12:05"), (ZOE, "12:10")):
        await harness.matches.receive(link(), [report(partner, raw_time=raw)])
    harness.platform.listed = [row(minute=40), row(YAN, minute=35), row(minute=30)]
    await harness.matches.reconcile(link(), availability())
    await harness.quiet()
    assert len(found(harness)) == 3


async def test_the_socket_has_a_grace_period(harness: Harness):
    """A match that only the list has while the feed is up is given time to arrive."""
    await harness.available()
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), availability(), grace=True)
    await harness.quiet()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(GRACE_SECONDS)
    assert [match.late for match in found(harness)] == [False]


async def test_the_grace_period_ends(harness: Harness):
    """After the grace period the match is sent as late, although the feed is up."""
    await harness.available()
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), availability(), grace=True)
    await harness.pass_time(GRACE_SECONDS - 1)
    assert found(harness) == []
    await harness.pass_time(1)
    await harness.quiet()
    assert [match.late for match in found(harness)] == [True]


async def test_the_socket_reports_a_listed_match(harness: Harness):
    """An event after the list is the same match; its call is added."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), availability())
    await harness.matches.receive(link(), [report(meeting_digest="m", call=CALL)])
    await harness.quiet()
    [match] = await stored(harness)
    assert (match.call, match.source) == (CALL, Source.LIST)
    assert len(found(harness)) == 1


async def test_concurrent_readers_store_each_row_once(harness: Harness):
    """Any number of concurrent reads send each missed match once."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row(minute=1), row(YAN, minute=2), row(minute=3)]
    await asyncio.gather(*(harness.matches.reconcile(link(), availability()) for _ in range(10)))
    await harness.quiet()
    assert len(found(harness)) == 3


@pytest.mark.parametrize("source", ["socket", "list"])
async def test_another_process_may_be_first(outside: Outside, source: str):
    """Two processes that learn of a match at the same moment store it once."""
    runs = [Harness(outside), Harness(outside)]
    await runs[0].linked()
    outside.platform.listed = [row()]
    if source == "list":
        reading = [harness.matches.reconcile(link(), availability()) for harness in runs]
    else:
        reading = [harness.matches.receive(link(), [report()]) for harness in runs]
    await asyncio.gather(*reading)
    await runs[0].quiet()
    assert len(await stored(runs[0])) == 1


# --- after a crash, and later --------------------------------------------------------------------


async def test_killed_between_storing_and_sending(harness: Harness, outside: Outside):
    """A match that was stored and not sent is sent after the restart, once."""
    await harness.available()
    outside.messenger.errors = [MessageUnsure("no_answer")]
    await harness.matches.receive(link(), [report(meeting_digest="m")])
    await until(lambda: harness.asked("send"))
    await harness.aclose()
    assert found(harness) == []
    again = Harness(outside)
    again.journal.clear()
    for _ in range(3):
        await again.matches.resume(ANA.team)
        await again.pass_time(LANDING_SECONDS)
    assert len(found(again)) == 1
    assert again.asked("find", "send") == ["find", "send MatchFound"]
    await again.aclose()


async def test_a_pending_match_is_submitted_at_every_report(harness: Harness):
    """A match whose notice is pending is submitted at every report, new or not."""
    await harness.linked()
    await harness.store.matches.add(match(meeting_digest="m"))
    for _ in range(3):
        await harness.matches.receive(link(), [report(meeting_digest="m")])
        await harness.pass_time(LANDING_SECONDS)
    assert len(found(harness)) == 1


async def test_the_history_is_the_events_newest_first(harness: Harness):
    """The history has all matches of the event, newest first."""
    await harness.available()
    for partner in (ZOE, YAN):
        await harness.matches.receive(link(), [report(partner)])
        harness.clock.advance(60)
    assert [met.match.partner for met in await harness.matches.history(ANA)] == [YAN, ZOE]
