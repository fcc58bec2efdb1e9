"""Promises of every repository: workspaces never meet, and are deleted whole."""

from __future__ import annotations

from datetime import timedelta
from inspect import isfunction
from operator import attrgetter
from typing import Any

import pytest
from store_samples import (
    ANA,
    BEN,
    CIPHER,
    EXPO,
    NAMESAKE,
    NOBODY,
    NOW,
    OTHER_TEAM,
    SUMMIT,
    TEAM,
    availability,
    call_link,
    departure,
    everything,
    fill,
    link,
    pairing,
    planned,
    preferences,
    snooze,
    state_card,
)

from slackbot.domain.calls import Visit
from slackbot.domain.departures import DepartureStore
from slackbot.domain.model import (
    MatchId,
    MatchReport,
    Partner,
    Person,
    State,
)
from slackbot.domain.notices import Backlog
from slackbot.domain.plans import PlanStore, RecapStore
from slackbot.domain.ports import Posted
from slackbot.domain.preferences import PreferenceStore
from slackbot.domain.snoozes import SnoozeStore
from slackbot.domain.stores import (
    AvailabilityStore,
    CallLinkStore,
    CounterpartStore,
    DmChannelStore,
    EventStore,
    Forgotten,
    LinkStore,
    MatchStore,
    PeopleStore,
    Store,
    TalkStore,
)
from slackbot.domain.surfaces import Home, SurfaceStore
from slackbot.services.notices import SENT
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from tests.harness.fakes import epoch_of


async def test_forgetting_a_workspace_leaves_nothing_of_it(store: Store, database: Database):
    """All rows of the workspace are deleted, cached links and events too, and no other's."""
    for person in (ANA, BEN, NAMESAKE):
        await fill(store, person)
        await store.events.record(person.team, "Ev1", NOW)
        assert await store.links.get(person) == link(person)
    before = await everything(database, NAMESAKE)
    await store.people.forget_workspace(TEAM)
    assert await store.links.get(ANA) is None
    assert await everything(database, ANA) == await everything(database, NOBODY)
    assert await everything(database, NAMESAKE) == before
    assert await store.events.record(TEAM, "Ev1", NOW)
    assert not await store.events.record(OTHER_TEAM, "Ev1", NOW)


POSTED = Posted("D", "1.2")


async def add_sent(store: Store, person: Person) -> None:
    """Add a second match of the person, sent and over."""
    await store.matches.add(pairing(person, number=2))
    await store.matches.record_outcome(person, MatchId("match-2"), SENT, POSTED, NOW)


USES: dict[str, tuple[Any, ...]] = {
    "links.get": (ANA,),
    "links.get_many": ([ANA],),
    "links.save": (link(event=SUMMIT),),
    "links.mark_refused": (link(), NOW),
    "links.mark_used": (link(), NOW),
    "dm_channels.get": (ANA,),
    "dm_channels.save": (ANA, "D1"),
    "people.enter_workspace": (TEAM, NOW),
    "people.enter": (ANA, epoch_of(ANA), NOW),
    "people.delete_unlinked": (TEAM, NOW),
    "people.known_epochs": (TEAM, [epoch_of(ANA)]),
    "people.forget": (ANA,),
    "people.forget_workspace": (TEAM,),
    "availabilities.get": (ANA,),
    "availabilities.session_title": (ANA, availability().event, availability().session_id),
    "availabilities.save": (availability(event=SUMMIT),),
    "availabilities.set_session_end": (
        TEAM,
        availability().event,
        availability().session_id,
        NOW + timedelta(hours=3),
    ),
    "availabilities.set_state": (ANA, availability().session_id, State.IN_MEETING),
    "availabilities.save_confirmed": (availability(),),
    "availabilities.end": (ANA,),
    "availabilities.list_all": (TEAM,),
    "availabilities.resume": (snooze(), availability()),
    "availabilities.record_reactions": ({ANA: NOW},),
    "availabilities.list_unanswered": (TEAM, NOW + timedelta(hours=1), 1),
    "preferences.get": (ANA,),
    "preferences.save": (preferences(reminder_minutes=5),),
    "snoozes.add": (snooze(until=NOW + timedelta(hours=1)),),
    "snoozes.get": (ANA,),
    "snoozes.list_due": (TEAM, NOW + timedelta(hours=1)),
    "snoozes.claim": (snooze(), NOW + timedelta(hours=2)),
    "snoozes.remove": (ANA, NOW),
    "counterparts.find": (pairing(), ANA),
    "counterparts.set_declined": (pairing(), NOW),
    "departures.add": (departure(number=2), NOW),
    "departures.list_of": (ANA,),
    "departures.list_all": (TEAM,),
    "departures.list_due": (TEAM, NOW + timedelta(hours=1)),
    "departures.claim": (departure(), NOW + timedelta(hours=2)),
    "departures.remove": (ANA, departure().session_id),
    "matches.add": (pairing(number=3),),
    "matches.add_baseline": (availability(), [pairing(number=3)], NOW),
    "matches.enrich": (ANA, MatchId("match-1"), MatchReport(partner=Partner(name="X", title="Y"))),
    "matches.get": (ANA, MatchId("match-1")),
    "matches.list_for": (ANA, EXPO),
    "matches.list_with": (ANA, EXPO, pairing().session_id, pairing().partner),
    "matches.record_outcome": (ANA, MatchId("match-1"), SENT, Posted("D", "1"), NOW),
    "matches.list_pending": (TEAM,),
    "matches.backlog": (TEAM,),
    "links.list_expiring": (TEAM, NOW, NOW + timedelta(hours=1)),
    "links.set_unreachable": (ANA, "user_disabled"),
    "matches.list_rounds_over": (TEAM, NOW + timedelta(hours=1), MatchId("match-0")),
    "matches.mark_round_over": (ANA, MatchId("match-2"), NOW),
    "matches.mark_answered": (ANA, POSTED, "pause"),
    "surfaces.open_home": (Home(person=ANA, opened_at=NOW),),
    "surfaces.save_hash": (ANA, "hash"),
    "surfaces.get_home": (ANA,),
    "surfaces.get_many": ([ANA], NOW),
    "surfaces.add_card": (state_card(),),
    "surfaces.get_card": (ANA, state_card().posted),
    "surfaces.remove_card": (ANA, state_card().posted),
    "surfaces.list_untrue": (TEAM,),
    "surfaces.close_homes": (TEAM, NOW + timedelta(days=1)),
    "welcomes.claim": (ANA, NOW),
    "welcomes.release": (ANA,),
    "events.record": (TEAM, "Ev1", NOW),
    "call_links.add": (call_link(number=2),),
    "call_links.replace": (call_link(number=2),),
    "call_links.get": (TEAM, call_link().id_digest),
    "call_links.bind": (TEAM, call_link().id_digest, "b" * 64, NOW),
    "call_links.mark_opened": (ANA, MatchId("match-1"), NOW),
    "call_links.record_visit": (TEAM, call_link().id_digest, Visit.JOINED, NOW),
    "talks.visits": (ANA,),
    "talks.record": (ANA, MatchId("match-1"), True),
    "plans.get": (ANA, EXPO, planned().session_id),
    "plans.save": ([planned(number=2)],),
    "plans.sync": (link(), [planned(number=2)], NOW),
    "plans.set_wanted": (planned(), True),
    "plans.list_upcoming": (TEAM, NOW, NOW + timedelta(hours=2)),
    "plans.mark_reminded": (planned(),),
    "plans.claim_reads": (TEAM, NOW, NOW, 10),
    "plans.record_read": (link(), NOW),
    "recaps.list_due": (TEAM, NOW),
    "recaps.record": (ANA, epoch_of(ANA), EXPO, NOW),
    "recaps.claim_read": (TEAM, EXPO, NOW + timedelta(hours=1), NOW),
    "recaps.save_end": (TEAM, EXPO, NOW),
    "recaps.get_end": (TEAM, EXPO),
    "call_links.end_calls": (TEAM, NOW + timedelta(days=1)),
}


