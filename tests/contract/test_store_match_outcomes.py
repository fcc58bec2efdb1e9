"""What every store promises of how a match ends: its round, its answer, and who is reachable."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from store_samples import ANA, BEN, EXPO, NOW, OTHER_TEAM, TEAM, VAULT, fill, link, pairing

from slackbot.domain.matching import ROUND_UNKNOWN
from slackbot.domain.model import Match, MatchId, Person, SessionId, Source
from slackbot.domain.ports import Posted, Store
from slackbot.storage.database import Database
from slackbot.storage.matches import MAX_ROUNDS_OVER
from slackbot.storage.store import SqlStore

PLACE = Posted("D1", "17.2")
ENDS = NOW + timedelta(minutes=5)
"""When the round of a sample match ends."""
LATER = ENDS + timedelta(hours=1)


async def told(store: Store, match: Match, place: Posted | None = PLACE) -> MatchId:
    """A match that is stored and was told."""
    await store.matches.add(match)
    await store.matches.record_outcome(match.person, match.id, "told", place, NOW)
    return match.id


async def over(store: Store, now: datetime = LATER) -> list[tuple[Person, MatchId]]:
    return await store.matches.list_rounds_over(TEAM, now)


# --- rounds --------------------------------------------------------------------------------------


async def test_a_round_is_over_at_its_end(store: Store):
    """At the very moment, and not a moment before; where that is unknown, after the usual time."""
    known = await told(store, pairing())
    unknown = await told(store, pairing(number=2, ends_at=None, received_at=NOW))
    assert await over(store, min(ENDS, NOW + ROUND_UNKNOWN) - timedelta(microseconds=1)) == []
    assert set(await over(store, max(ENDS, NOW + ROUND_UNKNOWN))) == {(ANA, known), (ANA, unknown)}
    assert await over(store, ENDS) == [(ANA, unknown), (ANA, known)]


async def test_rounds_stand_oldest_first_and_some_hundred_at_most(store: Store):
    """After a long absence they are ended in their order, so many at a time."""
    many = [
        pairing(
            number=number, partner_key=f"id:{number}", received_at=NOW - timedelta(hours=number)
        )
        for number in range(1, MAX_ROUNDS_OVER + 3)
    ]
    for match in many:
        await told(store, match)
    found = [match_id for _, match_id in await over(store)]
    assert found == [match.id for match in reversed(many)][:MAX_ROUNDS_OVER]


async def test_only_what_was_told_in_time_and_not_answered_has_an_end(store: Store):
    """Not what was told late, refused, never told, answered, or is over already."""
    await told(store, pairing(number=1, source=Source.LIST))
    await store.matches.add(pairing(number=2))
    await store.matches.add(pairing(number=3))
    await store.matches.record_outcome(ANA, MatchId("match-3"), "user_disabled", None, NOW)
    await told(store, pairing(number=4), Posted("D1", "4"))
    await store.matches.mark_answered(ANA, Posted("D1", "4"), "pause")
    await store.matches.mark_round_over(ANA, await told(store, pairing(number=5)), NOW)
    going_on = await told(store, pairing(BEN, number=6))
    assert await over(store) == [(BEN, going_on)]
    assert await store.matches.list_rounds_over(OTHER_TEAM, LATER) == []


async def test_that_it_is_over_is_noted_once(store: Store):
    """The first moment stays, however many come to note it."""
    match_id = await told(store, pairing())
    for minutes in range(3):
        await store.matches.mark_round_over(ANA, match_id, ENDS + timedelta(minutes=minutes))
    await store.matches.mark_round_over(BEN, match_id, NOW)
    await store.matches.mark_round_over(ANA, MatchId("nothing"), NOW)
    kept = await store.matches.get(ANA, match_id)
    assert kept is not None
    assert kept.over_at == ENDS


# --- answers -------------------------------------------------------------------------------------


async def test_the_first_answer_stays(store: Store):
    """Of several presses of one message's buttons the first is the answer."""
    match_id = await told(store, pairing())
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
    """Another person's press, or of another message, answers nothing here."""
    match_id = await told(store, pairing())
    await told(store, pairing(number=2), None)
    await store.matches.mark_answered(person, place, "pause")
    for kept_id in (match_id, MatchId("match-2")):
        kept = await store.matches.get(ANA, kept_id)
        assert kept is not None
        assert kept.answer is None


async def test_endings_come_back_as_they_were_noted(store: Store, database: Database):
    """In the single match and in the history, in memory and on the disk."""
    match_id = await told(store, pairing())
    await store.matches.list_for(ANA, EXPO, SessionId(7))
    await store.matches.mark_answered(ANA, PLACE, "pause")
    await store.matches.mark_round_over(ANA, match_id, ENDS)
    expected = replace(
        pairing(), settled_at=NOW, outcome="told", channel="D1", ts="17.2", over_at=ENDS
    )
    expected = replace(expected, answer="pause")
    for reader in (store, SqlStore(database, VAULT)):
        assert await reader.matches.get(ANA, match_id) == expected
        for session in (None, SessionId(7)):
            assert await reader.matches.list_for(ANA, EXPO, session) == [
                replace(expected, call=None)
            ]


# --- who is reachable ----------------------------------------------------------------------------


async def test_why_nobody_reaches_them_is_kept_until_somebody_does(store: Store):
    """Noted at once in what is read, replaced by a later word, and gone when they are reachable."""
    await store.links.save(link())
    for word in ("user_disabled", "account_inactive", None):
        await store.links.set_unreachable(ANA, word)
        assert await store.links.get(ANA) == link(unreachable=word)
    await store.links.set_unreachable(BEN, "user_disabled")
    assert await store.links.get(BEN) is None


async def test_connecting_anew_begins_anew(store: Store):
    """A new link says nothing of the old one's trouble."""
    await store.links.save(link())
    await store.links.set_unreachable(ANA, "user_disabled")
    await store.links.save(link())
    assert await store.links.get(ANA) == link()


async def test_many_who_note_an_ending_at_once_leave_one(store: Store):
    """Settling, ending and answering at the same moment: each has one value in the end."""
    await fill(store, ANA)
    await asyncio.gather(
        *(
            store.matches.record_outcome(ANA, MatchId("match-1"), word, PLACE, NOW)
            for word in ("told", "expired", "told")
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
    assert kept.outcome in {"told", "expired"}
    assert kept.answer in {"pause", "available"}
    assert kept.over_at in {NOW, ENDS, LATER}
