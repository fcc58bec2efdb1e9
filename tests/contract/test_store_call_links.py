"""Promises of the repository of links to calls."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from store_samples import ANA, BEN, CALL, CIPHER, NAMESAKE, NOW, TEAM, call_link, fill, pairing

from slackbot.domain.calls import CallLink, Visit
from slackbot.domain.model import MatchId, MatchReport
from slackbot.domain.stores import Store
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore


@pytest.fixture
async def _matches(store: SqlStore) -> None:
    """The matches that the links lead to."""
    for match in (pairing(), pairing(number=2), pairing(BEN), pairing(NAMESAKE)):
        await store.matches.add(match)


with_matches = pytest.mark.usefixtures("_matches")

ID = call_link().id_digest
MATCH = MatchId("match-1")


def after(seconds: float):
    return NOW + timedelta(seconds=seconds)


async def stored(store: Store, number: int = 1) -> CallLink:
    link = await store.call_links.get(TEAM, call_link(number=number).id_digest)
    assert link is not None
    return link


@with_matches
async def test_a_link_comes_back_as_it_was_stored(store: Store):
    """Every field survives; adding it twice, as a retry may, adds it once."""
    full = call_link(
        revoked_at=after(1),
        browser_digest="b" * 64,
        opened_at=after(2),
        joined_at=after(3),
        left_at=after(4),
    )
    for link in (full, call_link(number=2)):
        await store.call_links.add(link)
        await store.call_links.add(link)
        assert await store.call_links.get(TEAM, link.id_digest) == link
    assert "b" * 64 not in repr(full)


@with_matches
async def test_of_many_browsers_one_is_bound(store: Store):
    """Of twenty concurrent browsers one binds the link, and stays bound to it."""
    await store.call_links.add(call_link())
    tries = [store.call_links.bind(TEAM, ID, f"{n:064x}", NOW) for n in range(20)]
    won = await asyncio.gather(*tries)
    assert sum(won) == 1
    link = await stored(store)
    assert link == call_link(browser_digest=f"{won.index(True):064x}", opened_at=NOW)
    assert not await store.call_links.bind(TEAM, ID, "b" * 64, NOW)
    assert await stored(store) == link


@with_matches
@pytest.mark.parametrize("changes", [{"revoked_at": NOW}, {"expires_at": NOW}])
async def test_an_invalid_link_is_not_bound(store: Store, changes: dict[str, object]):
    """Revoked, or expired at this very moment: no browser gets it."""
    await store.call_links.add(call_link(**changes))
    assert not await store.call_links.bind(TEAM, ID, "b" * 64, NOW)
    assert (await stored(store)).browser_digest is None


@with_matches
async def test_a_new_link_revokes_those_of_its_match_and_person(store: Store):
    """In the same transaction; the first time of revocation stays."""
    others = (
        call_link(BEN, 2),
        call_link(number=3, match_id=MatchId("match-2")),
        call_link(number=4, revoked_at=after(-9)),
    )
    for link in (call_link(), *others):
        await store.call_links.add(link)
    namesake = call_link(NAMESAKE)
    await store.call_links.add(namesake)
    new = call_link(number=5, made_at=after(10))
    await store.call_links.replace(new)
    assert (await stored(store)).revoked_at == after(10)
    assert [await stored(store, n) for n in (2, 3, 4)] == list(others)
    assert await stored(store, 5) == new
    assert await store.call_links.get(NAMESAKE.team, ID) == namesake


@with_matches
async def test_the_first_opening_is_recorded(store: Store):
    """By the press of the button or by its use, whichever came first; not of a revoked link."""
    await store.call_links.add(call_link())
    await store.call_links.add(call_link(number=2, revoked_at=NOW))
    await store.call_links.mark_opened(ANA, MatchId("another"), after(1))
    await store.call_links.mark_opened(BEN, MATCH, after(1))
    assert (await stored(store)).opened_at is None
    for seconds in (2, 3):
        await store.call_links.mark_opened(ANA, MATCH, after(seconds))
    await store.call_links.bind(TEAM, ID, "b" * 64, after(4))
    assert (await stored(store)).opened_at == after(2)
    assert (await stored(store, 2)).opened_at is None


@with_matches
async def test_joining_again_deletes_when_it_was_left(store: Store):
    """The first join stays, the last leave counts."""
    await store.call_links.add(call_link())
    for seconds, visit in enumerate((Visit.JOINED, Visit.LEFT, Visit.JOINED)):
        await store.call_links.record_visit(TEAM, ID, visit, after(seconds))
    assert await stored(store) == call_link(joined_at=NOW)
    await store.call_links.record_visit(TEAM, ID, Visit.LEFT, after(9))
    assert await stored(store) == call_link(joined_at=NOW, left_at=after(9))


async def test_the_end_of_a_call_deletes_its_details(store: Store, database: Database):
    """The match stays, its call is gone; the links remain as a record."""
    await fill(store, ANA)
    await store.matches.add(pairing(BEN, ends_at=after(600)))
    await store.call_links.add(call_link(BEN, 2, expires_at=after(660)))
    await store.call_links.bind(TEAM, ID, "b" * 64, NOW)
    await store.call_links.record_visit(TEAM, ID, Visit.JOINED, NOW)
    assert await store.call_links.end_calls(TEAM, after(360)) == 1
    for reader in (store, SqlStore(database, CIPHER)):
        assert await reader.matches.get(ANA, MATCH) == pairing(call=None)
        assert await reader.matches.get(BEN, MATCH) == pairing(BEN, ends_at=after(600))
    record = call_link(revoked_at=after(360), opened_at=NOW, joined_at=NOW)
    assert await stored(store) == record
    assert await stored(store, 2) == call_link(BEN, 2, expires_at=after(660))
    assert await store.call_links.end_calls(TEAM, after(361)) == 0
    assert await stored(store) == record


async def test_closed_calls_are_ended_and_no_others(store: Store, database: Database):
    """A minute after a round whose end is known, half an hour and a minute if it is not."""
    unknown = replace(pairing(number=2), ends_at=None, received_at=NOW)
    over = pairing(number=3, ends_at=after(60))
    elsewhere = pairing(NAMESAKE, 3, ends_at=after(60))
    for match in (pairing(ends_at=after(600)), unknown, over, elsewhere):
        await store.matches.add(match)
    await store.call_links.add(call_link(expires_at=after(660)))
    await store.call_links.add(call_link(number=2, match_id=over.id, expires_at=after(120)))

    async def left() -> list[str]:
        reader = SqlStore(database, CIPHER)
        matches = [await reader.matches.get(ANA, MatchId(f"match-{n}")) for n in (1, 2, 3)]
        return [match.id for match in matches if match is not None and match.call is not None]

    counts = []
    for seconds in (119, 120, 120, 660, 1859, 1860):
        counts.append((await store.call_links.end_calls(TEAM, after(seconds)), len(await left())))
        links = [(await stored(store, n)).revoked_at is not None for n in (1, 2)]
        assert links == [seconds >= 660, seconds >= 120]
    assert counts == [(0, 3), (1, 2), (0, 2), (1, 1), (0, 1), (1, 0)]
    assert (await store.matches.get(ANA, over.id)) == replace(over, call=None)
    other = await SqlStore(database, CIPHER).matches.get(NAMESAKE, elsewhere.id)
    assert other is not None
    assert other.call == CALL


async def test_details_that_are_reported_again_are_deleted_again(store: Store):
    """A late report may bring a call back; the next sweep deletes it."""
    await fill(store, ANA)
    await store.call_links.end_calls(TEAM, after(600))
    report = MatchReport(partner=pairing().partner, call=CALL)
    await store.matches.enrich(ANA, MATCH, report)
    assert await store.call_links.end_calls(TEAM, after(660)) == 1
    assert await store.matches.get(ANA, MATCH) == pairing(call=None)
