"""People who do not react to two matches are asked once, and paused."""

from __future__ import annotations

from slackbot.domain.notices import StillThere
from tests.harness.fakes import ANA, COFFEE, YAN, ZOE, report
from tests.harness.services import Harness


async def two_matches(harness: Harness) -> None:
    await harness.available()
    for number, partner in enumerate((ZOE, YAN)):
        harness.clock.advance(60)
        harness.feed.send(ANA, report(partner, meeting_digest=f"{number}" * 64))
        await harness.quiet()


async def tick(harness: Harness) -> None:
    await harness.reactions.flush()
    await harness.reactions.tick(ANA.team)
    await harness.quiet()


def asked(harness: Harness) -> int:
    return sum(isinstance(notice, StillThere) for notice in harness.sent())


async def test_who_does_not_react_is_paused_once(harness: Harness) -> None:
    """When the second round is over, and the platform hears that they have left."""
    await two_matches(harness)
    await tick(harness)
    assert asked(harness) == 0
    harness.clock.advance(600)
    await tick(harness)
    await tick(harness)
    assert asked(harness) == 1
    assert f"status {COFFEE} LEFT" in harness.journal
    assert await harness.store.availabilities.get(ANA) is None


async def test_who_is_in_a_third_round_is_not_paused(harness: Harness) -> None:
    """They may be talking in the browser; that round is looked at once it is over."""
    await two_matches(harness)
    harness.clock.advance(600)
    [found] = await harness.store.availabilities.list_unanswered(ANA.team, harness.clock.now(), 2)
    harness.feed.send(ANA, report(ZOE, meeting_digest="9" * 64))
    await harness.quiet()
    await tick(harness)
    await harness.reactions._pause(found)  # as if they were paired after the search
    assert asked(harness) == 0
    assert await harness.store.availabilities.get(ANA) is not None
    harness.clock.advance(600)
    await tick(harness)
    assert asked(harness) == 1


async def test_any_reaction_counts(harness: Harness) -> None:
    """Also one that is not stored yet; it starts the count again."""
    await two_matches(harness)
    harness.clock.advance(600)
    harness.reactions.add(ANA)
    await harness.reactions.tick(ANA.team)
    assert asked(harness) == 0
    await tick(harness)
    harness.feed.send(ANA, report(ZOE, meeting_digest="7" * 64))
    harness.clock.advance(600)
    await tick(harness)
    assert asked(harness) == 0


async def test_one_unanswered_match_is_no_reason(harness: Harness) -> None:
    """Somebody may be in the call, which the bot does not see."""
    await harness.available()
    harness.feed.send(ANA, report(ZOE))
    await harness.quiet()
    harness.clock.advance(3600)
    await tick(harness)
    assert asked(harness) == 0
