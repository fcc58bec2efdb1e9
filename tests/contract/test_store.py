"""What every store promises of links, availabilities, matches and seen events."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, event
from store_samples import (
    ANA,
    BEN,
    CALL,
    EXPO,
    NOW,
    OTHER_TEAM,
    SUMMIT,
    TEAM,
    VAULT,
    everything,
    fill,
    link,
    pairing,
    wish,
)

from slackbot.domain.model import (
    AuthScheme,
    Call,
    MatchId,
    MatchReport,
    Partner,
    SessionId,
    Source,
    State,
)
from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Posted, Store
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore

# --- links ---------------------------------------------------------------------------------------


async def test_a_link_comes_back_as_it_was_saved(store: Store, database: Database):
    """Every field survives, times in UTC, also past the store's own memory."""
    local = timezone(timedelta(hours=5, minutes=30))
    await store.links.save(link(linked_at=NOW.astimezone(local), refused_at=NOW))
    for reader in (store, SqlStore(database, VAULT)):
        kept = await reader.links.get(ANA)
        assert kept == link(refused_at=NOW)
        assert kept is not None
        assert kept.linked_at.tzinfo is UTC


async def test_saving_a_link_replaces_it_at_once(store: Store):
    """One link a person: the next read sees the new one, or that there is none any more."""
    assert await store.links.get(ANA) is None
    await store.links.save(link())
    assert await store.links.get(ANA) == link()
    await store.links.save(link(token=SecretStr("new"), expires_at=None))
    assert await store.links.get(ANA) == link(token=SecretStr("new"), expires_at=None)
    await store.links.save(link(auth_scheme=AuthScheme.BARE))
    assert await store.links.get(ANA) == link(auth_scheme=AuthScheme.BARE)
    await store.people.forget(ANA)
    assert await store.links.get(ANA) is None


async def test_the_links_of_many_come_together(store: Store, database: Database):
    """As they are now, of these people alone; who has none, or one sealed elsewhere, has none."""
    stranger = replace(ANA, team=OTHER_TEAM)
    unsealed = SqlStore(database, Cipher([bytes(range(1, 33))]))
    await store.links.save(link())
    await store.links.save(link(stranger, event=SUMMIT))
    await unsealed.links.save(link(BEN))
    assert await store.links.get(ANA) == link()
    await SqlStore(database, VAULT).links.save(link(auth_scheme=AuthScheme.BARE))
    found = await store.links.get_many([ANA, BEN, replace(BEN, team=OTHER_TEAM)])
    assert found.get(ANA) == link(auth_scheme=AuthScheme.BARE)
    assert [person for person, kept in found.items() if kept is not None] == [ANA]
    assert await store.links.get(ANA) == link(auth_scheme=AuthScheme.BARE)
    both = await store.links.get_many([ANA, stranger])
    assert both == {ANA: link(auth_scheme=AuthScheme.BARE), stranger: link(stranger, event=SUMMIT)}
    assert await store.links.get_many([]) == {}


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({}, True),
        ({"token": SecretStr("renewed")}, True),
        ({"account_id": None}, True),
        ({"event": SUMMIT}, False),
        ({"account_id": 1}, False),
    ],
)
async def test_a_new_link_ends_a_wish_it_does_not_speak_for(
    store: Store, changes: dict[str, Any], kept: bool
):
    """Another event or account ends the availability; the history of matches stays."""
    await fill(store, ANA)
    await store.availabilities.save(wish(BEN))
    await store.links.save(link(**changes))
    assert (await store.availabilities.get(ANA) is not None) is kept
    assert await store.availabilities.get(BEN) == wish(BEN)
    assert await store.matches.list_for(ANA, EXPO) == [pairing(call=None)]


async def test_a_refusal_is_noted_once(store: Store):
    """Of many who find the token refused at once, one is the first; a new link starts afresh."""
    assert not await store.links.mark_refused(ANA, NOW)
    await store.links.save(link())
    first = await asyncio.gather(*(store.links.mark_refused(ANA, NOW) for _ in range(20)))
    assert sum(first) == 1
    assert await store.links.get(ANA) == link(refused_at=NOW)
    await store.links.save(link())
    assert await store.links.mark_refused(ANA, NOW)


async def test_forgetting_a_person_leaves_nothing_of_them(store: Store, database: Database):
    """All rows of the person go and nobody else's; it tells whether there was a link."""
    for person in (ANA, BEN):
        await fill(store, person)
    before = (await everything(database, BEN))[:3]
    assert await store.people.forget(ANA)
    assert not await store.people.forget(ANA)
    assert (await everything(database, ANA))[:3] == (None, None, [])
    assert (await everything(database, BEN))[:3] == before


