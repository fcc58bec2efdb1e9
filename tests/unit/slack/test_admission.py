"""Requests that arrive together are handled in order, and none waits for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from slackbot.slack.inbound.admission import LIMIT, WAIT_SECONDS, ConcurrencyLimiter
from slackbot.slack.request_context import HELD_SECONDS, arrived_at, hold_slot_for

MANY = 3 * LIMIT
A_WHILE = 60.0


class Requests:
    """Requests that arrive together; the test ends the work of each."""

    def __init__(self) -> None:
        self.limiter = ConcurrencyLimiter()
        self.started: list[int] = []
        self.work: dict[int, asyncio.Future[None]] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def arrive(self, number: int, *, arrived: float | None = None) -> None:
        """Handle one more, which arrived at this time of the monotonic clock."""
        self.work[number] = asyncio.get_running_loop().create_future()

        async def serve() -> None:
            arrived_at.set(time.monotonic() if arrived is None else arrived)
            async with self.limiter.slot():
                self.started.append(number)
                hold_slot_for(asyncio.create_task(self._run(number)))

        self.tasks.append(asyncio.create_task(serve()))

    async def _run(self, number: int) -> None:
        await self.work[number]

    def finish(self, number: int) -> None:
        """Deliver its answer."""
        self.work[number].set_result(None)

    async def settle(self) -> None:
        """Let everything happen that needs no time to pass."""
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
async def requests() -> AsyncIterator[Requests]:
    requests = Requests()
    yield requests
    for task in requests.tasks:
        task.cancel()


async def test_requests_start_up_to_the_limit(requests: Requests) -> None:
    """The others wait."""
    for number in range(MANY):
        requests.arrive(number)
    await requests.settle()
    assert requests.started == list(range(LIMIT))


async def test_a_finished_request_makes_room_for_the_next(requests: Requests) -> None:
    """In order of arrival, in any order of finishing."""
    for number in range(MANY):
        requests.arrive(number)
    await requests.settle()
    for number in (7, 2, 11):
        requests.finish(number)
        await requests.settle()
    assert requests.started == list(range(LIMIT + 3))


async def test_the_first_reply_alone_does_not_make_room(requests: Requests) -> None:
    """A click holds its slot until its answer is delivered, not until it is acknowledged."""
    for number in range(LIMIT + 1):
        requests.arrive(number)
    await requests.settle()
    assert all(task.done() for task in requests.tasks[:LIMIT]), "their first replies are made"
    assert LIMIT not in requests.started


async def test_a_slow_platform_frees_the_slots(requests: Requests) -> None:
    """A request that waits for the platform delays no other."""
    began = time.monotonic()
    for number in range(MANY):
        requests.arrive(number, arrived=began + A_WHILE)  # so that no wait for a slot runs out
    async with asyncio.timeout(A_WHILE):
        await asyncio.gather(*requests.tasks)
    assert requests.started == list(range(MANY))
    assert time.monotonic() - began >= (MANY // LIMIT - 1) * HELD_SECONDS


async def test_no_request_waits_longer_than_slack_allows(requests: Requests) -> None:
    """Even under load, a request starts a second after it arrived."""
    for number in range(LIMIT):
        requests.arrive(number)
    await requests.settle()
    requests.arrive(MANY, arrived=time.monotonic() - WAIT_SECONDS)
    requests.arrive(MANY + 1, arrived=time.monotonic())
    await asyncio.wait_for(requests.tasks[LIMIT], A_WHILE)
    assert MANY in requests.started
    assert MANY + 1 not in requests.started


async def test_a_slot_is_released_once(requests: Requests) -> None:
    """A request that finishes after its slot was released does not release another."""
    for number in range(LIMIT):
        requests.arrive(number)
    await asyncio.sleep(2 * HELD_SECONDS)
    for number in range(LIMIT):
        requests.finish(number)
    await requests.settle()
    for number in range(LIMIT, 3 * LIMIT):
        requests.arrive(number)
    await requests.settle()
    assert len(requests.started) == 2 * LIMIT


async def test_an_error_releases_the_slot() -> None:
    """A broken request costs no other its slot."""
    limiter = ConcurrencyLimiter()
    for _ in range(2 * LIMIT):
        with pytest.raises(ZeroDivisionError):
            async with limiter.slot():
                raise ZeroDivisionError


async def test_work_without_a_slot_runs() -> None:
    """Not all work belongs to a request."""
    hold_slot_for(asyncio.create_task(asyncio.sleep(0)))
