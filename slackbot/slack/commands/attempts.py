"""Run commands within their time, and repeat changes for which that was too short."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

import structlog

from slackbot.aio.deadline import MARGIN, Deadline, timeout
from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import (
    NextStep,
    SessionError,
    SlackbotError,
    TimedOut,
    Unavailable,
)
from slackbot.domain.ports import Clock
from slackbot.slack.request_context import seconds_left

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Seconds after its arrival that a command has for its work, and within which it gets an answer.
WORK_SECONDS: Final = 23.0
ANSWER_SECONDS: Final = 24.0
# Seconds of each repetition, and between them.
TRY_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 5.0
# How long a change is repeated after it was asked for.
MAX_AGE: Final = timedelta(minutes=5)
# Seconds that what is running has left when the process stops.
STOP_SECONDS: Final = 3.0


class Superseded(SlackbotError):
    """A slow change is not repeated, because the person has asked for another one."""

    code = "superseded"
    next_steps = (NextStep.TRY_AGAIN,)


class GivenUp(SlackbotError):
    """A change is not repeated any more, because the platform has been too slow for too long."""

    code = "given_up"
    next_steps = (NextStep.TRY_AGAIN,)


class Interrupted(SlackbotError):
    """The process stops before a command has ended."""

    code = "interrupted"
    next_steps = (NextStep.TRY_AGAIN, NextStep.STATUS)


@dataclass(eq=False, slots=True)
class _Change:
    command: Hashable
    deadline: Deadline
    is_repeated: bool = False
    task: asyncio.Task[Any] = field(init=False)


@dataclass(eq=False, repr=False)
class Attempts:
    """The attempts at commands.

    No lock is held between the attempts at a change. A later change of the same subject ends it:
    what was sent to the platform is awaited, and nothing else is sent.
    """

    clock: Clock
    background: BackgroundTasks
    _latest: dict[Hashable, _Change] = field(default_factory=dict, init=False)
    _running: dict[asyncio.Timeout, asyncio.Task[Any] | None] = field(
        default_factory=dict, init=False
    )
    _is_stopped: bool = field(default=False, init=False)

    async def read(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run a command that changes nothing.

        Raises:
            Interrupted: The process stops.
            TimedOut: The command was cancelled because its time was up.
        """
        with Deadline(self.clock, seconds_left(WORK_SECONDS)) as deadline:
            async with self._until_stopped():
                try:
                    async with timeout(self.clock, deadline.left()):
                        return await work()
                except TimeoutError:
                    raise TimedOut from None

    def start(
        self, subject: Hashable, command: Hashable, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> asyncio.Task[T]:
        """Start a change, and repeat it while the platform is too slow.

        If the latest change of the subject is this command, return its task. Any other one is
        superseded. The task is shared, so await it through `asyncio.shield`.

        Its exceptions are those of the work, and:
            GivenUp: It was repeated for `MAX_AGE`.
            Interrupted: The process stops.
            Superseded: Another change of the subject was asked for meanwhile.
        """
        latest = self._latest.get(subject)
        if latest is not None and latest.command == command:
            return latest.task
        change = _Change(command, Deadline(self.clock, seconds_left(WORK_SECONDS)))
        self._latest[subject] = change
        if latest is not None and latest.is_repeated:
            latest.deadline.end()
        change.task = self.background.start(self._repeat(subject, change, work), "change")
        return change.task

    async def stop(self) -> None:
        """Give what is running a moment and end the rest, so that everybody is answered."""
        self._is_stopped = True
        if tasks := set(filter(None, self._running.values())):
            with suppress(TimeoutError):
                async with timeout(self.clock, STOP_SECONDS):
                    await asyncio.wait(tasks)
        for limit in self._running:
            limit.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def _until_stopped(self) -> AsyncIterator[None]:
        if self._is_stopped:
            raise Interrupted
        limit = asyncio.timeout(None)
        self._running[limit] = asyncio.current_task()
        try:
            async with limit:
                yield
        except TimeoutError:
            if limit.expired():
                raise Interrupted from None
            raise
        finally:
            del self._running[limit]

    async def _repeat(
        self, subject: Hashable, mine: _Change, work: Callable[[], Awaitable[T]]
    ) -> T:
        give_up_at = self.clock.now() + MAX_AGE
        try:
            async with self._until_stopped():
                while True:
                    try:
                        with mine.deadline:
                            return await work()
                    except SlackbotError as error:
                        cause = error.cause if isinstance(error, SessionError) else error
                        is_slow = mine.is_repeated or mine.deadline.left() <= MARGIN
                        if not (is_slow and isinstance(cause, Unavailable)):
                            raise
                        log.info("change_repeated", reason=cause.code)
                    if self.clock.now() >= give_up_at:
                        raise GivenUp
                    mine.is_repeated = True
                    await self.clock.sleep(PAUSE_SECONDS)
                    if self._latest.get(subject) is not mine:
                        raise Superseded
                    mine.deadline = Deadline(self.clock, TRY_SECONDS)
        finally:
            if self._latest.get(subject) is mine:
                del self._latest[subject]
