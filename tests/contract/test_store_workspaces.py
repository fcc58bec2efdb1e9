"""Workspaces never meet in the store, and leave it whole."""

from __future__ import annotations

from datetime import timedelta
from inspect import isfunction
from typing import Any

import pytest
from store_samples import (
    ANA,
    BEN,
    EXPO,
    NAMESAKE,
    NOW,
    OTHER_TEAM,
    SUMMIT,
    TEAM,
    VAULT,
    call_link,
    everything,
    fill,
    link,
    pairing,
    wish,
)

from slackbot.domain.calls import Visit
from slackbot.domain.model import (
    AuthScheme,
    MatchId,
    MatchReport,
    Partner,
    Person,
    State,
)
from slackbot.domain.notices import Backlog
from slackbot.domain.ports import Posted, Store
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore


async def test_forgetting_a_workspace_leaves_nothing_of_it(store: Store, database: Database):
    """All rows of the workspace go, remembered links and seen events too; no other's."""
    for person in (ANA, BEN, NAMESAKE):
        await fill(store, person)
        await store.record_event(person.team, "Ev1", NOW)
        assert await store.link(person) == link(person)
    before = await everything(database, NAMESAKE)
    await store.forget_workspace(TEAM)
    assert await store.link(ANA) is None
    nothing = (None, None, [], [], [], Backlog(0, None), [], None, None)
    assert await everything(database, ANA) == nothing
    assert await everything(database, NAMESAKE) == before
    assert await store.record_event(TEAM, "Ev1", NOW)
    assert not await store.record_event(OTHER_TEAM, "Ev1", NOW)


POSTED = Posted("D", "1.2")


async def told(store: Store, person: Person) -> None:
    """A second match of the person, told and over."""
    await store.add_match(pairing(person, number=2))
    await store.record_outcome(person, MatchId("match-2"), "told", POSTED, NOW)


USES: dict[str, tuple[Any, ...]] = {
    "link": (ANA,),
    "links": ([ANA],),
    "save_link": (link(event=SUMMIT),),
    "mark_refused": (ANA, NOW),
    "set_auth_scheme": (ANA, AuthScheme.BARE),
    "forget": (ANA,),
    "forget_workspace": (TEAM,),
    "availability": (ANA,),
    "session_title": (ANA, wish().event, wish().session_id),
    "save_availability": (wish(event=SUMMIT),),
    "set_state": (ANA, wish().session_id, State.IN_MEETING),
    "end_availability": (ANA,),
    "availabilities": (TEAM,),
    "add_match": (pairing(number=3),),
    "enrich_match": (ANA, MatchId("match-1"), MatchReport(partner=Partner(name="X", title="Y"))),
    "match": (ANA, MatchId("match-1")),
    "matches": (ANA, EXPO),
    "matches_with": (ANA, EXPO, pairing().session_id, pairing().partner),
    "record_outcome": (ANA, MatchId("match-1"), "told", Posted("D", "1"), NOW),
    "pending_matches": (TEAM,),
    "backlog": (TEAM,),
    "mark_reachable": (ANA, "user_disabled"),
    "rounds_over": (TEAM, NOW + timedelta(hours=1)),
    "mark_over": (ANA, MatchId("match-2"), NOW),
    "mark_answered": (ANA, POSTED, "pause"),
    "record_event": (TEAM, "Ev1", NOW),
    "add_call_link": (call_link(number=2),),
    "replace_call_links": (call_link(number=2),),
    "call_link": (TEAM, call_link().id_digest),
    "bind_call_link": (TEAM, call_link().id_digest, "b" * 64, NOW),
    "note_opened": (ANA, MatchId("match-1"), NOW),
    "note_visit": (TEAM, call_link().id_digest, Visit.JOINED, NOW),
    "end_call": (ANA, MatchId("match-1"), NOW),
    "end_calls": (TEAM, NOW + timedelta(days=1)),
}


METHODS = [name for name, it in vars(Store).items() if isfunction(it) and name[0] != "_"]


@pytest.mark.parametrize("method", METHODS)
async def test_workspaces_with_equal_user_ids_never_meet(
    method: str, store: Store, database: Database, statements: list[str]
):
    """Each method, used for one, neither shows nor changes anything of the other."""
    for person in (ANA, NAMESAKE):
        await fill(store, person)
        await told(store, person)
    before = await everything(database, NAMESAKE)
    statements.clear()
    answer = await getattr(SqlStore(database, VAULT), method)(*USES[method])
    assert statements, "the method was answered from memory and proves nothing"
    assert OTHER_TEAM not in repr(answer)
    assert await everything(database, NAMESAKE) == before


async def test_nothing_of_one_workspace_is_shown_to_another(store: Store):
    """With rows in one workspace, every reading method finds nothing in the other."""
    await fill(store, NAMESAKE)
    await told(store, NAMESAKE)
    await store.link(NAMESAKE)
    assert await store.link(ANA) is None
    assert await store.availability(ANA) is None
    assert await store.match(ANA, pairing().id) is None
    assert await store.matches(ANA, EXPO) == []
    assert await store.availabilities(TEAM) == []
    assert await store.pending_matches(TEAM) == []
    assert await store.backlog(TEAM) == Backlog(0, None)
    assert await store.rounds_over(TEAM, NOW + timedelta(hours=1)) == []
    assert await store.call_link(TEAM, call_link().id_digest) is None
    assert not await store.bind_call_link(TEAM, call_link().id_digest, "b" * 64, NOW)
    assert not await store.mark_refused(ANA, NOW)
    assert not await store.end_availability(ANA)
    assert not await store.forget(ANA)
