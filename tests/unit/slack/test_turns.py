"""Inputs that come together are taken up in order of arrival, and none waits for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from slackbot.slack.inbound.admission import (
    AT_ONCE,
    HELD_SECONDS,
    WAIT_SECONDS,
    ConcurrencyLimiter,
    hold_slot_for,
)
from slackbot.slack.inbound.http import arrived_at

MANY = 3 * AT_ONCE
A_WHILE = 60.0


class Inputs:
    """Inputs that came together; what each still does is ended by hand."""

    def __init__(self) -> None:
        self.turns = ConcurrencyLimiter()
        self.begun: list[int] = []
        self.going_on: dict[int, asyncio.Future[None]] = {}
        self.tasks: list[asyncio.Task[None]] = []

    def come(self, number: int, *, arrived: float | None = None) -> None:
        """One more comes, at this moment of the monotonic clock."""
        self.going_on[number] = asyncio.get_running_loop().create_future()

        async def serve() -> None:
            arrived_at.set(time.monotonic() if arrived is None else arrived)
            async with self.turns.turn():
                self.begun.append(number)
                hold_slot_for(asyncio.create_task(self._work(number)))

        self.tasks.append(asyncio.create_task(serve()))

    async def _work(self, number: int) -> None:
        await self.going_on[number]

    def is_served(self, number: int) -> None:
        """Its answer is brought."""
        self.going_on[number].set_result(None)

    async def settle(self) -> None:
        """Let happen what can happen without time going by."""
        for _ in range(10):
            await asyncio.sleep(0)


@pytest.fixture
async def inputs() -> AsyncIterator[Inputs]:
    inputs = Inputs()
    yield inputs
    for task in inputs.tasks:
        task.cancel()


async def test_so_many_are_begun_as_there_are_places(inputs: Inputs) -> None:
    """The others wait, whoever they are."""
    for number in range(MANY):
        inputs.come(number)
    await inputs.settle()
    assert inputs.begun == list(range(AT_ONCE))


async def test_who_is_served_makes_room_for_who_came_next(inputs: Inputs) -> None:
    """In order of arrival, whatever the order in which they are served."""
    for number in range(MANY):
        inputs.come(number)
    await inputs.settle()
    for number in (7, 2, 11):
        inputs.is_served(number)
        await inputs.settle()
    assert inputs.begun == list(range(AT_ONCE + 3))


async def test_the_first_reply_alone_does_not_make_room(inputs: Inputs) -> None:
    """A click is served when its result is there, and not when it is acknowledged."""
    for number in range(AT_ONCE + 1):
        inputs.come(number)
    await inputs.settle()
    assert all(task.done() for task in inputs.tasks[:AT_ONCE]), "their first replies are made"
    assert AT_ONCE not in inputs.begun


async def test_whoever_waits_for_others_does_not_keep_a_place(inputs: Inputs) -> None:
    """A platform that takes its time holds nobody up but who asked it."""
    began = time.monotonic()
    for number in range(MANY):
        inputs.come(number, arrived=began + A_WHILE)  # so that none goes on for having waited
    async with asyncio.timeout(A_WHILE):
        await asyncio.gather(*inputs.tasks)
    assert inputs.begun == list(range(MANY))
    assert time.monotonic() - began >= (MANY // AT_ONCE - 1) * HELD_SECONDS


async def test_none_waits_for_longer_than_is_good_for_slack(inputs: Inputs) -> None:
    """However crowded it is, an input goes on a second after it arrived."""
    for number in range(AT_ONCE):
        inputs.come(number)
    await inputs.settle()
    inputs.come(MANY, arrived=time.monotonic() - WAIT_SECONDS)
    inputs.come(MANY + 1, arrived=time.monotonic())
    await asyncio.wait_for(inputs.tasks[AT_ONCE], A_WHILE)
    assert MANY in inputs.begun
    assert MANY + 1 not in inputs.begun


async def test_a_place_is_given_back_once(inputs: Inputs) -> None:
    """Whoever is served after having been passed by does not make room a second time."""
    for number in range(AT_ONCE):
        inputs.come(number)
    await asyncio.sleep(2 * HELD_SECONDS)
    for number in range(AT_ONCE):
        inputs.is_served(number)
    await inputs.settle()
    for number in range(AT_ONCE, 3 * AT_ONCE):
        inputs.come(number)
    await inputs.settle()
    assert len(inputs.begun) == 2 * AT_ONCE


async def test_what_a_listener_raises_gives_its_place_back() -> None:
    """A broken input costs nobody their turn."""
    turns = ConcurrencyLimiter()
    for _ in range(2 * AT_ONCE):
        with pytest.raises(ZeroDivisionError):
            async with turns.turn():
                raise ZeroDivisionError


async def test_outside_of_any_turn_work_goes_on_as_well() -> None:
    """Not all work belongs to an input."""
    hold_slot_for(asyncio.create_task(asyncio.sleep(0)))
