"""Promises of the repository of surfaces."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from store_samples import ANA, BEN, CIPHER, NOW, TEAM, availability, link, pairing, state_card

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import Person, State
from slackbot.domain.ports import Posted
from slackbot.domain.surfaces import NO_SURFACES, CardKind, Home, Surfaces
from slackbot.services.notices import SENT
from slackbot.storage.database import Database
from slackbot.storage.store import SqlStore
from slackbot.storage.tables import StateCardRow
from tests.harness.fakes import enter

LATER = timedelta(hours=1)


class Noted(dict[Person, Surfaces]):
    """Changes that are kept for the test."""

    def add(self, person: Person, deleted: Surfaces = NO_SURFACES) -> None:
        self[person] = deleted


async def test_a_home_is_open_for_a_while(store: SqlStore):
    """Its hash is kept as long as it is open, also for somebody who is not linked."""
    home = Home(person=ANA, opened_at=NOW, view_hash="1.a")
    await store.surfaces.save_hash(ANA, "0.z")
    assert await store.surfaces.get_home(ANA) is None
    await store.surfaces.open_home(home)
    assert await store.surfaces.get_many([ANA, BEN], NOW) == {ANA: Surfaces(home)}
    assert await store.surfaces.get_many([ANA], NOW + LATER) == {}
    await store.surfaces.save_hash(ANA, "2.b")
    assert await store.surfaces.get_home(ANA) == replace(home, view_hash="2.b")
    assert await store.surfaces.close_homes(TEAM, NOW) == 0
    assert await store.surfaces.close_homes(TEAM, NOW + LATER) == 1
    assert await store.surfaces.get_home(ANA) is None


async def test_a_card_is_untrue_once_its_state_has_ended(store: SqlStore):
    """That of a waiting person when paused; that of a refused login once it is renewed."""
    await store.links.save(link())
    await store.availabilities.save(availability())
    await store.surfaces.add_card(state_card())
    assert await store.surfaces.get_many([ANA], NOW) == {}
    assert await store.surfaces.list_untrue(TEAM) == []
    await store.availabilities.set_state(ANA, availability().session_id, State.LEAVING)
    assert await store.surfaces.get_many([ANA, BEN], NOW) == {ANA: Surfaces(None, (state_card(),))}
    assert await store.surfaces.list_untrue(TEAM) == [ANA]
    await store.availabilities.save(availability(since=NOW + LATER))
    assert await store.surfaces.list_untrue(TEAM) == [ANA]
    refused = state_card(kind=CardKind.LOGIN_REFUSED, session_id=None, session_title="")
    await store.surfaces.add_card(refused)  # in the place of the other
    assert await store.surfaces.get_card(ANA, refused.posted) == refused
    assert await store.surfaces.list_untrue(TEAM) == [ANA]
    await store.links.mark_refused(link(), NOW)
    assert await store.surfaces.list_untrue(TEAM) == []
    await store.surfaces.remove_card(ANA, Posted("D1", "7"))
    assert await store.surfaces.get_card(ANA, refused.posted) == refused
    await store.surfaces.remove_card(ANA, refused.posted)
    assert await store.surfaces.get_card(ANA, refused.posted) is None


async def test_cards_of_a_newer_version_are_left_alone(store: SqlStore, database: Database):
    """Another process may write kinds that this one does not know, while all are being updated."""
    await store.links.save(link())
    await store.surfaces.add_card(state_card())
    newer = update(StateCardRow).where(StateCardRow.team_id == TEAM).values(kind="dozing")
    await database.execute(newer)
    assert await store.surfaces.get_card(ANA, state_card().posted) is None
    assert await store.surfaces.get_many([ANA], NOW) == {}
    assert await store.surfaces.list_untrue(TEAM) == []
    assert await store.people.forget(ANA) is not None


async def test_what_is_kept_keeps_its_home(store: SqlStore):
    """An old removal leaves the Home and the welcome of somebody who has connected since."""
    await store.links.save(link(linked_at=NOW + LATER))
    await store.surfaces.open_home(Home(person=ANA, opened_at=NOW - LATER))
    assert await store.welcomes.claim(ANA, NOW)
    assert await store.people.forget(ANA, NOW) is None
    assert await store.surfaces.get_home(ANA) is not None
    assert not await store.welcomes.claim(ANA, NOW)
    await store.surfaces.open_home(Home(person=BEN, opened_at=NOW - LATER))
    assert await store.people.forget(BEN, NOW) is not None
    assert await store.surfaces.get_home(BEN) is None


async def test_deleted_surfaces_are_reported(database: Database, store: SqlStore):
    """The surfaces that were deleted are reported, and nothing is added afterwards."""
    changes = Noted()
    store = SqlStore(database, CIPHER, changes=changes)
    home = Home(person=ANA, opened_at=NOW)
    await store.links.save(link())
    await store.surfaces.open_home(home)
    await store.surfaces.add_card(state_card())
    changes.clear()
    await store.people.forget(ANA)
    assert changes == {ANA: Surfaces(home, (state_card(),))}
    assert await store.surfaces.get_many([ANA], NOW) == {}
    with pytest.raises(NotLinked):
        await store.surfaces.add_card(state_card())


async def test_an_old_removal_leaves_what_was_opened_since(store: SqlStore):
    """A Home that was opened after a late event is kept."""
    await store.links.save(link(BEN, linked_at=NOW + LATER))
    for person, at in ((ANA, NOW - LATER), (BEN, NOW + LATER)):
        await store.surfaces.open_home(Home(person=person, opened_at=at))
    await store.people.forget_workspace(TEAM, NOW)
    assert set(await store.surfaces.get_many([ANA, BEN], NOW - LATER)) == {BEN}


async def test_every_write_of_a_state_is_reported(database: Database, store: SqlStore):
    """Of links, availabilities and matches."""
    changes = Noted()
    store = SqlStore(database, CIPHER, changes=changes)
    await enter(store, ANA)
    match = pairing()
    for write in (
        store.links.save(link()),
        store.availabilities.save(availability()),
        store.availabilities.set_state(ANA, availability().session_id, State.LEAVING),
        store.matches.add(match),
        store.matches.record_outcome(ANA, match.id, SENT, Posted("D", "1"), NOW),
        store.matches.mark_round_over(ANA, match.id, NOW),
        store.availabilities.end(ANA),
        store.links.set_unreachable(ANA, "user_disabled"),
        store.links.mark_refused(link(), NOW),
        store.people.forget(ANA),
    ):
        changes.clear()
        await write
        assert changes == {ANA: NO_SURFACES}
