"""Options and uses of a feed that are refused."""

import asyncio
from typing import Any

import pytest

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed

from .feed_harness import LinkFactory


def test_opening_needs_a_listener(clock: Any, make_link: LinkFactory):
    """Opening a feed before anybody listens raises an error."""

    async def early() -> None:
        feed = SocketFeed(FeedOptions(), clock)
        try:
            feed.open(make_link(), 1)
        finally:
            await feed.aclose()

    with pytest.raises(RuntimeError):
        asyncio.run(early())


@pytest.mark.parametrize(
    "fields",
    [
        {"socket_url": "api.accelevents.com"},
        {"namespace": "live"},
        {"socket_auth": ()},
        {"socket_auth": ("cookie",)},
        {"events": ()},
        {"events": ("connect",)},
        {"hello": "join {"},
        {"hello": "disconnect"},
    ],
)
def test_options_that_cannot_be_used(fields: dict[str, Any]):
    """A malformed option is refused at once, and named."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        FeedOptions(**fields)
