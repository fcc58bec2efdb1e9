"""The outgoing queue within Slack's rate limits: it sends nothing in vain and loses nothing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import MessageDelayed, MessageUnsure
from slackbot.slack.outbound.queue import EARLY_SECONDS, Rank, SendRequest
from tests.unit.slack.queue_harness import EDIT, HOME, POST, QueueHarness, at, limited, post


@pytest.fixture
async def harness() -> AsyncIterator[QueueHarness]:
    made = QueueHarness()
    yield made
    await made.queue.aclose()


# --- methods -------------------------------------------------------------------------------------


async def test_a_refused_request_is_sent_again(harness: QueueHarness):
    """Once Slack's wait is over and no sooner; its caller does not notice."""
    harness.errors["it"] = [limited(7)]
    task = harness.send("it", post("it"))
    await harness.wait(6.75)
    assert harness.times["it"] == [0.0]
    await harness.wait(0.25)
    assert await task == "sent it"
    assert harness.times["it"] == [0.0, 7.0]


async def test_meanwhile_the_method_is_closed(harness: QueueHarness):
    """Other methods continue."""
    harness.errors["it"] = [limited(7)]
    tasks = [harness.send("it", post("it"))]
    await harness.settle()
    tasks += [
        harness.send("post", post("post")),
        harness.send("home", SendRequest(Rank.HOME, HOME)),
    ]
    await harness.wait(6.75)
    assert harness.started == ["it", "home"]
    await harness.wait(0.5)
    assert await asyncio.gather(*tasks) == ["sent it", "sent post", "sent home"]


async def test_after_a_wait_the_method_is_probed(harness: QueueHarness):
    """One request, then two, four: no storm of refusals."""
    names = [f"n{number:02}" for number in range(20)]
    harness.errors[names[0]] = [limited(5)]
    tasks = [harness.send(names[0], post(names[0], age=100))]
    await harness.settle()
    harness.hold(*names)
    tasks += [harness.send(name, post(name, age=99 - n)) for n, name in enumerate(names[1:])]
    started = []
    for released in (0, 1, 2, 4):
        await harness.wait(5.0 if not started else 0.0)
        started.append(len(harness.started) - 1)
        for name in harness.started[-released:] if released else ():
            harness.held[name].set()
    await harness.settle()
    assert harness.started[1] == names[0]
    harness.release_all()
    await asyncio.gather(*tasks)
    assert started[:3] == [1, 1, 3]


async def test_a_probe_that_is_refused_closes_again(harness: QueueHarness):
    """Each probe is one request, and the rest goes on waiting in order."""
    harness.errors["a"] = [limited(5), limited(4), limited(3)]
    tasks = [harness.send("a", post("a", age=9))]
    await harness.settle()
    tasks += [harness.send(name, post(name, age=8 - n)) for n, name in enumerate("bcd")]
    await harness.wait(12.0)
    await asyncio.gather(*tasks)
    assert harness.times["a"] == [0.0, 5.0, 9.0, 12.0]
    assert harness.started == ["a", "a", "a", "a", "b", "c", "d"]


async def test_an_older_success_proves_nothing(harness: QueueHarness):
    """A request from before the refusal succeeds after it: still one probe, not two."""
    harness.hold("slow")
    harness.errors["refused"] = [limited(5)]
    tasks = [harness.send("slow", post("slow")), harness.send("refused", post("refused"))]
    await harness.settle()
    harness.held["slow"].set()
    await harness.settle()
    harness.hold("refused", "b", "c")
    tasks += [harness.send(name, post(name, Rank.ANSWER)) for name in "bc"]
    await harness.wait(5.0)
    assert harness.started == ["slow", "refused", "refused"]
    harness.release_all()
    await asyncio.gather(*tasks)


async def test_a_probe_without_an_answer_is_followed_by_one(harness: QueueHarness):
    """It proves nothing about the limit, but delays no other either."""
    harness.errors["a"] = [limited(5), MessageUnsure("no_answer")]
    harness.hold("b", "c")
    lost = harness.send("a", post("a", age=9))
    await harness.settle()
    tasks = [harness.send(name, post(name)) for name in "bc"]
    await harness.wait(5.0)
    with pytest.raises(MessageUnsure):
        await lost
    await harness.settle()
    assert harness.started == ["a", "a", "b"]
    harness.release_all()
    await asyncio.gather(*tasks)


async def test_a_long_wait_is_the_callers(harness: QueueHarness):
    """All that wait for the method are returned in order of age, and later ones at once.

    Their wait ends some seconds before Slack's, so that they have queued again by then.
    """
    harness.errors["it"] = [limited(60)]
    harness.hold("it")
    first = harness.send("it", post("it"))
    await harness.settle()
    waiting = [SendRequest(Rank.MATCH, POST, at(-n), channel="D-it") for n in (1, 3, 2)]
    tasks = [harness.send(f"w{n}", request) for n, request in enumerate(waiting)]
    await harness.settle()
    harness.held["it"].set()
    outcomes = await asyncio.gather(first, *tasks, return_exceptions=True)
    waits = [error.seconds for error in outcomes if isinstance(error, MessageDelayed)]
    assert waits[0] == 60 - EARLY_SECONDS
    assert waits[0] <= waits[2] < waits[3] < waits[1] < waits[0] + 1
    await harness.wait(20.0)
    with pytest.raises(MessageDelayed) as refused:
        await harness.send("late", post("late"))
    assert refused.value.seconds == 40 - EARLY_SECONDS
    assert harness.started == ["it"]


