"""Fair shares of feeds: any number of feeds among any number of workers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.workers import Role, fair_share, surplus

FEEDS = st.integers(0, 5000)
HOLDERS = st.integers(1, 60)


@given(FEEDS, HOLDERS)
def test_the_shares_have_room_for_every_feed(feeds: int, holders: int):
    """All shares together hold every feed, with less than one spare place per worker."""
    share = fair_share(feeds, holders)
    assert feeds <= share * holders < feeds + holders


@given(FEEDS)
def test_without_holders_the_share_is_zero(feeds: int):
    """The share of no worker is 0, and `web` is the only role that holds no feeds."""
    assert fair_share(feeds, 0) == 0
    assert [role for role in Role if not role.holds_feeds] == [Role.WEB]


@given(FEEDS, HOLDERS)
def test_a_fair_share_is_kept(owned: int, share: int):
    """A worker keeps up to a twentieth too many, at least one; else it releases all the surplus."""
    assert surplus(share, share) == surplus(share + 1, share) == 0
    assert surplus(share + share // 20, share) == 0
    assert surplus(owned, share) in {0, owned - share}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12))
def test_sharing_converges(held: list[int]):
    """After two rounds of releasing and claiming every feed is held, and none is surplus."""
    total, share = sum(held), fair_share(sum(held), len(held))
    for _ in range(2):
        held = [owned - surplus(owned, share) for owned in held]
        free = total - sum(held)
        for number, owned in enumerate(held):
            claimed = min(free, max(0, share - owned))
            held[number], free = owned + claimed, free - claimed
        assert free == 0
    assert sum(held) == total
    assert not any(surplus(owned, share) for owned in held)
