"""The outgoing queue and Slack's limits: nothing is sent that would be refused, nothing is lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import MessageDelayed, MessageUnsure
from slackbot.slack.outbound.queue import EARLY_SECONDS
from slackbot.slack.outbound.requests import Rank, SendRequest
from tests.unit.slack.queue_harness import EDIT, HOME, POST, TEAM, Desk, at, limited, post


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.outgoing.aclose()


# --- gates ---------------------------------------------------------------------------------------


async def test_a_refused_call_waits_and_is_made_again(desk: Desk):
    """Its caller hears nothing of it; it goes out once the time has passed, and no sooner."""
    desk.errors["it"] = [limited(7)]
    task = desk.put("it", post("it"))
    await desk.wait(6.75)
    assert desk.times["it"] == [0.0]
    await desk.wait(0.25)
    assert await task == "did it"
    assert desk.times["it"] == [0.0, 7.0]


async def test_meanwhile_nothing_of_that_method_is_sent(desk: Desk):
    """Other methods go on, and the same method in other workspaces."""
    desk.errors["it"] = [limited(7)]
    tasks = [desk.put("it", post("it"))]
    await desk.settle()
    tasks += [desk.put("post", post("post")), desk.put("home", SendRequest(Rank.HOME, HOME))]
    await desk.wait(6.75)
    assert desk.begun == ["it", "home"]
    await desk.wait(0.5)
    assert await asyncio.gather(*tasks) == ["did it", "did post", "did home"]


async def test_after_a_wait_one_is_tried_then_more(desk: Desk):
    """One, two, four: no storm of refusals."""
    names = [f"n{number:02}" for number in range(20)]
    desk.errors[names[0]] = [limited(5)]
    tasks = [desk.put(names[0], post(names[0], age=100))]
    await desk.settle()
    desk.hold(*names)
    tasks += [desk.put(name, post(name, age=99 - n)) for n, name in enumerate(names[1:])]
    begun = []
    for released in (0, 1, 2, 4):
        await desk.wait(5.0 if not begun else 0.0)
        begun.append(len(desk.begun) - 1)
        for name in desk.begun[-released:] if released else ():
            desk.held[name].set()
    await desk.settle()
    assert desk.begun[1] == names[0]
    for event in desk.held.values():
        event.set()
    await asyncio.gather(*tasks)
    assert begun[:3] == [1, 1, 3]


async def test_a_probe_that_is_refused_closes_again(desk: Desk):
    """Each time one call, and the rest waits on, in its order."""
    desk.errors["a"] = [limited(5), limited(4), limited(3)]
    tasks = [desk.put("a", post("a", age=9))]
    await desk.settle()
    tasks += [desk.put(name, post(name, age=8 - n)) for n, name in enumerate("bcd")]
    await desk.wait(12.0)
    await asyncio.gather(*tasks)
    assert desk.times["a"] == [0.0, 5.0, 9.0, 12.0]
    assert desk.begun == ["a", "a", "a", "a", "b", "c", "d"]


async def test_an_older_success_proves_nothing(desk: Desk):
    """A call begun before the refusal ends well after it: still one probe, not two."""
    desk.hold("slow")
    desk.errors["refused"] = [limited(5)]
    tasks = [desk.put("slow", post("slow")), desk.put("refused", post("refused"))]
    await desk.settle()
    desk.held["slow"].set()
    await desk.settle()
    desk.hold("refused", "b", "c")
    tasks += [desk.put(name, post(name, Rank.ANSWER)) for name in "bc"]
    await desk.wait(5.0)
    assert desk.begun == ["slow", "refused", "refused"]
    for event in desk.held.values():
        event.set()
    await asyncio.gather(*tasks)


async def test_a_probe_without_an_answer_is_followed_by_one(desk: Desk):
    """It tells nothing about limits, but holds up nobody either."""
    desk.errors["a"] = [limited(5), MessageUnsure("no_answer")]
    desk.hold("b", "c")
    lost = desk.put("a", post("a", age=9))
    await desk.settle()
    tasks = [desk.put(name, post(name)) for name in "bc"]
    await desk.wait(5.0)
    with pytest.raises(MessageUnsure):
        await lost
    await desk.settle()
    assert desk.begun == ["a", "a", "b"]
    for event in desk.held.values():
        event.set()
    await asyncio.gather(*tasks)


async def test_a_long_wait_is_the_callers(desk: Desk):
    """Whoever waits for the method hears of it, in order of age, and so does who comes.

    They are back some seconds before it is over, to stand in line again when it is.
    """
    desk.errors["it"] = [limited(60)]
    desk.hold("it")
    first = desk.put("it", post("it"))
    await desk.settle()
    waiting = [SendRequest(Rank.MATCH, POST, at(-n), channel="D-it") for n in (1, 3, 2)]
    tasks = [desk.put(f"w{n}", job) for n, job in enumerate(waiting)]
    await desk.settle()
    desk.held["it"].set()
    heard = await asyncio.gather(first, *tasks, return_exceptions=True)
    waits = [error.seconds for error in heard if isinstance(error, MessageDelayed)]
    assert waits[0] == 60 - EARLY_SECONDS
    assert waits[0] <= waits[2] < waits[3] < waits[1] < waits[0] + 1
    await desk.wait(20.0)
    with pytest.raises(MessageDelayed) as refused:
        await desk.put("late", post("late"))
    assert refused.value.seconds == 40 - EARLY_SECONDS
    assert desk.begun == ["it"]


async def test_refused_again_and_again_its_caller_hears(desk: Desk):
    """Five times, and how often stands in the error; the others' turn comes."""
    desk.errors["it"] = [limited(2)] * 9
    task = desk.put("it", post("it", age=9))
    await desk.settle()
    other = desk.put("other", post("other"))
    await desk.wait(10.0)
    with pytest.raises(MessageDelayed) as given_up:
        await task
    assert (given_up.value.tries, given_up.value.seconds) == (5, 2)
    assert await other == "did other"