async def test_repeated_refusals_are_given_up(harness: QueueHarness):
    """After five, and the error counts them; other requests get their turn."""
    harness.errors["it"] = [limited(2)] * 9
    task = harness.send("it", post("it", age=9))
    await harness.settle()
    other = harness.send("other", post("other"))
    await harness.wait(10.0)
    with pytest.raises(MessageDelayed) as given_up:
        await task
    assert (given_up.value.tries, given_up.value.seconds) == (5, 2)
    assert await other == "sent other"


async def test_refusals_are_counted_by_method(harness: QueueHarness):
    """Each refusal increments the counter."""

    def counted() -> float:
        labels = {"method": HOME}
        return REGISTRY.get_sample_value("slackbot_outgoing_limited_total", labels) or 0.0

    before = counted()
    harness.errors["it"] = [limited(1)] * 2
    task = harness.send("it", SendRequest(Rank.HOME, HOME))
    await harness.wait(2.0)
    await task
    assert counted() == before + 2


# --- channels ------------------------------------------------------------------------------------


async def test_a_channels_own_limit_is_its_own(harness: QueueHarness):
    """A refusal for a second closes that channel; posts to others continue."""
    harness.errors["it"] = [limited(1)]
    tasks = [harness.send("it", post("it"))]
    await harness.settle()
    tasks.append(harness.send("other", post("other")))
    await harness.settle()
    assert harness.started == ["it", "other"]
    await harness.wait(1.0)
    await asyncio.gather(*tasks)
    assert harness.times["it"] == [0.0, 1.0]


async def test_two_channels_refused_at_once_close_the_method(harness: QueueHarness):
    """Slack does not say which limit was met; two in a moment are no coincidence."""
    harness.errors |= {name: [limited(1)] for name in "ab"}
    tasks = [harness.send(name, post(name)) for name in "ab"]
    await harness.settle()
    tasks.append(harness.send("c", post("c", Rank.ANSWER)))
    await harness.wait(0.75)
    assert harness.started == ["a", "b"]
    await harness.wait(1.0)
    await asyncio.gather(*tasks)


# --- edits ---------------------------------------------------------------------------------------


async def test_fifty_edits_a_minute(harness: QueueHarness):
    """In any minute, without a refusal; a post waits for none of them."""
    edits = [SendRequest(Rank.EDIT, EDIT, at(n), key=n, channel=f"D{n}") for n in range(120)]
    tasks = [harness.send(f"e{n}", request) for n, request in enumerate(edits)]
    await harness.wait(60.0)
    assert await harness.send("post", post("post")) == "sent post"
    await harness.wait(150.0)
    await asyncio.gather(*tasks)
    times = [harness.times[f"e{n}"][0] for n in range(120)]
    assert times == sorted(times)
    assert max(sum(moment <= t < moment + 60 for t in times) for moment in times) <= 50


async def test_an_edit_that_a_person_waits_for_is_sent_at_once(harness: QueueHarness):
    """Even while many others wait: some of the budget is reserved for it."""
    edits = [SendRequest(Rank.EDIT, EDIT, key=n, channel=f"D{n}") for n in range(60)]
    tasks = [harness.send(f"e{n}", request) for n, request in enumerate(edits)]
    await harness.wait(10.0)
    answer = SendRequest(Rank.ANSWER, EDIT, key="pressed", channel="D-pressed")
    assert await harness.send("answer", answer) == "sent answer"
    for task in tasks:
        task.cancel()


# --- a burst -------------------------------------------------------------------------------------


class LimitedSlack:
    """A Slack that accepts 300 posts a minute, as the sandbox does."""

    def __init__(self, harness: QueueHarness) -> None:
        self.harness = harness
        self.accepted: list[int] = []
        self.refused = 0
        self._recent: deque[float] = deque()

    async def post(self, number: int) -> None:
        now = self.harness.seconds()
        while self._recent and now - self._recent[0] >= 60:
            self._recent.popleft()
        if len(self._recent) >= 300:
            self.refused += 1
            raise limited(max(1.0, 60 - (now - self._recent[0])))
        self._recent.append(now)
        self.accepted.append(number)


async def send_a_burst(
    harness: QueueHarness, slack: LimitedSlack, back_after: Callable[[int], float]
) -> None:
    """Send a thousand; a returned caller retries `back_after` seconds after its wait."""

    async def send(number: int) -> None:
        request = SendRequest(Rank.MATCH, POST, at(number), channel=f"D{number}")
        while True:
            try:
                await harness.queue.send(request, lambda: slack.post(number))
                return
            except MessageDelayed as error:
                await harness.clock.sleep(error.seconds + back_after(number))

    tasks = [asyncio.create_task(send(number)) for number in reversed(range(1000))]
    for _ in range(2000):
        await harness.wait(0.1, step=0.1)
        if all(task.done() for task in tasks):
            break


async def test_a_burst_is_sent_in_order_of_age(harness: QueueHarness):
    """A thousand matches within Slack's limits, each once, with few refusals."""
    slack = LimitedSlack(harness)
    await send_a_burst(harness, slack, lambda _: 0.0)
    assert slack.accepted == list(range(1000))
    assert slack.refused < 60
    assert harness.seconds() < 200


async def test_a_slow_caller_is_not_overtaken(harness: QueueHarness):
    """Callers take different times to queue again."""
    slack = LimitedSlack(harness)
    await send_a_burst(harness, slack, lambda number: number * 7 % 30 / 10)
    assert slack.accepted == list(range(1000))
    assert harness.seconds() < 200
