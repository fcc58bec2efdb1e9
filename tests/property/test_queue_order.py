"""The outgoing queue: any requests, under any refusals of Slack, are sent once and in order."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused, MessageUnsure
from slackbot.slack.outbound.queue import EARLY_SECONDS, LONGEST_WAIT_SECONDS, Rank, SendRequest
from tests.unit.slack.queue_harness import EDIT, HOME, POST, QueueHarness, at

ERRORS = {"refused": MessageRefused("user_disabled"), "unsure": MessageUnsure("no_answer")}
METHOD = {Rank.EDIT: EDIT, Rank.HOME: HOME}


@dataclass(frozen=True)
class Queued:
    """A request queued after `after` quarters of a second, and the errors that it meets."""

    after: int
    rank: Rank
    age: int
    channel: int
    limits: tuple[int, ...]
    end: str
    cancelled: bool

    def request(self) -> SendRequest:
        method = METHOD.get(self.rank, POST)
        key = self.channel if self.rank >= Rank.EDIT else None
        return SendRequest(self.rank, method, at(-self.age), key=key, channel=f"D{self.channel}")

    def errors(self) -> list[Exception]:
        limits: list[Exception] = [MessageDelayed("ratelimited", float(s)) for s in self.limits]
        return [*limits, *([ERRORS[self.end]] if self.end in ERRORS else [])]


QUEUED = st.builds(
    Queued,
    after=st.integers(0, 3),
    rank=st.sampled_from(Rank),
    age=st.integers(0, 9),
    channel=st.integers(0, 4),
    limits=st.lists(st.sampled_from([1, 2, 45]), max_size=2).map(tuple),
    end=st.sampled_from(["done", "done", "done", "refused", "unsure"]),
    cancelled=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(queued=st.lists(QUEUED, max_size=30), limit=st.integers(1, 4))
async def test_no_request_is_lost_or_sent_twice(queued: list[Queued], limit: int):
    """Every caller gets an outcome, and each channel has one request in flight at a time."""
    harness = QueueHarness(limit=limit)
    accepted: Counter[str] = Counter()
    in_channel: Counter[str | None] = Counter()
    tasks: dict[str, asyncio.Task[str]] = {}

    def start(name: str, one: Queued) -> asyncio.Task[str]:
        request, errors = one.request(), one.errors()

        async def send() -> str:
            in_channel[request.channel] += 1
            assert in_channel[request.channel] == 1
            await asyncio.sleep(0)
            in_channel[request.channel] -= 1
            error = errors.pop(0) if errors else None
            if isinstance(error, MessageDelayed):
                raise error
            accepted[name] += 1
            if error is not None:
                raise error
            return name

        return asyncio.create_task(harness.queue.send(request, send))

    for number, one in enumerate(queued):
        name = f"{number}"
        tasks[name] = start(name, one)
        await harness.wait(one.after / 4)
        if one.cancelled:
            tasks[name].cancel()
    await harness.wait(120.0, step=1.0)
    outcomes = dict(
        zip(tasks, await asyncio.gather(*tasks.values(), return_exceptions=True), strict=True)
    )
    assert all(count == 1 for count in accepted.values())
    for name, outcome in outcomes.items():
        if isinstance(outcome, str):  # its own, or that of the request that superseded it
            assert accepted[outcome] == 1
            assert int(outcome) >= int(name)
        elif isinstance(outcome, MessageDelayed):
            assert outcome.seconds > LONGEST_WAIT_SECONDS - EARLY_SECONDS
            assert accepted[name] == 0
        else:
            assert isinstance(outcome, MessageError | asyncio.CancelledError)
    await harness.queue.aclose()


@settings(max_examples=60, deadline=None)
@given(
    ranked=st.lists(
        st.tuples(st.sampled_from([Rank.MATCH, Rank.ANSWER, Rank.REMARK]), st.integers(0, 99)),
        max_size=40,
    ),
    refusals=st.lists(st.integers(1, 5), max_size=3),
)
async def test_the_order_is_that_of_rank_and_age(
    ranked: list[tuple[Rank, int]], refusals: list[int]
):
    """Requests are sent by rank and age, in any order of arrival and after any refusals."""
    harness = QueueHarness(limit=1)
    accepted: list[tuple[Rank, int]] = []
    limits = list(refusals)

    async def send(rank: Rank, age: int, number: int) -> None:
        async def post() -> None:
            if limits:
                raise MessageDelayed("ratelimited", limits.pop() + 1.0)
            accepted.append((rank, -age))

        request = SendRequest(rank, POST, at(-age), channel=f"D{number}")
        await harness.queue.send(request, post)

    tasks = [asyncio.create_task(send(*one, number)) for number, one in enumerate(ranked)]
    await harness.wait(20.0, step=0.5)
    await asyncio.gather(*tasks)
    assert accepted == sorted(accepted)
    await harness.queue.aclose()