PORTS = {
    "links": LinkStore,
    "dm_channels": DmChannelStore,
    "people": PeopleStore,
    "availabilities": AvailabilityStore,
    "preferences": PreferenceStore,
    "snoozes": SnoozeStore,
    "counterparts": CounterpartStore,
    "departures": DepartureStore,
    "matches": MatchStore,
    "call_links": CallLinkStore,
    "talks": TalkStore,
    "plans": PlanStore,
    "recaps": RecapStore,
    "surfaces": SurfaceStore,
    "events": EventStore,
}
METHODS = [
    f"{repository}.{name}"
    for repository, port in PORTS.items()
    for name, method in vars(port).items()
    if isfunction(method) and name[0] != "_"
]


@pytest.mark.parametrize("database_url", ["memory", "postgresql"], indirect=True)
@pytest.mark.parametrize("method", METHODS)
async def test_workspaces_with_equal_user_ids_never_meet(
    method: str, store: Store, database: Database, statements: list[str]
):
    """Each method, called for one, neither returns nor changes anything of the other."""
    for person in (ANA, NAMESAKE):
        await fill(store, person)
        await add_sent(store, person)
    before = await everything(database, NAMESAKE)
    statements.clear()
    answer = await attrgetter(method)(SqlStore(database, CIPHER))(*USES[method])
    assert statements, "the method was answered from a cache and proves nothing"
    assert OTHER_TEAM not in repr(answer)
    assert await everything(database, NAMESAKE) == before


async def test_no_row_of_one_workspace_is_returned_to_another(store: Store):
    """With rows in one workspace, every read finds nothing in the other."""
    await fill(store, NAMESAKE)
    await add_sent(store, NAMESAKE)
    await store.links.get(NAMESAKE)
    assert await store.links.get(ANA) is None
    assert await store.availabilities.get(ANA) is None
    assert await store.matches.get(ANA, pairing().id) is None
    assert await store.matches.list_for(ANA, EXPO) == []
    assert await store.availabilities.list_all(TEAM) == []
    assert await store.departures.list_of(ANA) == []
    assert await store.departures.list_due(TEAM, NOW) == []
    assert await store.matches.list_pending(TEAM) == []
    assert await store.matches.backlog(TEAM) == Backlog(0, None)
    assert await store.matches.list_rounds_over(TEAM, NOW + timedelta(hours=1)) == []
    assert await store.call_links.get(TEAM, call_link().id_digest) is None
    assert not await store.call_links.bind(TEAM, call_link().id_digest, "b" * 64, NOW)
    assert await store.surfaces.get_home(ANA) is None
    assert await store.surfaces.get_many([ANA], NOW) == {}
    assert await store.surfaces.get_card(ANA, state_card().posted) is None
    assert await store.surfaces.list_untrue(TEAM) == []
    assert not await store.surfaces.close_homes(TEAM, NOW + timedelta(days=1))
    assert not await store.links.mark_refused(link(), NOW)
    assert not await store.availabilities.end(ANA)
    assert await store.people.forget(ANA) == Forgotten(epoch_of(ANA), linked=False)
