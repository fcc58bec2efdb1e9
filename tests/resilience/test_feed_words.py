"""Each kind of failure has its reason in the feed's health."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed
from slackbot.aio.backoff import ExponentialBackoff
from slackbot.bootstrap.adapters import SystemClock
from slackbot.domain.feed_events import FeedEvent, MatchesReported
from slackbot.domain.model import (
    AuthScheme,
    Epoch,
    EventSlug,
    Link,
    Person,
    SessionId,
    TeamId,
    UserId,
)
from slackbot.sandbox.serving import serving

from .crowd import quick_platform, until
from .peers import WORDS, Peer, proxied

ADA = Person(TeamId("T0DEMO"), UserId("U0ADA"))


def link(token: str) -> Link:
    return Link(
        person=ADA,
        person_epoch=Epoch("e" * 16),
        event=EventSlug("demo"),
        token=SecretStr(token),
        auth_scheme=AuthScheme.BARE,
        linked_at=datetime.now(UTC),
        credential_digest="d",
    )


@pytest.mark.parametrize("peer", WORDS, ids=lambda peer: peer.name.lower())
async def test_every_failure_has_its_word(peer: Peer) -> None:
    """The reason stays while the failure lasts; afterwards the feed connects and reports."""
    platform = quick_platform()
    events: asyncio.Queue[FeedEvent] = asyncio.Queue()
    async with serving(platform.app) as url, proxied(url) as proxy:
        options = FeedOptions(
            socket_url=proxy.url,
            attempt_seconds=0.5,
            backoff=ExponentialBackoff(0.2, 0.2, random.Random()),
        )
        feed = SocketFeed(options, SystemClock(), events)
        feed.open(link(platform.token_for("ada")), SessionId(11645))
        assert await feed.wait_connected(ADA, 10)
        proxy.turn(peer)

        def word() -> str | None:
            health = feed.health(ADA)
            return health.failure if health is not None and not health.connected else None

        await until(f"the feed says {WORDS[peer]}", lambda: word() == WORDS[peer], 10)
        proxy.turn(Peer.GOOD)
        assert await feed.wait_connected(ADA, 10)
        await until("one connection", lambda: len(platform.sockets) == 1, 10)
        await platform.pair("ada", "priya")
        async with asyncio.timeout(10):
            while not isinstance(await events.get(), MatchesReported):
                pass
        await feed.aclose()
