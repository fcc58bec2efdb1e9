"""Background tasks, single-flight work, keyed locks and periodic work."""

from __future__ import annotations

import asyncio
import gc

import pytest
from structlog.testing import capture_logs

from slackbot.aio.tasks import (
    BackgroundTasks,
    EndlessTasks,
    KeyedLocks,
    SingleFlight,
    every,
    spread,
)
from tests.harness.fakes import FakeClock, until


class Expected(Exception):
    """An error that is handled where the task is awaited."""


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
    """An expected error is raised where the task is awaited, and is not logged."""
    background = BackgroundTasks(expected=(Expected,))
    with capture_logs() as logged:
        with pytest.raises(Expected):
            await background.start(fail(Expected()), "expected")
        await background.drain(1)
    assert logged == []


async def test_a_defect_is_logged_by_the_name_of_its_task():
    """Nobody may be waiting for the task, so an unexpected error is logged."""
    background = BackgroundTasks()
    with capture_logs() as logged:
        background.start(fail(ZeroDivisionError()), "broken")
        await background.drain(1)
    assert [(entry["event"], entry["task"]) for entry in logged] == [
        ("background_failed", "broken")
    ]


@pytest.mark.parametrize("seconds", [5, None])
async def test_draining_lets_work_finish(seconds: float | None):
    """Running work, and work that it starts, is done when draining ends."""
    background, done = BackgroundTasks(), []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        background.start(second(), "second")
        done.append("first")

    background.start(first(), "first")
    await background.drain(seconds)
    assert done == ["first", "second"]
    await background.drain(seconds)


async def test_draining_has_a_limit():
    """Work that is not done in time is cancelled, and has ended when draining ends."""
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


async def test_work_under_way_is_shared():
    """While work for a key runs, asking for it again gives the same task; other keys run too."""
    flights, runs = SingleFlight[str, int](BackgroundTasks(), "work"), []

    async def work() -> int:
        await asyncio.sleep(0)
        runs.append(True)
        return len(runs)

    first, second, other = (flights.start(key, work) for key in ("a", "a", "b"))
    assert await asyncio.gather(first, second) == [1, 1]
    assert await other == 2


async def test_finished_work_is_begun_again():
    """Once the work for a key has ended, well or not, asking for it runs it again."""
    flights = SingleFlight[str, None](BackgroundTasks(expected=(Expected,)), "work")
    for _ in range(2):
        with pytest.raises(Expected):
            await flights.start("a", lambda: fail(Expected()))


async def test_one_lock_a_key():
    """Holders of the same key wait for each other, of another key do not; unused locks go."""
    locks = KeyedLocks[str]()
    async with locks.of("a"):
        assert locks.of("a").locked()
        assert not locks.of("b").locked()
    gc.collect()
    assert not locks.of("a").locked()


async def test_periodic_work_runs_until_it_is_cancelled():
    """Work runs at once, then after each pause; cancelling ends it."""
    clock, runs = FakeClock(), []

    async def work() -> None:
        runs.append(clock.now())

    begun = clock.now()
    task = asyncio.create_task(every(10, work, name="work", sleep=clock.sleep))
    for _ in range(26):
        await until(lambda: clock.sleepers)
        clock.advance(1)
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(at - begun).total_seconds() for at in runs] == [0, 10, 20]


async def test_periodic_work_outlives_its_failures():
    """A failed run is logged, with a traceback unless it was expected, and the next one comes."""
    errors = [Expected(), ZeroDivisionError()]
    done = asyncio.Event()

    async def work() -> None:
        if errors:
            raise errors.pop(0)
        done.set()

    with capture_logs() as logged:
        task = asyncio.create_task(every(0, work, name="work", expected=(Expected,)))
        await done.wait()
        task.cancel()
    assert [(line["event"], line["log_level"], line.get("reason")) for line in logged] == [
        ("periodic_work_postponed", "warning", "Expected"),
        ("periodic_work_failed", "error", None),
    ]
    assert [bool(line.get("exc_info")) for line in logged] == [False, True]


async def test_an_endless_task_that_ends_is_noticed():
    """It is logged and shown, and the others go on."""
    tasks = EndlessTasks()

    async def ends() -> None:
        raise ZeroDivisionError

    async def goes_on() -> None:
        await asyncio.Event().wait()

    tasks.start(goes_on(), "other")
    await asyncio.sleep(0)
    assert tasks.are_running
    with capture_logs() as logged:
        tasks.start(ends(), "rounds")
        await until(lambda: not tasks.are_running)
    assert [(line["event"], line["task"]) for line in logged] == [("endless_task_ended", "rounds")]
    [other] = [task for task in asyncio.all_tasks() if task.get_name() == "other"]
    assert not other.done()
    tasks.cancel()
    await asyncio.gather(other, return_exceptions=True)


async def test_a_long_loop_lets_others_run():
    """Everything else has its turn after each batch, and every item comes, in order."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    seen = [(item, turns) async for item in spread(range(250), at_once=100)]
    task.cancel()
    assert [item for item, _ in seen] == list(range(250))
    assert [turns for _, turns in seen[::50]] == [0, 0, 1, 1, 2]


async def test_nothing_endless_begins_after_the_end():
    """What a callback still starts when the process stops would meet closed databases."""
    tasks, begun = EndlessTasks(), []

    async def work() -> None:
        begun.append(1)

    tasks.cancel()
    tasks.start(work(), "late")
    await asyncio.sleep(0)
    assert begun == []
