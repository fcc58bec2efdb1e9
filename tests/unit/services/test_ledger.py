"""The ledger of matches: heard of often, stored once, told once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import MessageUnsure
from slackbot.domain.model import Match, Partner, Source, State
from slackbot.domain.notices import MatchFound
from slackbot.services.matches import GRACE_SECONDS
from slackbot.services.notices import LANDING_SECONDS
from tests.harness.fakes import (
    ANA,
    BEN,
    CALL,
    EXPO,
    NOON,
    TEA,
    YAN,
    ZOE,
    link,
    match,
    report,
    row,
    until,
    wish,
)
from tests.harness.services import Harness, Outside


async def stored(harness: Harness) -> list[Match]:
    rows = [
        await harness.store.matches.get(ANA, it.id)
        for it in await harness.store.matches.list_for(ANA, EXPO)
    ]
    return [match for match in rows if match is not None]


def found(harness: Harness) -> list[Match]:
    return [notice.match for notice in harness.told() if isinstance(notice, MatchFound)]


# --- the socket ----------------------------------------------------------------------------------


async def test_a_match_is_stored_with_its_call_and_told(harness: Harness):
    """One telling is one row with all that is needed to meet, and one message."""
    await harness.available()
    seen = report(meeting_digest="m", call=CALL, round_seconds=300)
    await harness.matches.receive(ANA, EXPO, [seen])
    await harness.quiet()
    [match] = await stored(harness)
    assert (match.partner, match.call, match.source) == (ZOE, CALL, Source.SOCKET)
    assert match.ends_at == NOON + timedelta(seconds=300)
    assert (match.outcome, match.channel) == ("told", "D-U1")
    assert [told.id for told in found(harness)] == [match.id]
    assert await harness.store.availabilities.get(ANA) == wish(state=State.IN_MEETING)


async def test_told_twenty_times_at_once_it_is_one(harness: Harness):
    """However often and fast the same match is told, it is one row and one message."""
    await harness.available()
    seen = report(meeting_digest="m")
    await asyncio.gather(*(harness.matches.receive(ANA, EXPO, [seen] * 2) for _ in range(10)))
    await harness.quiet()
    assert len(await stored(harness)) == 1
    assert len(found(harness)) == 1


async def test_the_same_two_meeting_again_is_told_again(harness: Harness):
    """Another meeting with the same partner is another match, with the same two or not."""
    await harness.available()
    for meeting in ("m", "n", "m"):
        await harness.matches.receive(ANA, EXPO, [report(meeting_digest=meeting)])
    await harness.quiet()
    assert [match.ordinal for match in found(harness)] == [1, 2]


async def test_a_later_telling_adds_the_call(harness: Harness):
    """What a first telling left out is filled in by the next, without a second message."""
    await harness.available()
    await harness.matches.receive(ANA, EXPO, [report(Partner(name="Zoë"))])
    await harness.matches.receive(ANA, EXPO, [report(meeting_digest="m", call=CALL)])
    await harness.quiet()
    [match] = await stored(harness)
    assert (match.call, match.meeting_digest, match.partner) == (CALL, "m", ZOE)
    assert len(found(harness)) == 1


async def test_namesakes_are_told_apart(harness: Harness):
    """Of two people with one name each meeting is told once, whoever came without an id."""
    await harness.available()
    namesake = Partner(name="Zoë", account_id=11)
    tellings = [
        report(Partner(name="Zoë"), meeting_digest="m"),
        report(ZOE, meeting_digest="n"),
        report(namesake, meeting_digest="o"),
    ]
    for _ in range(2):
        await harness.matches.receive(ANA, EXPO, tellings)
    await harness.quiet()
    assert len(found(harness)) == 3


async def test_several_matches_in_one_event(harness: Harness):
    """An event may tell of several partners, and each is told."""
    await harness.available()
    await harness.matches.receive(ANA, EXPO, [report(ZOE), report(YAN)])
    await harness.quiet()
    assert {match.partner.name for match in found(harness)} == {"Zoë", "Yan"}


async def test_an_event_without_session_is_of_the_one_waited_in(harness: Harness):
    """Where the payload names no session, the wish does."""
    await harness.available()
    await harness.matches.receive(ANA, EXPO, [report(session_id=None)])
    [match] = await stored(harness)
    assert (match.session_id, match.session_title) == (7, "Coffee")


async def test_an_event_without_session_and_wish_is_counted(harness: Harness):
    """With neither, nobody knows where to meet: counted, not stored, and the next is read."""
    await harness.linked()

    def unreadable() -> float:
        labels = {"source": "socket"}
        return REGISTRY.get_sample_value("slackbot_unreadable_total", labels) or 0

    before = unreadable()
    await harness.matches.receive(ANA, EXPO, [report(session_id=None), report(YAN)])
    assert unreadable() == before + 1
    assert [match.partner for match in await stored(harness)] == [YAN]


async def test_a_match_of_a_session_left_does_not_touch_the_wish(harness: Harness):
    """A late match of another session is told, and the person stays available in this one."""
    await harness.available()
    await harness.matches.receive(ANA, EXPO, [report(session_id=TEA)])
    await harness.quiet()
    assert len(found(harness)) == 1
    assert await harness.store.availabilities.get(ANA) == wish()


async def test_a_match_without_a_wish_is_told(harness: Harness):
    """Paused a moment ago, the event still on its way: nothing is lost."""
    await harness.linked()
    await harness.matches.receive(ANA, EXPO, [report()])
    await harness.quiet()
    assert [match.session_title for match in found(harness)] == [""]


async def test_one_persons_match_is_no_one_elses(harness: Harness):
    """Both sides of a meeting hear of it, each in a row and a message of their own."""
    for person in (ANA, BEN):
        await harness.available(person=person)
        await harness.matches.receive(person, EXPO, [report(meeting_digest="m")])
    await harness.quiet()
    assert [len(harness.told(person)) for person in (ANA, BEN)] == [1, 1]


# --- the match list ------------------------------------------------------------------------------


async def test_what_the_socket_missed_is_told_late(harness: Harness):
    """A row that no telling stands for is stored and told, and said to be late; once."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    for _ in range(3):
        await harness.matches.reconcile(link(), wish())
    await harness.quiet()
    assert [match.late for match in found(harness)] == [True]
    assert await harness.store.availabilities.get(ANA) == wish(state=State.IN_MEETING)


