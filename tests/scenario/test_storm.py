"""Slack refuses for a while: everything is sent in the end, once."""

from __future__ import annotations

import asyncio

from slackbot.sandbox.slack import Fault

from .conftest import Mission, dms, waits_for_dms

PEOPLE = 10


async def test_a_storm_of_refusals(mission: Mission) -> None:
    """Matches made meanwhile are sent once Slack accepts them, with few requests in vain."""
    names = [f"p{number}" for number in range(PEOPLE)]
    for name in names:
        mission.add(name)
        await mission.link(name)
    refusals = Fault("chat.postMessage", times=4, error="ratelimited", retry_after=2)
    mission.slack.faults.order(refusals)
    before = len(mission.slack.calls)
    for name in names:  # every second one finds somebody waiting
        await mission.ask(mission.person(name), "/networking available 11645")
    people = [mission.person(name) for name in names]
    await asyncio.gather(*(waits_for_dms(person, 1, seconds=30) for person in people))
    posts = [c for c in mission.slack.calls[before:] if c.method == "chat.postMessage"]
    assert sum(call.ok for call in posts) == PEOPLE
    assert sum(not call.ok for call in posts) == 4
    messages = [await dms(person, "You're matched with") for person in people]
    assert [len(cards) for cards in messages] == [1] * PEOPLE
    pairs = [max(float(cards[0].id) for cards in messages[n : n + 2]) for n in range(0, PEOPLE, 2)]
    assert pairs[0] == min(pairs)