async def test_refusals_are_counted_by_method(desk: Desk):
    """Every one."""

    def counted() -> float:
        labels = {"method": HOME}
        return REGISTRY.get_sample_value("slackbot_outgoing_limited_total", labels) or 0.0

    before = counted()
    desk.errors["it"] = [limited(1)] * 2
    task = desk.put("it", SendRequest(Rank.HOME, HOME))
    await desk.wait(2.0)
    await task
    assert counted() == before + 2


# --- channels ------------------------------------------------------------------------------------


async def test_a_channels_own_limit_is_its_own(desk: Desk):
    """A refusal for a second closes that channel; posts to others go on."""
    desk.errors["it"] = [limited(1)]
    tasks = [desk.put("it", post("it"))]
    await desk.settle()
    tasks.append(desk.put("other", post("other")))
    await desk.settle()
    assert desk.begun == ["it", "other"]
    await desk.wait(1.0)
    await asyncio.gather(*tasks)
    assert desk.times["it"] == [0.0, 1.0]


async def test_two_channels_refused_at_once_are_the_methods_limit(desk: Desk):
    """Slack does not say which limit it was; twice in a moment is no chance."""
    desk.errors |= {name: [limited(1)] for name in "ab"}
    tasks = [desk.put(name, post(name)) for name in "ab"]
    await desk.settle()
    tasks.append(desk.put("c", post("c", Rank.ANSWER)))
    await desk.wait(0.75)
    assert desk.begun == ["a", "b"]
    await desk.wait(1.0)
    await asyncio.gather(*tasks)


# --- edits ---------------------------------------------------------------------------------------


async def test_fifty_edits_a_minute(desk: Desk):
    """In any minute, without being refused once; a post waits for none of them."""
    edits = [SendRequest(Rank.EDIT, EDIT, at(n), key=n, channel=f"D{n}") for n in range(120)]
    tasks = [desk.put(f"e{n}", job) for n, job in enumerate(edits)]
    await desk.wait(60.0)
    assert await desk.put("post", post("post")) == "did post"
    await desk.wait(150.0)
    await asyncio.gather(*tasks)
    times = [desk.times[f"e{n}"][0] for n in range(120)]
    assert times == sorted(times)
    assert max(sum(moment <= t < moment + 60 for t in times) for moment in times) <= 50


async def test_an_edit_that_a_person_waits_for_is_made_at_once(desk: Desk):
    """However many others wait: some are kept for it."""
    edits = [SendRequest(Rank.EDIT, EDIT, key=n, channel=f"D{n}") for n in range(60)]
    tasks = [desk.put(f"e{n}", job) for n, job in enumerate(edits)]
    await desk.wait(10.0)
    answer = SendRequest(Rank.ANSWER, EDIT, key="pressed", channel="D-pressed")
    assert await desk.put("answer", answer) == "did answer"
    for task in tasks:
        task.cancel()


# --- a burst -------------------------------------------------------------------------------------


class LimitedSlack:
    """Takes 300 posts a minute, as the sandbox does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.taken: list[int] = []
        self.refused = 0
        self._recent: deque[float] = deque()

    async def post(self, number: int) -> None:
        now = self.desk.seconds()
        while self._recent and now - self._recent[0] >= 60:
            self._recent.popleft()
        if len(self._recent) >= 300:
            self.refused += 1
            raise limited(max(1.0, 60 - (now - self._recent[0])))
        self._recent.append(now)
        self.taken.append(number)


async def tell_a_burst(desk: Desk, slack: LimitedSlack, back_after: Callable[[int], float]) -> None:
    """Tell a thousand; who is to wait elsewhere is back a little after that, each their own."""

    async def send(number: int) -> None:
        job = SendRequest(Rank.MATCH, POST, at(number), channel=f"D{number}")
        while True:
            try:
                await desk.outgoing.send(TEAM, job, lambda: slack.post(number))
                return
            except MessageDelayed as error:
                await desk.clock.sleep(error.seconds + back_after(number))

    tasks = [asyncio.create_task(send(number)) for number in reversed(range(1000))]
    for _ in range(2000):
        await desk.wait(0.1, step=0.1)
        if all(task.done() for task in tasks):
            break


async def test_a_burst_is_told_in_order_of_age(desk: Desk):
    """A thousand matches within what Slack allows, each once, and few refusals."""
    slack = LimitedSlack(desk)
    await tell_a_burst(desk, slack, lambda _: 0.0)
    assert slack.taken == list(range(1000))
    assert slack.refused < 60
    assert desk.seconds() < 200


async def test_who_is_slow_in_coming_back_is_not_overtaken(desk: Desk):
    """Coming back takes some reading and writing, one this long, another that."""
    slack = LimitedSlack(desk)
    await tell_a_burst(desk, slack, lambda number: number * 7 % 30 / 10)
    assert slack.taken == list(range(1000))
    assert desk.seconds() < 200