# --- availabilities ------------------------------------------------------------------------------


async def test_an_availability_comes_back_as_it_was_saved(store: Store):
    """One wish a person, replaced whole; those of a workspace stand oldest first."""
    await store.availabilities.save(wish())
    assert await store.availabilities.get(ANA) == wish()
    later = wish(since=NOW + timedelta(minutes=1), session_ends_at=None, state=State.IN_MEETING)
    await store.availabilities.save(later)
    await store.availabilities.save(wish(BEN))
    assert await store.availabilities.list_all(TEAM) == [wish(BEN), later]


async def test_the_state_changes_only_while_the_wish_stands(store: Store):
    """A state set for a session that was left or ended changes nothing."""
    session = wish().session_id
    assert not await store.availabilities.set_state(ANA, session, State.IN_MEETING)
    await store.availabilities.save(wish())
    assert not await store.availabilities.set_state(ANA, SessionId(1), State.IN_MEETING)
    assert await store.availabilities.get(ANA) == wish()
    assert await store.availabilities.set_state(ANA, session, State.IN_MEETING)
    assert await store.availabilities.get(ANA) == wish(state=State.IN_MEETING)


async def test_what_is_remembered_of_a_wish_is_never_older_than_a_change(store: Store):
    """Whoever looks before and after a change sees the change, whichever it was."""
    seen, session = [], wish().session_id
    for change in (
        store.availabilities.save(wish()),
        store.availabilities.set_state(ANA, session, State.IN_MEETING),
        store.availabilities.end(ANA),
        store.availabilities.save(wish()),
        store.links.save(link(event=SUMMIT)),
        store.availabilities.save(wish()),
        store.people.forget(ANA),
        store.availabilities.save(wish()),
        store.people.forget_workspace(TEAM),
    ):
        await store.availabilities.get(ANA)
        await change
        seen.append(await store.availabilities.get(ANA))
    met = wish(state=State.IN_MEETING)
    assert seen == [wish(), met, None, wish(), None, wish(), None, wish(), None]


async def test_a_wish_is_ended_by_one(store: Store):
    """Of many who end it at once, exactly one ended it."""
    await store.availabilities.save(wish())
    assert sum(await asyncio.gather(*(store.availabilities.end(ANA) for _ in range(20)))) == 1
    assert await store.availabilities.get(ANA) is None


# --- matches -------------------------------------------------------------------------------------


async def test_a_match_comes_back_as_it_was_added(store: Store):
    """Every field survives, the call included; what is unknown stays unknown."""
    bare = pairing(number=2, partner=Partner(name="X"), raw_time=None, matched_at=None)
    bare = replace(bare, meeting_digest=None, call=None, ends_at=None, source=Source.BEFORE)
    for match in (pairing(), bare):
        assert await store.matches.add(match)
        assert await store.matches.get(ANA, match.id) == match
    assert await store.matches.get(BEN, pairing().id) is None


async def test_a_match_is_stored_once_however_many_try(store: Store):
    """Fifty tellings at the same moment, by id or by pairing, make one row."""
    same_pairing = replace(pairing(), id=MatchId("another id"))
    tries = [store.matches.add(match) for match in (pairing(), same_pairing) for _ in range(25)]
    assert sum(await asyncio.gather(*tries)) == 1
    assert len(await store.matches.list_for(ANA, EXPO)) == 1
    assert not await store.matches.add(replace(pairing(), ordinal=5))
    assert await store.matches.add(pairing(number=2))
    assert await store.matches.add(pairing(BEN))


async def test_names_from_strangers_never_stop_a_match(store: Store):
    """Characters that no database takes are replaced, all others are kept."""
    strange = Partner(name="a\0b\ud800c <!channel> 🙂", title="'; DROP TABLE matches; --")
    assert await store.matches.add(pairing(partner=strange))
    kept = await store.matches.get(ANA, pairing().id)
    assert kept is not None
    assert kept.partner == replace(strange, name="a\ufffdb\ufffdc <!channel> 🙂")


async def test_a_later_telling_fills_only_what_is_empty(store: Store):
    """Call details, digest, time and the partner's particulars are added, never replaced."""
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
    for seen in (MatchReport(partner=Partner(name="?")), rich, other):
        await store.matches.enrich(ANA, poor.id, seen)
    partner = Partner(name="Zoë", account_id=9, title="CEO", company="Ωmega")
    expected = replace(poor, partner=partner, raw_time="12:30", matched_at=NOW, call=CALL)
    assert await store.matches.get(ANA, poor.id) == expected


