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
from tests.fakes import (
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
    row,
    sighting,
    until,
    wish,
)
from tests.workbench import Bench, Outside


async def stored(bench: Bench) -> list[Match]:
    rows = [await bench.store.match(ANA, it.id) for it in await bench.store.matches(ANA, EXPO)]
    return [match for match in rows if match is not None]


def found(bench: Bench) -> list[Match]:
    return [notice.match for notice in bench.told() if isinstance(notice, MatchFound)]


# --- the socket ----------------------------------------------------------------------------------


async def test_a_match_is_stored_with_its_call_and_told(bench: Bench):
    """One telling is one row with all that is needed to meet, and one message."""
    await bench.available()
    seen = sighting(meeting_digest="m", call=CALL, round_seconds=300)
    await bench.matches.receive(ANA, EXPO, [seen])
    await bench.quiet()
    [match] = await stored(bench)
    assert (match.partner, match.call, match.source) == (ZOE, CALL, Source.SOCKET)
    assert match.ends_at == NOON + timedelta(seconds=300)
    assert (match.outcome, match.channel) == ("told", "D-U1")
    assert [told.id for told in found(bench)] == [match.id]
    assert await bench.store.availability(ANA) == wish(state=State.IN_MEETING)


async def test_told_twenty_times_at_once_it_is_one(bench: Bench):
    """However often and fast the same match is told, it is one row and one message."""
    await bench.available()
    seen = sighting(meeting_digest="m")
    await asyncio.gather(*(bench.matches.receive(ANA, EXPO, [seen] * 2) for _ in range(10)))
    await bench.quiet()
    assert len(await stored(bench)) == 1
    assert len(found(bench)) == 1


async def test_the_same_two_meeting_again_is_told_again(bench: Bench):
    """Another meeting with the same partner is another match, with the same two or not."""
    await bench.available()
    for meeting in ("m", "n", "m"):
        await bench.matches.receive(ANA, EXPO, [sighting(meeting_digest=meeting)])
    await bench.quiet()
    assert [match.ordinal for match in found(bench)] == [1, 2]


async def test_a_later_telling_adds_the_call(bench: Bench):
    """What a first telling left out is filled in by the next, without a second message."""
    await bench.available()
    await bench.matches.receive(ANA, EXPO, [sighting(Partner(name="Zoë"))])
    await bench.matches.receive(ANA, EXPO, [sighting(meeting_digest="m", call=CALL)])
    await bench.quiet()
    [match] = await stored(bench)
    assert (match.call, match.meeting_digest, match.partner) == (CALL, "m", ZOE)
    assert len(found(bench)) == 1


async def test_namesakes_are_told_apart(bench: Bench):
    """Of two people with one name each meeting is told once, whoever came without an id."""
    await bench.available()
    namesake = Partner(name="Zoë", account_id=11)
    tellings = [
        sighting(Partner(name="Zoë"), meeting_digest="m"),
        sighting(ZOE, meeting_digest="n"),
        sighting(namesake, meeting_digest="o"),
    ]
    for _ in range(2):
        await bench.matches.receive(ANA, EXPO, tellings)
    await bench.quiet()
    assert len(found(bench)) == 3


async def test_several_matches_in_one_event(bench: Bench):
    """An event may tell of several partners, and each is told."""
    await bench.available()
    await bench.matches.receive(ANA, EXPO, [sighting(ZOE), sighting(YAN)])
    await bench.quiet()
    assert {match.partner.name for match in found(bench)} == {"Zoë", "Yan"}


async def test_an_event_without_session_is_of_the_one_waited_in(bench: Bench):
    """Where the payload names no session, the wish does."""
    await bench.available()
    await bench.matches.receive(ANA, EXPO, [sighting(session_id=None)])
    [match] = await stored(bench)
    assert (match.session_id, match.session_title) == (7, "Coffee")


async def test_an_event_without_session_and_wish_is_counted(bench: Bench):
    """With neither, nobody knows where to meet: counted, not stored, and the next is read."""
    await bench.linked()

    def unreadable() -> float:
        labels = {"source": "socket"}
        return REGISTRY.get_sample_value("slackbot_unreadable_total", labels) or 0

    before = unreadable()
    await bench.matches.receive(ANA, EXPO, [sighting(session_id=None), sighting(YAN)])
    assert unreadable() == before + 1
    assert [match.partner for match in await stored(bench)] == [YAN]


async def test_a_match_of_a_session_left_does_not_touch_the_wish(bench: Bench):
    """A late match of another session is told, and the person stays available in this one."""
    await bench.available()
    await bench.matches.receive(ANA, EXPO, [sighting(session_id=TEA)])
    await bench.quiet()
    assert len(found(bench)) == 1
    assert await bench.store.availability(ANA) == wish()


async def test_a_match_without_a_wish_is_told(bench: Bench):
    """Paused a moment ago, the event still on its way: nothing is lost."""
    await bench.linked()
    await bench.matches.receive(ANA, EXPO, [sighting()])
    await bench.quiet()
    assert [match.session_title for match in found(bench)] == [""]


async def test_one_persons_match_is_no_one_elses(bench: Bench):
    """Both sides of a meeting hear of it, each in a row and a message of their own."""
    for person in (ANA, BEN):
        await bench.available(person=person)
        await bench.matches.receive(person, EXPO, [sighting(meeting_digest="m")])
    await bench.quiet()
    assert [len(bench.told(person)) for person in (ANA, BEN)] == [1, 1]


