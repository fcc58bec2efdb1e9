"""Promises of the repository of matches: outcomes of notices, ends of rounds and answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event
from store_samples import ANA, BEN, CIPHER, EXPO, NOW, OTHER_TEAM, TEAM, fill, pairing

from slackbot.domain.matching import ASSUMED_ROUND
from slackbot.domain.model import Call, Match, MatchId, Person, SessionId, Source
from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Posted
from slackbot.domain.stores import Store
from slackbot.services.notices import SENT
from slackbot.storage.database import Database
from slackbot.storage.matches import MAX_ROUNDS_OVER
from slackbot.storage.store import SqlStore

PLACE = Posted("D1", "17.2")
# The end of the round of a sample match.
ENDS = NOW + timedelta(minutes=5)
LATER = ENDS + timedelta(hours=1)


async def add_sent(store: Store, match: Match, place: Posted | None = PLACE) -> MatchId:
    """Add a match whose notice was sent."""
    await store.matches.add(match)
    await store.matches.record_outcome(match.person, match.id, SENT, place, NOW)
    return match.id


async def over(store: Store, now: datetime = LATER) -> list[tuple[Person, MatchId]]:
    return await store.matches.list_rounds_over(TEAM, now)


async def test_a_match_with_an_outcome_is_not_pending(store: Store):
    """Pending ones are listed oldest first; the first outcome of a notice stays."""
    for match in (pairing(number=2), pairing(), pairing(BEN, number=3)):
        await store.matches.add(match)
    one, two, three = (MatchId(f"match-{n}") for n in (1, 2, 3))
    assert await store.matches.list_pending(TEAM) == [(ANA, one), (ANA, two), (BEN, three)]
    await store.matches.record_outcome(ANA, one, SENT, Posted("D1", "17.2"), NOW)
    await store.matches.record_outcome(ANA, one, "account_inactive", None, NOW + timedelta(hours=1))
    await store.matches.record_outcome(BEN, three, "account_inactive", None, NOW)
    assert await store.matches.list_pending(TEAM) == [(ANA, two)]
    sent = replace(pairing(), settled_at=NOW, outcome=SENT, channel="D1", ts="17.2")
    assert await store.matches.get(ANA, one) == sent


async def test_the_backlog_counts_pending_matches(store: Store):
    """Their number and the age of the oldest; those with an outcome are left out."""
    assert await store.matches.backlog(TEAM) == Backlog(0, None)
    for match in (pairing(number=2), pairing(), pairing(BEN, number=3)):
        await store.matches.add(match)
    await store.matches.add(pairing(number=4, source=Source.BEFORE, settled_at=NOW, outcome="x"))
    assert await store.matches.backlog(TEAM) == Backlog(3, NOW + timedelta(seconds=1))
    await store.matches.record_outcome(ANA, MatchId("match-1"), SENT, Posted("D1", "17.2"), NOW)
    assert await store.matches.backlog(TEAM) == Backlog(2, NOW + timedelta(seconds=2))


@pytest.mark.parametrize("database_url", ["file"], indirect=True)
async def test_the_backlog_is_read_from_an_index(store: SqlStore, database: Database):
    """However many matches there are, only the pending ones are read."""
    plans: list[str] = []

    def explain(_c: Any, cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "min(" in statement and not statement.startswith("EXPLAIN"):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(row[-1] for row in cursor.fetchall())

    event.listen(Engine, "before_cursor_execute", explain)
    try:
        await store.matches.backlog(TEAM)
    finally:
        event.remove(Engine, "before_cursor_execute", explain)
    assert len(plans) == 1
    assert "INDEX ix_matches_unsettled" in plans[0]


async def test_a_round_is_over_at_its_end(store: Store):
    """At that very moment and not before; if the end is unknown, after the usual time."""
    known = await add_sent(store, pairing())
    unknown = await add_sent(store, pairing(number=2, ends_at=None, received_at=NOW))
    assert await over(store, min(ENDS, NOW + ASSUMED_ROUND) - timedelta(microseconds=1)) == []
    assert set(await over(store, max(ENDS, NOW + ASSUMED_ROUND))) == {(ANA, known), (ANA, unknown)}
    assert await over(store, ENDS) == [(ANA, unknown), (ANA, known)]


async def test_rounds_over_come_oldest_first_and_a_few_hundred_at_most(store: Store):
    """After a long downtime they are ended in order, in batches."""
    many = [
        pairing(
            number=number, partner_key=f"id:{number}", received_at=NOW - timedelta(hours=number)
        )
        for number in range(1, MAX_ROUNDS_OVER + 3)
    ]
    for match in many:
        await add_sent(store, match)
    found = [match_id for _, match_id in await over(store)]
    assert found == [match.id for match in reversed(many)][:MAX_ROUNDS_OVER]


async def test_only_notices_sent_in_time_and_not_answered_are_over(store: Store):
    """Not those sent late, refused, pending or answered, nor those marked as over."""
    await add_sent(store, pairing(number=1, source=Source.LIST))
    await store.matches.add(pairing(number=2))
    await store.matches.add(pairing(number=3))
    await store.matches.record_outcome(ANA, MatchId("match-3"), "user_disabled", None, NOW)
    await add_sent(store, pairing(number=4), Posted("D1", "4"))
    await store.matches.mark_answered(ANA, Posted("D1", "4"), "pause")
    await store.matches.mark_round_over(ANA, await add_sent(store, pairing(number=5)), NOW)
    going_on = await add_sent(store, pairing(BEN, number=6))
    assert await over(store) == [(BEN, going_on)]
    assert await store.matches.list_rounds_over(OTHER_TEAM, LATER) == []


async def test_the_end_of_a_round_is_recorded_once(store: Store):
    """The first time stays, however often it is recorded."""
    match_id = await add_sent(store, pairing())
    for minutes in range(3):
        await store.matches.mark_round_over(ANA, match_id, ENDS + timedelta(minutes=minutes))
    await store.matches.mark_round_over(BEN, match_id, NOW)
    await store.matches.mark_round_over(ANA, MatchId("nothing"), NOW)
    kept = await store.matches.get(ANA, match_id)
    assert kept is not None
    assert kept.over_at == ENDS


async def test_the_first_answer_stays(store: Store):
    """Of several presses of the buttons of one message the first is the answer."""
    match_id = await add_sent(store, pairing())
    await store.matches.mark_answered(ANA, PLACE, "available")
    await store.matches.mark_answered(ANA, PLACE, "pause")
    kept = await store.matches.get(ANA, match_id)
    assert kept is not None
    assert kept.answer == "available"


@pytest.mark.parametrize(
    ("person", "place"),
    [(BEN, PLACE), (ANA, Posted("D2", "17.2")), (ANA, Posted("D1", "17.3"))],
)
async def test_an_answer_belongs_to_its_message(store: Store, person: Person, place: Posted):
    """A press by another person, or of another message, changes nothing."""
    match_id = await add_sent(store, pairing())
    await add_sent(store, pairing(number=2), None)
    await store.matches.mark_answered(person, place, "pause")
    for kept_id in (match_id, MatchId("match-2")):
        kept = await store.matches.get(ANA, kept_id)
        assert kept is not None
        assert kept.answer is None


async def test_a_match_is_found_by_its_message(store: Store):
    """By its person alone, at its place alone, and without the details of its call."""
    match_id = await add_sent(store, pairing(call=Call({"MeetingId": "m"}, {"AttendeeId": "a"})))
    await add_sent(store, pairing(number=2), Posted("D1", "17.3"))
    found = await store.matches.get(ANA, PLACE)
    assert found is not None
    assert (found.id, found.call) == (match_id, None)
    for person, place in ((BEN, PLACE), (ANA, Posted("D2", "17.2")), (ANA, Posted("D1", "17.4"))):
        assert await store.matches.get(person, place) is None
    await store.people.forget(ANA)
    assert await store.matches.get(ANA, PLACE) is None


async def test_outcomes_are_read_as_they_were_recorded(store: Store, database: Database):
    """In the single match and in the history, by this process and by another."""
    match_id = await add_sent(store, pairing())
    await store.matches.list_for(ANA, EXPO, SessionId(7))
    await store.matches.mark_answered(ANA, PLACE, "pause")
    await store.matches.mark_round_over(ANA, match_id, ENDS)
    expected = replace(
        pairing(), settled_at=NOW, outcome=SENT, channel="D1", ts="17.2", over_at=ENDS
    )
    expected = replace(expected, answer="pause")
    for reader in (store, SqlStore(database, CIPHER)):
        assert await reader.matches.get(ANA, match_id) == expected
        for session in (None, SessionId(7)):
            assert await reader.matches.list_for(ANA, EXPO, session) == [
                replace(expected, call=None)
            ]


async def test_concurrent_outcomes_leave_one(store: Store):
    """Outcomes, ends and answers recorded at the same time: each has one value in the end."""
    await fill(store, ANA)
    await asyncio.gather(
        *(
            store.matches.record_outcome(ANA, MatchId("match-1"), word, PLACE, NOW)
            for word in (SENT, "expired", SENT)
        )
    )
    await asyncio.gather(
        *(
            store.matches.mark_answered(ANA, PLACE, word)
            for word in ("pause", "available", "pause")
        ),
        *(
            store.matches.mark_round_over(ANA, MatchId("match-1"), moment)
            for moment in (NOW, ENDS, LATER)
        ),
    )
    kept = await store.matches.get(ANA, MatchId("match-1"))
    assert kept is not None
    assert kept.outcome in {SENT, "expired"}
    assert kept.answer in {"pause", "available"}
    assert kept.over_at in {NOW, ENDS, LATER}
