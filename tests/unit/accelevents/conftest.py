"""What the tests of the platform's side share."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from feed_harness import Ear, OpenFeed
from platform_peer import Peer
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.feeds import FeedOptions, SocketFeed
from slackbot.domain.model import AuthScheme, EventSlug, Link, Person, TeamId, UserId
from slackbot.sandbox.serving import serving

NOON = datetime(2021, 12, 20, 12, 0, tzinfo=UTC)


class StillClock:
    """It is always noon; waiting takes no time and is noted."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> datetime:
        return NOON

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def a_link() -> Callable[..., Link]:
    """Makes links of one person; fields may be given."""

    def make(**fields: object) -> Link:
        values = {
            "person": Person(TeamId("T1"), UserId("U1")),
            "event": EventSlug("demo"),
            "token": SecretStr("secret-of-ana"),
            "auth_scheme": AuthScheme.BARE,
            "linked_at": NOON,
            "credential_digest": "d",
            "account_id": 501,
        }
        return Link(**(values | fields))

    return make


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    methods = ["GET", "PUT", "POST"]
    async with serving(
        Starlette(routes=[Route("/{path:path}", peer.handle, methods=methods)])
    ) as url:
        peer.url = url
        yield peer


@pytest.fixture
async def client(peer: Peer, clock: Any) -> AsyncIterator[AcceleventsClient]:
    client = AcceleventsClient(PlatformOptions(api_url=peer.url), clock)
    yield client
    await client.aclose()


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def make_feed(ear: Ear, clock: Any) -> AsyncIterator[OpenFeed]:
    """Makes feeds that try again quickly, and closes them in the end."""
    async with AsyncExitStack() as feeds:

        def make(url: str, **options: Any) -> SocketFeed:
            quick = {"backoff_seconds": 0.01, "longest_backoff_seconds": 0.05}
            feed = SocketFeed(FeedOptions(socket_url=url, **(quick | options)), clock)
            feed.listen(ear)
            feeds.push_async_callback(feed.aclose)
            return feed

        yield make