# --- the match list ------------------------------------------------------------------------------


async def test_what_the_socket_missed_is_told_late(bench: Bench):
    """A row that no telling stands for is stored and told, and said to be late; once."""
    await bench.available()
    bench.feed.down(ANA)
    bench.platform.listed = [row()]
    for _ in range(3):
        await bench.matches.reconcile(link(), wish())
    await bench.quiet()
    assert [match.late for match in found(bench)] == [True]
    assert await bench.store.availability(ANA) == wish(state=State.IN_MEETING)


async def test_what_the_socket_told_is_not_told_again(bench: Bench):
    """The list repeats every match in another zone and format: it is counted, not compared."""
    await bench.available()
    for partner, raw in ((ZOE, "12:00"), (YAN, "12:05"), (ZOE, "12:10")):
        await bench.matches.receive(ANA, EXPO, [sighting(partner, raw_time=raw)])
    bench.platform.listed = [row(minute=40), row(YAN, minute=35), row(minute=30)]
    await bench.matches.reconcile(link(), wish())
    await bench.quiet()
    assert len(found(bench)) == 3


async def test_the_socket_is_given_its_time(bench: Bench):
    """A match the list has while the feed is up is on its way: waited for, then told in time."""
    await bench.available()
    bench.platform.listed = [row()]
    await bench.matches.reconcile(link(), wish(), grace=True)
    await bench.quiet()
    bench.feed.tell(ANA, sighting(meeting_digest="m"))
    await bench.pass_time(GRACE_SECONDS)
    assert [match.late for match in found(bench)] == [False]


async def test_the_socket_is_not_waited_for_in_vain(bench: Bench):
    """After the time of grace the match is late, however well the feed is."""
    await bench.available()
    bench.platform.listed = [row()]
    await bench.matches.reconcile(link(), wish(), grace=True)
    await bench.pass_time(GRACE_SECONDS - 1)
    assert found(bench) == []
    await bench.pass_time(1)
    await bench.quiet()
    assert [match.late for match in found(bench)] == [True]


async def test_the_socket_tells_what_the_list_told(bench: Bench):
    """An event that comes after the list is the same match; its call is kept for meeting."""
    await bench.available()
    bench.feed.down(ANA)
    bench.platform.listed = [row()]
    await bench.matches.reconcile(link(), wish())
    await bench.matches.receive(ANA, EXPO, [sighting(meeting_digest="m", call=CALL)])
    await bench.quiet()
    [match] = await stored(bench)
    assert (match.call, match.source) == (CALL, Source.LIST)
    assert len(found(bench)) == 1


async def test_two_readers_of_the_list_store_each_row_once(bench: Bench):
    """However many look at the same time, each missed match is told once."""
    await bench.available()
    bench.feed.down(ANA)
    bench.platform.listed = [row(minute=1), row(YAN, minute=2), row(minute=3)]
    await asyncio.gather(*(bench.matches.reconcile(link(), wish()) for _ in range(10)))
    await bench.quiet()
    assert len(found(bench)) == 3


@pytest.mark.parametrize("teller", ["socket", "list"])
async def test_another_process_may_be_quicker(outside: Outside, teller: str):
    """Two processes on one store hear of a match at the same moment: told once in all."""
    benches = [Bench(outside), Bench(outside)]
    await benches[0].linked()
    outside.platform.listed = [row()]
    if teller == "list":
        tellings = [bench.matches.reconcile(link(), wish()) for bench in benches]
    else:
        tellings = [bench.matches.receive(ANA, EXPO, [sighting()]) for bench in benches]
    await asyncio.gather(*tellings)
    await benches[0].quiet()
    assert len(await stored(benches[0])) == 1


# --- after a crash, and later --------------------------------------------------------------------


async def test_killed_between_storing_and_sending(bench: Bench, outside: Outside):
    """What was stored and not told is told after the restart, and only once."""
    await bench.available()
    outside.messenger.errors = [MessageUnsure("no_answer")]
    await bench.matches.receive(ANA, EXPO, [sighting(meeting_digest="m")])
    await until(lambda: bench.asked("tell"))
    await bench.aclose()
    assert found(bench) == []
    again = Bench(outside)
    again.journal.clear()
    for _ in range(3):
        await again.matches.resume(ANA.team)
        await again.pass_time(LANDING_SECONDS)
    assert len(found(again)) == 1
    assert again.asked("find", "tell") == ["find", "tell MatchFound"]
    await again.aclose()


async def test_what_was_stored_and_not_told_is_told_when_heard_again(bench: Bench):
    """A match whose row is not settled is submitted at every telling, new or not."""
    await bench.linked()
    await bench.store.add_match(match(meeting_digest="m"))
    for _ in range(3):
        await bench.matches.receive(ANA, EXPO, [sighting(meeting_digest="m")])
        await bench.pass_time(LANDING_SECONDS)
    assert len(found(bench)) == 1


async def test_the_history_is_the_events_latest_first(bench: Bench):
    """Whom one met at this event, the latest first, told or known from before."""
    await bench.available()
    for partner in (ZOE, YAN):
        await bench.matches.receive(ANA, EXPO, [sighting(partner)])
        bench.clock.advance(60)
    assert [match.partner for match in await bench.matches.history(ANA, EXPO)] == [YAN, ZOE]
