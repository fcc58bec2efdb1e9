"""Options of a feed that are refused."""

from typing import Any

import pytest

from slackbot.accelevents.feed_options import FeedOptions


@pytest.mark.parametrize(
    "fields",
    [
        {"socket_url": "api.accelevents.com"},
        {"namespace": "live"},
        {"socket_auth": ()},
        {"socket_auth": ("cookie",)},
        {"events": ()},
        {"hello": "join {"},
        {"hello": "disconnect"},
    ],
)
def test_options_that_cannot_be_used(fields: dict[str, Any]):
    """A malformed option is refused at once, and named."""
    with pytest.raises(ValueError, match=next(iter(fields))):
        FeedOptions(**fields)