async def test_what_the_socket_told_is_not_told_again(harness: Harness):
    """The list repeats every match in another zone and format: it is counted, not compared."""
    await harness.available()
    for partner, raw in ((ZOE, "12:00"), (YAN, "12:05"), (ZOE, "12:10")):
        await harness.matches.receive(ANA, EXPO, [report(partner, raw_time=raw)])
    harness.platform.listed = [row(minute=40), row(YAN, minute=35), row(minute=30)]
    await harness.matches.reconcile(link(), wish())
    await harness.quiet()
    assert len(found(harness)) == 3


async def test_the_socket_is_given_its_time(harness: Harness):
    """A match the list has while the feed is up is on its way: waited for, then told in time."""
    await harness.available()
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), wish(), grace=True)
    await harness.quiet()
    harness.feed.send(ANA, report(meeting_digest="m"))
    await harness.pass_time(GRACE_SECONDS)
    assert [match.late for match in found(harness)] == [False]


async def test_the_socket_is_not_waited_for_in_vain(harness: Harness):
    """After the time of grace the match is late, however well the feed is."""
    await harness.available()
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), wish(), grace=True)
    await harness.pass_time(GRACE_SECONDS - 1)
    assert found(harness) == []
    await harness.pass_time(1)
    await harness.quiet()
    assert [match.late for match in found(harness)] == [True]


async def test_the_socket_tells_what_the_list_told(harness: Harness):
    """An event that comes after the list is the same match; its call is kept for meeting."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row()]
    await harness.matches.reconcile(link(), wish())
    await harness.matches.receive(ANA, EXPO, [report(meeting_digest="m", call=CALL)])
    await harness.quiet()
    [match] = await stored(harness)
    assert (match.call, match.source) == (CALL, Source.LIST)
    assert len(found(harness)) == 1


async def test_two_readers_of_the_list_store_each_row_once(harness: Harness):
    """However many look at the same time, each missed match is told once."""
    await harness.available()
    harness.feed.down(ANA)
    harness.platform.listed = [row(minute=1), row(YAN, minute=2), row(minute=3)]
    await asyncio.gather(*(harness.matches.reconcile(link(), wish()) for _ in range(10)))
    await harness.quiet()
    assert len(found(harness)) == 3


@pytest.mark.parametrize("teller", ["socket", "list"])
async def test_another_process_may_be_quicker(outside: Outside, teller: str):
    """Two processes on one store hear of a match at the same moment: told once in all."""
    benches = [Harness(outside), Harness(outside)]
    await benches[0].linked()
    outside.platform.listed = [row()]
    if teller == "list":
        tellings = [harness.matches.reconcile(link(), wish()) for harness in benches]
    else:
        tellings = [harness.matches.receive(ANA, EXPO, [report()]) for harness in benches]
    await asyncio.gather(*tellings)
    await benches[0].quiet()
    assert len(await stored(benches[0])) == 1


# --- after a crash, and later --------------------------------------------------------------------


async def test_killed_between_storing_and_sending(harness: Harness, outside: Outside):
    """What was stored and not told is told after the restart, and only once."""
    await harness.available()
    outside.messenger.errors = [MessageUnsure("no_answer")]
    await harness.matches.receive(ANA, EXPO, [report(meeting_digest="m")])
    await until(lambda: harness.asked("tell"))
    await harness.aclose()
    assert found(harness) == []
    again = Harness(outside)
    again.journal.clear()
    for _ in range(3):
        await again.matches.resume(ANA.team)
        await again.pass_time(LANDING_SECONDS)
    assert len(found(again)) == 1
    assert again.asked("find", "tell") == ["find", "tell MatchFound"]
    await again.aclose()


async def test_what_was_stored_and_not_told_is_told_when_heard_again(harness: Harness):
    """A match whose row is not settled is submitted at every telling, new or not."""
    await harness.linked()
    await harness.store.matches.add(match(meeting_digest="m"))
    for _ in range(3):
        await harness.matches.receive(ANA, EXPO, [report(meeting_digest="m")])
        await harness.pass_time(LANDING_SECONDS)
    assert len(found(harness)) == 1


async def test_the_history_is_the_events_latest_first(harness: Harness):
    """Whom one met at this event, the latest first, told or known from before."""
    await harness.available()
    for partner in (ZOE, YAN):
        await harness.matches.receive(ANA, EXPO, [report(partner)])
        harness.clock.advance(60)
    assert [match.partner for match in await harness.matches.history(ANA, EXPO)] == [YAN, ZOE]
