"""Tasks that outlive their caller, and one thing after the other for each person."""

from __future__ import annotations

import asyncio
import gc

import pytest
from structlog.testing import capture_logs

from slackbot.aio.tasks import BackgroundTasks, KeyedLocks
from slackbot.domain.errors import NotLinked
from tests.harness.fakes import ANA, BEN, until


async def fail(error: Exception) -> None:
    raise error


async def test_work_is_kept_until_it_is_done():
    """A task that nobody else holds is not lost to the garbage collector."""
    background, done = BackgroundTasks(), []

    async def work() -> None:
        await asyncio.sleep(0)
        gc.collect()
        done.append(True)

    background.start(work(), "work")
    await until(lambda: done)


async def test_an_expected_error_is_for_the_one_who_waits():
    """An error of the tree is raised to whoever awaits the task, and is no line in the log."""
    background = BackgroundTasks()
    with capture_logs() as logged:
        with pytest.raises(NotLinked):
            await background.start(fail(NotLinked()), "expected")
        await background.drain(1)
    assert logged == []


async def test_a_defect_is_logged_by_the_name_of_its_task():
    """Nobody may be waiting for the task, so an error that nobody foresaw is logged."""
    background = BackgroundTasks()
    with capture_logs() as logged:
        background.start(fail(ZeroDivisionError()), "broken")
        await background.drain(1)
    assert [(entry["event"], entry["task"]) for entry in logged] == [
        ("background_failed", "broken")
    ]


async def test_draining_lets_work_finish():
    """Work under way, and work that it starts on its way, is done when draining ends."""
    background, done = BackgroundTasks(), []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        background.start(second(), "second")
        done.append("first")

    background.start(first(), "first")
    await background.drain(5)
    assert done == ["first", "second"]
    await background.drain(5)


async def test_draining_does_not_wait_for_ever():
    """What is not done in time is cancelled, and has ended when draining ends."""
    background, ended = BackgroundTasks(), []

    async def stuck() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(True)

    with capture_logs() as logged:
        background.start(stuck(), "stuck")
        await asyncio.sleep(0)
        await background.drain(0)
    assert ended == [True]
    assert logged == []


async def test_one_person_one_lock():
    """The same person's changes wait for each other, another's do not; unused locks go."""
    locks = KeyedLocks()
    async with locks.of(ANA):
        assert locks.of(ANA).locked()
        assert not locks.of(BEN).locked()
    gc.collect()
    assert not locks.of(ANA).locked()
