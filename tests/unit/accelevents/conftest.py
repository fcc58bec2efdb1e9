"""Fixtures for the client and the feed."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed
from slackbot.aio.backoff import ExponentialBackoff
from slackbot.domain.model import AuthScheme, Epoch, EventSlug, Link, Person, TeamId, UserId
from slackbot.sandbox.serving import serving

from .feed_harness import FeedFactory, Recorder
from .platform_server import PlatformServer

NOON = datetime(2021, 12, 20, 12, 0, tzinfo=UTC)


class StoppedClock:
    """A clock that stands at noon; sleeping takes no time and is recorded."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return NOON

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def make_link() -> Callable[..., Link]:
    """Return a factory of links of one person; fields can be overridden."""

    def make(**fields: object) -> Link:
        values = {
            "person": Person(TeamId("T1"), UserId("U1")),
            "person_epoch": Epoch("e" * 16),
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
async def platform() -> AsyncIterator[PlatformServer]:
    platform = PlatformServer()
    methods = ["GET", "PUT", "POST"]
    async with serving(
        Starlette(routes=[Route("/{path:path}", platform.handle, methods=methods)])
    ) as url:
        platform.url = url
        yield platform


@pytest.fixture
async def client(platform: PlatformServer, clock: Any) -> AsyncIterator[AcceleventsClient]:
    client = AcceleventsClient(PlatformOptions(api_url=platform.url), clock)
    yield client
    await client.aclose()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def make_feed(recorder: Recorder, clock: Any) -> AsyncIterator[FeedFactory]:
    """Return a factory of feeds that reconnect quickly and are closed afterwards."""
    async with AsyncExitStack() as feeds:

        def make(url: str, **options: Any) -> SocketFeed:
            fast = {"backoff": ExponentialBackoff(0.01, 0.05)}
            feed = SocketFeed(FeedOptions(socket_url=url, **(fast | options)), clock, recorder)
            feeds.push_async_callback(feed.aclose)
            return feed

        yield make
