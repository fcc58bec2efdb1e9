"""The sessions of Home are read seldom, a few at once, and for the right people."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from slackbot.domain.errors import ServerFailed, TokenRefused
from slackbot.domain.model import EventSlug, Link, Person, TeamId, UserId
from slackbot.services.programmes import CHANGED, PRESSED, Programmes
from tests.harness.fakes import ANA, BEN, COFFEE, NOON, TEA, link, session
from tests.harness.services import Harness

HOUR = timedelta(hours=1)
PEOPLE = [Person(TeamId("T1"), UserId(f"U{number:03}")) for number in range(100, 300)]


@pytest.fixture
def programmes(harness: Harness) -> Programmes:
    return Programmes(
        sessions=harness.sessions,
        clock=harness.clock,
        background=harness.background,
        changes=harness.changes,
    )


def live_titles(programmes: Programmes, made: Link) -> list[str]:
    return [each.title for each in programmes.get(made).live]


async def test_a_round_that_begins_reads_one_list(harness: Harness, programmes: Programmes):
    """Although it changes the Homes of everybody at once."""
    links = [await harness.linked(session(), person=person) for person in PEOPLE]
    for made in links:
        await programmes.refresh(made, PRESSED)
    harness.clock.advance(60)
    harness.journal.clear()
    await asyncio.gather(*(programmes.refresh(made, CHANGED) for made in links))
    assert harness.asked("sessions", "registered") == ["sessions live"]
    assert {title for made in links for title in live_titles(programmes, made)} == {"Coffee"}


async def test_the_sessions_of_the_new_event(harness: Harness, programmes: Programmes):
    """After connecting to another event, none of the earlier event's sessions are shown."""
    old = await harness.linked(session())
    await programmes.refresh(old, PRESSED)
    assert live_titles(programmes, old) == ["Coffee"]
    new = link(event=EventSlug("other"), credential_digest="e" * 64)
    await harness.store.links.save(new)
    harness.platform.programme = [session(99, "Of the other event")]
    assert live_titles(programmes, new) == []
    await programmes.refresh(new, CHANGED)
    assert live_titles(programmes, new) == ["Of the other event"]


async def test_each_person_has_joined_their_own(harness: Harness, programmes: Programmes):
    """A private session is shown only to those who have joined it, whatever login read the list."""
    private = session(7, "Circle", private=True)
    later = session(8, "Later", starts_at=NOON + HOUR)
    harness.platform.registered = [
        replace(each, registered=True) for each in (private, session(TEA, "Tea"), later)
    ]
    ana = await harness.linked(session(), session(TEA, "Tea", registered=True), private)
    await programmes.refresh(ana, PRESSED)
    harness.platform.registered = []
    ben = await harness.linked(*harness.platform.programme, person=BEN)
    await programmes.refresh(ben, PRESSED)
    assert harness.asked("sessions") == ["sessions live"]
    seen = {each.id: each.registered for each in programmes.get(ana).live}
    assert seen == {COFFEE: False, TEA: True, private.id: True}
    assert [each.title for each in programmes.get(ana).joined] == ["Later"]
    assert {each.id: each.registered for each in programmes.get(ben).live} == {
        COFFEE: False,
        TEA: False,
    }


async def test_joining_is_read_again(harness: Harness, programmes: Programmes):
    """What the person has joined by a command is seen at the next change."""
    made = await harness.linked(session())
    await programmes.refresh(made, PRESSED)
    harness.clock.advance(1)
    await harness.sessions.join(ANA, "Coffee")
    assert ANA in await harness.changes.take()
    harness.platform.registered = [session(registered=True)]
    await programmes.refresh(made, CHANGED)
    assert [each.registered for each in programmes.get(made).live] == [True]


async def test_a_login_that_is_refused_concerns_its_person_alone(
    harness: Harness, programmes: Programmes
):
    """Another who waits for the same list reads it with their own login."""
    ana, ben = await harness.linked(session()), await harness.linked(session(), person=BEN)
    harness.platform.errors["sessions"].append(TokenRefused(status=401))
    await asyncio.gather(programmes.refresh(ana, PRESSED), programmes.refresh(ben, PRESSED))
    assert live_titles(programmes, ben) == ["Coffee"]
    assert programmes.get(ben).is_known


async def test_what_was_read_stays_while_the_platform_fails(
    harness: Harness, programmes: Programmes
):
    """It is shown as such, and changes don't ask again for a while; a person who waits does."""
    made = await harness.linked(session())
    await programmes.refresh(made, PRESSED)
    harness.clock.advance(60)
    harness.platform.errors["sessions"].append(ServerFailed(status=503))
    await programmes.refresh(made, CHANGED)
    assert (live_titles(programmes, made), programmes.get(made).is_known) == (["Coffee"], False)
    harness.journal.clear()
    harness.clock.advance(1)
    await programmes.refresh(made, CHANGED)
    assert harness.asked("sessions") == []
    await programmes.refresh(made, PRESSED)
    assert programmes.get(made).is_known
