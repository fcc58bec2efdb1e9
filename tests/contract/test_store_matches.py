"""Promises of the repository of matches: adding, enriching and listing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta, timezone

from store_samples import (
    ANA,
    BEN,
    CALL,
    EXPO,
    NOW,
    SUMMIT,
    pairing,
)

from slackbot.domain.model import (
    Call,
    MatchId,
    MatchReport,
    Partner,
    SessionId,
    Source,
)
from slackbot.domain.stores import Store


async def test_a_match_comes_back_as_it_was_added(store: Store):
    """Every field survives, the call included; what is unknown stays unknown."""
    bare = pairing(number=2, partner=Partner(name="X"), raw_time=None, matched_at=None)
    bare = replace(bare, meeting_digest=None, call=None, ends_at=None, source=Source.BEFORE)
    for match in (pairing(), bare):
        assert await store.matches.add(match)
        assert await store.matches.get(ANA, match.id) == match
    assert await store.matches.get(BEN, pairing().id) is None


async def test_a_match_is_stored_once_however_many_try(store: Store):
    """Fifty concurrent reports, by id or by pairing, make one row."""
    same_pairing = replace(pairing(), id=MatchId("another id"))
    tries = [store.matches.add(match) for match in (pairing(), same_pairing) for _ in range(25)]
    assert sum(await asyncio.gather(*tries)) == 1
    assert len(await store.matches.list_for(ANA, EXPO)) == 1
    assert not await store.matches.add(replace(pairing(), ordinal=5))
    assert await store.matches.add(pairing(number=2))
    assert await store.matches.add(pairing(BEN))


async def test_untrusted_names_never_stop_a_match(store: Store):
    """Characters that no database stores are replaced, all others are kept."""
    strange = Partner(name="a\0b\ud800c <!channel> 🙂", title="'; DROP TABLE matches; --")
    assert await store.matches.add(pairing(partner=strange))
    kept = await store.matches.get(ANA, pairing().id)
    assert kept is not None
    assert kept.partner == replace(strange, name="a\ufffdb\ufffdc <!channel> 🙂")


async def test_a_later_report_fills_only_what_is_empty(store: Store):
    """Call, digest, time and the partner's details are added, never replaced."""
    poor = pairing(partner=Partner(name="Zoë"), raw_time=None, matched_at=None, call=None)
    await store.matches.add(replace(poor, meeting_digest=None))
    eastern = timezone(timedelta(hours=-5))
    rich = MatchReport(
        partner=Partner(name="Zoe", account_id=9, company="Ωmega"),
        raw_time="12:30",
        matched_at=NOW.astimezone(eastern),
        meeting_digest="e" * 64,
        call=CALL,
    )
    other = MatchReport(
        partner=Partner(name="?", account_id=1, title="CEO", company="?"),
        raw_time="?",
        matched_at=NOW + timedelta(hours=1),
        meeting_digest="?",
        call=Call({}, {}),
    )
    for report in (MatchReport(partner=Partner(name="?")), rich, other):
        await store.matches.enrich(ANA, poor.id, report)
    partner = Partner(name="Zoë", account_id=9, title="CEO", company="Ωmega")
    expected = replace(poor, partner=partner, raw_time="12:30", matched_at=NOW, call=CALL)
    assert await store.matches.get(ANA, poor.id) == expected


async def test_matches_come_newest_first(store: Store):
    """The history of an event, or of one session of it, without the calls."""
    first, second = pairing(), pairing(number=2, session_id=SessionId(8))
    third = pairing(number=3, event=SUMMIT)
    for match in (first, second, third):
        await store.matches.add(match)
    first, second, third = (replace(match, call=None) for match in (first, second, third))
    assert await store.matches.list_for(ANA, EXPO) == [second, first]
    assert len(await store.matches.list_for(ANA, None)) == 3
    assert await store.matches.list_for(ANA, EXPO, SessionId(7)) == [first]


async def test_no_match_with_the_partner_is_missing(store: Store):
    """Another account id is another partner; without one it may be anybody."""
    zoe, yan = Partner(name="Zoë", account_id=9), Partner(name="Zoë", account_id=8)
    nameless = Partner(name="Z.")
    for number, partner in enumerate((zoe, yan, nameless, zoe), start=1):
        await store.matches.add(pairing(number=number, partner=partner))
    await store.matches.add(pairing(number=5, session_id=SessionId(8)))
    for partner, expected in ((zoe, {1, 3, 4}), (yan, {2, 3}), (nameless, {1, 2, 3, 4})):
        found = await store.matches.list_with(ANA, EXPO, SessionId(7), partner)
        numbers = [match.ordinal for match in found]
        assert expected <= set(numbers) <= {1, 2, 3, 4}
        assert numbers == sorted(numbers, reverse=True), "newest first"
        assert all(match.call is None for match in found)
