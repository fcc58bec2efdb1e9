"""Metrics of the feeds: how many are open, and how often they reconnected."""

from prometheus_client import REGISTRY

from slackbot.domain.model import Person, TeamId, UserId
from slackbot.sandbox.serving import serving

from .feed_harness import ANA, TIMEOUT, FeedFactory, LinkFactory, Recorder, SocketServer

BEN = Person(TeamId("T1"), UserId("U2"))


def metric(name: str) -> float:
    return REGISTRY.get_sample_value(f"slackbot_{name}") or 0.0


async def test_feeds_are_counted_while_they_are_open(
    recorder: Recorder, make_feed: FeedFactory, make_link: LinkFactory
):
    """The gauge rises with each connect and falls with each loss; reconnects are counted."""
    server, before, back = SocketServer(), metric("feeds_open"), metric("feed_reconnects_total")
    async with serving(server.app) as url:
        feed = make_feed(url)
        for person in (ANA, BEN):
            feed.open(make_link(person=person), 11645)
            assert await feed.wait_connected(person, TIMEOUT)
        assert metric("feeds_open") == before + 2
        assert [health.connected for health in feed.healths()] == [True, True]
        assert metric("feed_reconnects_total") == back
        await server.server.disconnect(server.connected[0])
        await recorder.until("connected U1", 2)
        assert metric("feed_reconnects_total") == back + 1
        assert metric("feeds_open") == before + 2
        await feed.close(ANA)
        assert metric("feeds_open") == before + 1
        assert len(feed.healths()) == 1
        await feed.aclose()
    assert metric("feeds_open") == before
