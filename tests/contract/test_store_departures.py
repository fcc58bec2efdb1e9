"""Promises of the repository of departures."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

from store_samples import ANA, BEN, EXPO, NOW, SUMMIT, TEAM, departure, link

from slackbot.domain.model import EventSlug
from slackbot.domain.stores import Store
from slackbot.storage.departures import MAX_DUE

LATER = NOW + timedelta(minutes=1)


async def test_departures_are_due_when_their_time_has_come(store: Store):
    """Those of all people, the longest overdue first; one a session, begun again if repeated."""
    for person in (ANA, BEN):
        await store.links.save(link(person))
    first, second, third = departure(number=1), departure(BEN), departure(number=2)
    for each, at in ((first, LATER), (second, NOW), (third, LATER + timedelta(minutes=1))):
        await store.departures.add(each, at)
    assert await store.departures.list_due(TEAM, NOW) == [second]
    assert await store.departures.list_due(TEAM, LATER) == [second, first]
    assert sorted(await store.departures.list_of(ANA), key=lambda left: left.session_id) == [
        first,
        third,
    ]
    again = replace(second, left_at=LATER)
    await store.departures.add(again, LATER)
    assert await store.departures.list_of(BEN) == [again]


async def test_all_departures_are_listed_due_or_not(store: Store):
    """Those of the whole workspace, however many they are."""
    for person in (ANA, BEN):
        await store.links.save(link(person))
    made = [departure(number=number) for number in range(MAX_DUE)]
    made.append(departure(BEN, left_at=LATER))
    for each in made:
        await store.departures.add(each, LATER)
    listed = await store.departures.list_all(TEAM)
    assert len(listed) == MAX_DUE + 1
    assert listed[-1] == made[-1]


async def test_a_try_is_made_by_one_process(store: Store):
    """Of many that find a departure due one claims it, and it is due again later."""
    await store.links.save(link())
    await store.departures.add(departure(), NOW)
    claims = await asyncio.gather(*(store.departures.claim(departure(), LATER) for _ in range(10)))
    assert sum(claims) == 1
    assert await store.departures.list_due(TEAM, NOW) == []
    assert await store.departures.list_due(TEAM, LATER) == [departure(tries=1)]


async def test_a_departure_ends_once(store: Store):
    """It is removed by one caller, and with the person's link."""
    await store.links.save(link())
    await store.departures.add(departure(), NOW)
    removed = (store.departures.remove(ANA, departure().session_id) for _ in range(10))
    assert sum(await asyncio.gather(*removed)) == 1
    await store.departures.add(departure(), NOW)
    await store.links.save(link(linked_at=LATER))
    assert await store.departures.list_of(ANA) == [departure()]
    await store.people.forget(ANA)
    assert await store.departures.list_of(ANA) == []


async def test_a_departure_outlives_the_active_link_if_another_replaces_it(store: Store):
    """It is retried with the link that is among the others, until the last one is deleted."""
    await store.links.save(link(event=SUMMIT))
    await store.links.save(link())
    await store.departures.add(departure(), LATER)
    await store.other_links.activate(ANA, SUMMIT, NOW)
    assert await store.departures.list_due(TEAM, LATER) == [departure()]
    await store.links.save(link(event=EventSlug("fair")))
    await store.other_links.remove(ANA, EventSlug("fair"), NOW)
    assert await store.departures.list_due(TEAM, NOW) == []
    assert await store.departures.list_due(TEAM, LATER) == [departure()]
    for event in (EXPO, SUMMIT):
        await store.other_links.remove(ANA, event, NOW)
    assert await store.departures.list_of(ANA) == []
