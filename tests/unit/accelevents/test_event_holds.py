"""`Retry-After` holds back everybody's requests to the event, and nobody else's."""

from datetime import timedelta
from typing import Any

import pytest

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.event_holds import (
    MAX_EVENTS,
    MAX_HOLD_SECONDS,
    MAX_WAIT_SECONDS,
    SPREAD_SECONDS,
    EventHolds,
)
from slackbot.domain import errors
from slackbot.domain.model import EventSlug
from tests.harness.services import Latest

from .platform_server import LinkFactory, PlatformServer, call, response

DEMO, EXPO = EventSlug("demo"), EventSlug("expo")


class MovingClock:
    """A clock that moves on while somebody sleeps."""

    def __init__(self, start: Any) -> None:
        self.time, self.sleeps = start, []

    def now(self) -> Any:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def moving(clock: Any) -> MovingClock:
    return MovingClock(clock.now())


@pytest.fixture
def holds(moving: MovingClock) -> EventHolds:
    return EventHolds(moving, Latest())


async def test_a_hold_ends(holds: EventHolds, moving: MovingClock):
    """A request waits for the rest of the hold, spread at its end; the next one does not."""
    holds.hold(DEMO, 4.0)
    moving.time += timedelta(seconds=1)
    await holds.wait(DEMO)
    await holds.wait(DEMO)
    assert moving.sleeps == [3.0 + SPREAD_SECONDS]


async def test_the_longest_hold_counts(holds: EventHolds, moving: MovingClock):
    """A shorter one that comes later changes nothing."""
    holds.hold(DEMO, 5.0)
    holds.hold(DEMO, 2.0)
    await holds.wait(DEMO)
    assert moving.sleeps == [5.0 + SPREAD_SECONDS]


async def test_a_long_hold_is_told_at_once(holds: EventHolds, moving: MovingClock):
    """Nobody waits longer than a person would, and no hold lasts as long as was asked for."""
    holds.hold(DEMO, 86_400.0)
    with pytest.raises(errors.RateLimited):
        await holds.wait(DEMO)
    assert moving.sleeps == []
    moving.time += timedelta(seconds=MAX_HOLD_SECONDS - MAX_WAIT_SECONDS)
    await holds.wait(DEMO)
    assert moving.sleeps == [MAX_WAIT_SECONDS + SPREAD_SECONDS]


async def test_holds_of_many_events_are_bounded(holds: EventHolds, moving: MovingClock):
    """What is over is forgotten."""
    for number in range(2 * MAX_EVENTS):
        holds.hold(EventSlug(f"e{number}"), 1.0)
        moving.time += timedelta(seconds=1)
    assert len(holds._until) <= MAX_EVENTS


@pytest.mark.parametrize("status", [429, 503])
async def test_one_persons_answer_binds_the_event(
    platform: PlatformServer, make_link: LinkFactory, moving: MovingClock, status: int
):
    """Everybody's next request to the event waits; another event's does not."""
    client = AcceleventsClient(options=PlatformOptions(api_url=platform.url), clock=moving)
    platform.responses = [response(status, None, retry_after="7"), response(body=[])]
    with pytest.raises(errors.Unavailable):
        await call(client, "join", make_link())
    await client.matches(make_link(event=EXPO), 1)
    assert moving.sleeps == []
    await client.matches(make_link(account_id=502), 1)
    await client.aclose()
    (slept,) = moving.sleeps
    assert 7.0 <= slept <= 7.0 + SPREAD_SECONDS


async def test_during_a_long_hold_nothing_is_sent(
    platform: PlatformServer, make_link: LinkFactory, moving: MovingClock
):
    """The platform is not asked, and the caller learns why at once."""
    client = AcceleventsClient(options=PlatformOptions(api_url=platform.url), clock=moving)
    platform.responses = [response(429, None, retry_after="50"), response(body=[])]
    for name in ("matches", "join", "status", "sessions"):
        with pytest.raises(errors.RateLimited):
            await call(client, name, make_link())
    await client.aclose()
    assert len(platform.requests) == 1
