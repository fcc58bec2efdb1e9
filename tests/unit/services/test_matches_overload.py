"""Very many matches at once."""

from __future__ import annotations

import asyncio

import pytest

from slackbot.domain.model import Match, Person, UserId
from slackbot.services.matches import STORES_AT_ONCE
from tests.harness.fakes import ANA, TEA, connect, link, report
from tests.harness.services import Harness


async def test_of_many_at_once_some_are_stored_and_the_others_wait_in_order(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
):
    """A crowd's matches are not all stored before the first is sent."""
    people = [Person(ANA.team, UserId(f"U{number:02}")) for number in range(3 * STORES_AT_ONCE)]
    for person in people:
        await connect(harness.store, link(person))
    begun, under_way, most = list[Person](), 0, 0
    add = harness.store.matches.add

    async def counted(match: Match) -> bool:
        nonlocal under_way, most
        begun.append(match.person)
        under_way += 1
        most = max(most, under_way)
        try:
            return await add(match)
        finally:
            under_way -= 1

    monkeypatch.setattr(harness.store.matches, "add", counted)
    seen = [report(session_id=TEA)]
    await asyncio.gather(*(harness.matches.receive(link(person), seen) for person in people))
    assert 1 < most <= STORES_AT_ONCE
    assert set(begun[:STORES_AT_ONCE]) == set(people[:STORES_AT_ONCE])
    assert len(begun) == len(people)
