"""How feeds are shared among workers, whatever their numbers are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from slackbot.domain.workers import Role, fair_share, surplus

FEEDS = st.integers(0, 5000)
HOLDERS = st.integers(1, 60)


@given(FEEDS, HOLDERS)
def test_the_shares_have_room_for_every_feed(feeds: int, holders: int):
    """Together they are as many as there are feeds, and at most one each more than that."""
    share = fair_share(feeds, holders)
    assert feeds <= share * holders < feeds + holders


@given(FEEDS)
def test_nobody_there_takes_nothing(feeds: int):
    """Web processes alone hold no feeds."""
    assert fair_share(feeds, 0) == 0
    assert [role for role in Role if not role.holds_feeds] == [Role.WEB]


@given(FEEDS, HOLDERS)
def test_who_has_a_fair_share_keeps_it(mine: int, share: int):
    """Up to a twentieth too many, and never fewer than one, nothing moves."""
    assert surplus(share, share) == surplus(share + 1, share) == 0
    assert surplus(share + share // 20, share) == 0
    assert surplus(mine, share) in {0, mine - share}


@given(st.lists(st.integers(0, 400), min_size=1, max_size=12))
def test_sharing_comes_to_rest(held: list[int]):
    """Two rounds of giving up and taking: every feed is held once, and nobody gives up more."""
    total, share = sum(held), fair_share(sum(held), len(held))
    for _ in range(2):
        held = [mine - surplus(mine, share) for mine in held]
        free = total - sum(held)
        for number, mine in enumerate(held):
            taken = min(free, max(0, share - mine))
            held[number], free = mine + taken, free - taken
        assert free == 0
    assert sum(held) == total
    assert not any(surplus(mine, share) for mine in held)
