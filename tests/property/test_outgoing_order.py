"""Whatever is handed in and however Slack answers: each is done once, in order, or sent back."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused, MessageUnsure
from slackbot.slack.outbound.queue import EARLY_SECONDS, PATIENCE_SECONDS
from slackbot.slack.outbound.requests import Rank, SendRequest
from tests.unit.slack.queue_harness import EDIT, HOME, POST, TEAM, Desk, at

WORD = {"refused": MessageRefused("user_disabled"), "unsure": MessageUnsure("no_answer")}
METHOD = {Rank.EDIT: EDIT, Rank.HOME: HOME}


@dataclass(frozen=True)
class Handed:
    """A job handed in after so many quarters of a second, and what its calls meet."""

    after: int
    rank: Rank
    age: int
    channel: int
    limits: tuple[int, ...]
    end: str
    leaves: bool

    def job(self) -> SendRequest:
        method = METHOD.get(self.rank, POST)
        key = self.channel if self.rank >= Rank.EDIT else None
        return SendRequest(self.rank, method, at(-self.age), key=key, channel=f"D{self.channel}")

    def errors(self) -> list[Exception]:
        limits: list[Exception] = [MessageDelayed("ratelimited", float(s)) for s in self.limits]
        return [*limits, *([WORD[self.end]] if self.end in WORD else [])]


HANDED = st.builds(
    Handed,
    after=st.integers(0, 3),
    rank=st.sampled_from(Rank),
    age=st.integers(0, 9),
    channel=st.integers(0, 4),
    limits=st.lists(st.sampled_from([1, 2, 45]), max_size=2).map(tuple),
    end=st.sampled_from(["done", "done", "done", "refused", "unsure"]),
    leaves=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(handed=st.lists(HANDED, max_size=30), at_once=st.integers(1, 4))
async def test_none_is_lost_and_none_done_twice(handed: list[Handed], at_once: int):
    """Every caller hears how it ended; what Slack took is not made again, no two in a channel."""
    desk = Desk(at_once=at_once)
    taken: Counter[str] = Counter()
    in_channel: Counter[str | None] = Counter()
    tasks: dict[str, asyncio.Task[str]] = {}

    def put(name: str, one: Handed) -> asyncio.Task[str]:
        job, errors = one.job(), one.errors()

        async def call() -> str:
            in_channel[job.channel] += 1
            assert in_channel[job.channel] == 1
            await asyncio.sleep(0)
            in_channel[job.channel] -= 1
            error = errors.pop(0) if errors else None
            if isinstance(error, MessageDelayed):
                raise error
            taken[name] += 1
            if error is not None:
                raise error
            return name

        return asyncio.create_task(desk.outgoing.send(TEAM, job, call))

    for number, one in enumerate(handed):
        name = f"{number}"
        tasks[name] = put(name, one)
        await desk.wait(one.after / 4)
        if one.leaves:
            tasks[name].cancel()
    await desk.wait(120.0, step=1.0)
    heard = dict(
        zip(tasks, await asyncio.gather(*tasks.values(), return_exceptions=True), strict=True)
    )
    assert all(count == 1 for count in taken.values())
    for name, outcome in heard.items():
        if isinstance(outcome, str):  # its own call, or that of the later one in its place
            assert taken[outcome] == 1
            assert int(outcome) >= int(name)
        elif isinstance(outcome, MessageDelayed):
            assert outcome.seconds > PATIENCE_SECONDS - EARLY_SECONDS
            assert taken[name] == 0
        else:
            assert isinstance(outcome, MessageError | asyncio.CancelledError)
    await desk.outgoing.aclose()


@settings(max_examples=60, deadline=None)
@given(
    jobs=st.lists(
        st.tuples(st.sampled_from([Rank.MATCH, Rank.ANSWER, Rank.REMARK]), st.integers(0, 99)),
        max_size=40,
    ),
    refusals=st.lists(st.integers(1, 5), max_size=3),
)
async def test_the_order_is_that_of_rank_and_age(jobs: list[tuple[Rank, int]], refusals: list[int]):
    """In whatever order they come, and however often Slack refuses the first for being too many."""
    desk = Desk(at_once=1)
    taken: list[tuple[Rank, int]] = []
    limits = list(refusals)

    async def send(rank: Rank, age: int, number: int) -> None:
        async def call() -> None:
            if limits:
                raise MessageDelayed("ratelimited", limits.pop() + 1.0)
            taken.append((rank, -age))

        job = SendRequest(rank, POST, at(-age), channel=f"D{number}")
        await desk.outgoing.send(TEAM, job, call)

    tasks = [asyncio.create_task(send(*job, number)) for number, job in enumerate(jobs)]
    await desk.wait(20.0, step=0.5)
    await asyncio.gather(*tasks)
    assert taken == sorted(taken)
    await desk.outgoing.aclose()
