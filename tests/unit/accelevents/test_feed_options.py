"""What is refused when a feed is set up."""

import asyncio
from typing import Any

import pytest
from feed_harness import MakeLink

from slackbot.accelevents.feeds import FeedOptions, SocketFeed


def test_opening_needs_a_listener(clock: Any, a_link: MakeLink):
    """Opening before anybody listens is a mistake of the program, and said."""

    async def early() -> None:
        feed = SocketFeed(FeedOptions(), clock)
        try:
            feed.open(a_link(), 1)
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
    """A malformed option is refused when it is given, and named."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        FeedOptions(**fields)
