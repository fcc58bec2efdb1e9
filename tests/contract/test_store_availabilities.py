"""Promises of the repository of availabilities."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from store_samples import (
    ANA,
    BEN,
    NAMESAKE,
    NOW,
    SUMMIT,
    TEAM,
    availability,
    link,
    pairing,
)

from slackbot.domain.model import (
    SessionId,
    Source,
    State,
)
from slackbot.domain.stores import Store
from tests.harness.fakes import connect


async def test_an_availability_comes_back_as_it_was_saved(store: Store):
    """One availability per person, replaced whole; those of a workspace come oldest first."""
    await connect(store, link(), link(BEN))
    await store.availabilities.save(availability())
    assert await store.availabilities.get(ANA) == availability()
    later = availability(
        since=NOW + timedelta(minutes=1), session_ends_at=None, state=State.IN_MEETING
    )
    await store.availabilities.save(later)
    await store.availabilities.save(availability(BEN))
    assert await store.availabilities.list_all(TEAM) == [availability(BEN), later]


async def test_the_state_changes_only_in_the_same_session(store: Store):
    """A state set for a session that was left or has ended changes nothing."""
    session = availability().session_id
    await store.links.save(link())
    assert not await store.availabilities.set_state(ANA, session, State.IN_MEETING)
    await store.availabilities.save(availability())
    assert not await store.availabilities.set_state(ANA, SessionId(1), State.IN_MEETING)
    assert await store.availabilities.get(ANA) == availability()
    assert await store.availabilities.set_state(ANA, session, State.IN_MEETING)
    assert await store.availabilities.get(ANA) == availability(state=State.IN_MEETING)


async def test_a_confirmation_is_of_one_availability(store: Store):
    """It changes neither a later availability in the session nor one in another session."""
    await store.links.save(link())
    unconfirmed = availability(confirmed=False)
    await store.availabilities.save_confirmed(unconfirmed)
    assert await store.availabilities.get(ANA) is None
    await store.availabilities.save(availability())
    await store.availabilities.save_confirmed(unconfirmed)
    assert await store.availabilities.get(ANA) == unconfirmed
    for other in (
        replace(unconfirmed, since=NOW + timedelta(minutes=1), confirmed=True),
        replace(unconfirmed, session_id=SessionId(1), confirmed=True),
    ):
        await store.availabilities.save_confirmed(other)
        assert await store.availabilities.get(ANA) == unconfirmed
    await store.availabilities.save_confirmed(availability())
    assert await store.availabilities.get(ANA) == availability()


async def test_a_cached_availability_is_never_older_than_a_change(store: Store):
    """A reader before and after a change sees the change, whichever it was."""
    seen, session = [], availability().session_id
    await store.links.save(link())
    for change in (
        store.availabilities.save(availability()),
        store.availabilities.set_state(ANA, session, State.IN_MEETING),
        store.availabilities.end(ANA),
        store.availabilities.save(availability()),
        store.links.save(link(event=SUMMIT)),
        store.availabilities.save(availability()),
        store.people.forget(ANA),
        connect(store, link()),
        store.availabilities.save(availability()),
        store.people.forget_workspace(TEAM),
    ):
        await store.availabilities.get(ANA)
        await change
        seen.append(await store.availabilities.get(ANA))
    kept, met = availability(), availability(state=State.IN_MEETING)
    assert seen == [kept, met, None, kept, None, kept, None, None, kept, None]


async def test_an_availability_is_ended_once(store: Store):
    """Of many concurrent callers exactly one ended it."""
    await store.links.save(link())
    await store.availabilities.save(availability())
    assert sum(await asyncio.gather(*(store.availabilities.end(ANA) for _ in range(20)))) == 1
    assert await store.availabilities.get(ANA) is None


async def test_a_session_has_the_title_of_an_availability(store: Store):
    """Of the person's own, or of another's in the workspace for whom it was read before."""
    here, there = availability(), availability(BEN, session_id=SessionId(8), session_title="Tea")
    session = (here.event, here.session_id)
    assert await store.availabilities.session_title(ANA, *session) == ""
    await connect(store, link(), link(BEN))
    for each in (here, there):
        await store.availabilities.save(each)
    assert await store.availabilities.session_title(ANA, here.event, SessionId(8)) == ""
    assert await store.availabilities.session_title(ANA, SUMMIT, here.session_id) == ""
    assert await store.availabilities.session_title(ANA, *session) == here.session_title
    assert await store.availabilities.session_title(BEN, *session) == here.session_title


async def test_a_baseline_is_added_once(store: Store):
    """Of two baselines the first counts, with all its matches; an ended availability has none."""
    await store.links.save(link())
    mine, unread = pairing(source=Source.BEFORE), availability(baseline_at=None)
    assert not await store.matches.add_baseline(unread, [mine], NOW)
    await store.availabilities.save(unread)
    elsewhere = availability(baseline_at=None, session_id=SessionId(1))
    assert not await store.matches.add_baseline(elsewhere, [mine], NOW)
    assert await store.matches.list_for(ANA, mine.event) == []
    tried = (store.matches.add_baseline(unread, [mine], NOW) for _ in range(5))
    assert sum(await asyncio.gather(*tried)) == 1
    assert [found.id for found in await store.matches.list_for(ANA, mine.event)] == [mine.id]
    assert await store.availabilities.get(ANA) == availability(baseline_at=NOW)


async def test_a_baseline_stays_in_its_session(store: Store):
    """Saved again without one, an availability keeps it; in another session it has none."""
    await store.links.save(link())
    await store.availabilities.save(availability(baseline_at=NOW))
    await store.availabilities.save(availability(baseline_at=None, state=State.IN_MEETING))
    assert await store.availabilities.get(ANA) == availability(
        baseline_at=NOW, state=State.IN_MEETING
    )
    moved = availability(baseline_at=None, session_id=SessionId(1))
    await store.availabilities.save(moved)
    assert await store.availabilities.get(ANA) == moved


async def test_an_unknown_account_has_no_baseline(store: Store):
    """A link that is not known to be of the same account clears it; any other keeps it."""
    kept = []
    for changes in (
        {"linked_at": NOW + timedelta(hours=1)},
        {"credential_digest": "e" * 64},
        {"credential_digest": "e" * 64, "account_id": None},
    ):
        await store.links.save(link())
        await store.availabilities.save(availability(baseline_at=NOW))
        await store.links.save(link(**changes))
        found = await store.availabilities.get(ANA)
        kept.append(found is not None and found.baseline_at is not None)
    await store.links.save(link(account_id=None, credential_digest="e" * 64))
    await store.availabilities.save(availability(baseline_at=NOW))
    await store.links.save(link(credential_digest="f" * 64))
    assert kept == [True, True, False]
    assert await store.availabilities.get(ANA) == availability(baseline_at=None)


async def test_the_end_of_a_session_is_corrected_for_all_who_are_there(store: Store):
    """Also if it was not known; the same session of another workspace or event keeps its own."""
    await connect(store, link(), link(BEN), link(NAMESAKE))
    elsewhere = availability(NAMESAKE)
    await store.availabilities.save(elsewhere)
    await store.availabilities.save(availability())
    await store.availabilities.save(availability(BEN, session_ends_at=None))
    later = NOW + timedelta(hours=3)
    here = TEAM, availability().event, availability().session_id
    assert await store.availabilities.get(ANA) == availability()
    assert await store.availabilities.set_session_end(*here, later) == 2
    assert await store.availabilities.set_session_end(*here, later) == 0
    assert await store.availabilities.set_session_end(TEAM, SUMMIT, here[2], NOW) == 0
    for person in (ANA, BEN):
        assert await store.availabilities.get(person) == availability(person, session_ends_at=later)
    assert await store.availabilities.get(NAMESAKE) == elsewhere
