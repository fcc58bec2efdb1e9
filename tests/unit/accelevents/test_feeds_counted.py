"""What operators see of feeds: how many are open, and how each is."""

from feed_harness import ANA, SOON, Ear, Hall, MakeLink, OpenFeed
from prometheus_client import REGISTRY

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.sandbox.serving import serving

BEN = Person(TeamId("T1"), UserId("U2"))


def seen(name: str) -> float:
    return REGISTRY.get_sample_value(f"slackbot_{name}") or 0.0


async def test_feeds_are_counted_while_they_are_open(
    ear: Ear, make_feed: OpenFeed, a_link: MakeLink
):
    """Up with each that connects, down with each that is lost or closed; coming back is noted."""
    hall, before, back = Hall(), seen("feeds_open"), seen("feed_reconnects_total")
    async with serving(hall.app) as url:
        feed = make_feed(url)
        for person in (ANA, BEN):
            feed.open(a_link(person=person), 11645)
            assert await feed.wait_connected(person, SOON)
        assert seen("feeds_open") == before + 2
        assert [health.connected for health in feed.healths()] == [True, True]
        assert seen("feed_reconnects_total") == back
        await hall.server.disconnect(hall.inside[0])
        await ear.until("connected U1", 2)
        assert seen("feed_reconnects_total") == back + 1
        assert seen("feeds_open") == before + 2
        await feed.close(ANA)
        assert seen("feeds_open") == before + 1
        assert len(feed.healths()) == 1
        await feed.aclose()
    assert seen("feeds_open") == before