async def test_matches_stand_newest_first(store: Store):
    """The history of an event, or of one session of it, without the calls."""
    first, second = pairing(), pairing(number=2, session_id=SessionId(8))
    for match in (first, second, pairing(number=3, event=SUMMIT)):
        await store.matches.add(match)
    first, second = replace(first, call=None), replace(second, call=None)
    assert await store.matches.list_for(ANA, EXPO) == [second, first]
    assert await store.matches.list_for(ANA, EXPO, SessionId(7)) == [first]


async def test_a_sessions_title_is_that_of_a_wish_for_it(store: Store):
    """Of the person's own, or of somebody's in the workspace who asked before."""
    here, there = wish(), wish(BEN, session_id=SessionId(8), session_title="Tea")
    session = (here.event, here.session_id)
    assert await store.availabilities.session_title(ANA, *session) == ""
    for each in (here, there):
        await store.availabilities.save(each)
    assert await store.availabilities.session_title(ANA, here.event, SessionId(8)) == ""
    assert await store.availabilities.session_title(ANA, SUMMIT, here.session_id) == ""
    assert await store.availabilities.session_title(ANA, *session) == here.session_title
    assert await store.availabilities.session_title(BEN, *session) == here.session_title


async def test_of_a_partner_none_is_missing(store: Store):
    """Whoever has another account id is another; who has none may be anybody."""
    zoe, yan = Partner(name="Zoë", account_id=9), Partner(name="Zoë", account_id=8)
    nameless = Partner(name="Z.")
    for number, partner in enumerate((zoe, yan, nameless, zoe), start=1):
        await store.matches.add(pairing(number=number, partner=partner))
    await store.matches.add(pairing(number=5, session_id=SessionId(8)))
    for partner, there in ((zoe, {1, 3, 4}), (yan, {2, 3}), (nameless, {1, 2, 3, 4})):
        found = await store.matches.list_with(ANA, EXPO, SessionId(7), partner)
        numbers = [match.ordinal for match in found]
        assert there <= set(numbers) <= {1, 2, 3, 4}
        assert numbers == sorted(numbers, reverse=True), "newest first"
        assert all(match.call is None for match in found)


async def test_a_settled_match_is_not_submitted_again(store: Store):
    """Unsettled ones are listed oldest first; the first end of a notice stays."""
    for match in (pairing(number=2), pairing(), pairing(BEN, number=3)):
        await store.matches.add(match)
    one, two, three = (MatchId(f"match-{n}") for n in (1, 2, 3))
    assert await store.matches.list_pending(TEAM) == [(ANA, one), (ANA, two), (BEN, three)]
    await store.matches.record_outcome(ANA, one, "told", Posted("D1", "17.2"), NOW)
    await store.matches.record_outcome(ANA, one, "account_inactive", None, NOW + timedelta(hours=1))
    await store.matches.record_outcome(BEN, three, "account_inactive", None, NOW)
    assert await store.matches.list_pending(TEAM) == [(ANA, two)]
    told = replace(pairing(), settled_at=NOW, outcome="told", channel="D1", ts="17.2")
    assert await store.matches.get(ANA, one) == told


async def test_what_is_not_told_yet_is_counted(store: Store):
    """How many matches wait for their notice, and since when the oldest does; settled ones not."""
    assert await store.matches.backlog(TEAM) == Backlog(0, None)
    for match in (pairing(number=2), pairing(), pairing(BEN, number=3)):
        await store.matches.add(match)
    await store.matches.add(pairing(number=4, source=Source.BEFORE, settled_at=NOW, outcome="x"))
    assert await store.matches.backlog(TEAM) == Backlog(3, NOW + timedelta(seconds=1))
    await store.matches.record_outcome(ANA, MatchId("match-1"), "told", Posted("D1", "17.2"), NOW)
    assert await store.matches.backlog(TEAM) == Backlog(2, NOW + timedelta(seconds=2))


@pytest.mark.parametrize("database_url", ["file"], indirect=True)
async def test_counting_them_goes_by_their_index(store: SqlStore, database: Database):
    """However many matches were told, only those that were not are looked at."""
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


# --- events --------------------------------------------------------------------------------------


async def test_an_event_is_seen_first_once(store: Store):
    """Of many tellings at once one is the first, and so in each workspace."""
    sights = await asyncio.gather(*(store.events.record(TEAM, "Ev1", NOW) for _ in range(20)))
    assert sum(sights) == 1
    assert await store.events.record(TEAM, "Ev2", NOW)
    assert await store.events.record(OTHER_TEAM, "Ev1", NOW)
