"""The outgoing queue: order, superseded requests, cancelled callers, closing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import MessageDelayed, MessageUnsure
from slackbot.slack.outbound.queue import Rank, SendRequest
from tests.unit.slack.queue_harness import EDIT, HOME, POST, QueueHarness, at, post


@pytest.fixture
async def harness() -> AsyncIterator[QueueHarness]:
    made = QueueHarness()
    yield made
    await made.queue.aclose()


@pytest.fixture
async def narrow() -> AsyncIterator[QueueHarness]:
    """A queue that sends one request at a time, so that the order shows."""
    made = QueueHarness(limit=1)
    yield made
    await made.queue.aclose()


# --- order ---------------------------------------------------------------------------------------


async def test_the_caller_gets_the_result(harness: QueueHarness):
    """Or the error, unchanged, and `send` is called once."""
    harness.errors["bad"] = [MessageUnsure("no_answer")]
    good, bad = harness.send("good", post("good")), harness.send("bad", post("bad"))
    assert await good == "sent good"
    with pytest.raises(MessageUnsure, match="no_answer"):
        await bad
    assert harness.started == ["good", "bad"]


async def test_first_by_rank_then_by_age(narrow: QueueHarness):
    """In any order of arrival: matches, answers, remarks, edits, Home, and of each the oldest."""
    tasks = [
        narrow.send("home", SendRequest(Rank.HOME, HOME, at(-99))),
        narrow.send("edit", SendRequest(Rank.EDIT, EDIT, at(-98), channel="D1")),
        narrow.send("remark", post("remark", Rank.REMARK, age=97)),
        narrow.send("answer", post("answer", Rank.ANSWER, age=96)),
        narrow.send("young", post("young", age=1)),
        narrow.send("old", post("old", age=5)),
        narrow.send("middle", post("middle", age=3)),
    ]
    await asyncio.gather(*tasks)
    assert narrow.started == ["old", "middle", "young", "answer", "remark", "edit", "home"]


async def test_a_search_goes_with_the_matches_by_age(narrow: QueueHarness):
    """The search for an uncertain match takes the position of that match."""
    search = SendRequest(Rank.MATCH, "conversations.history", at(-3), channel="D1")
    tasks = [
        narrow.send("young", post("young", age=1)),
        narrow.send("search", search),
        narrow.send("old", post("old", age=5)),
    ]
    await asyncio.gather(*tasks)
    assert narrow.started == ["old", "search", "young"]


async def test_sixteen_are_in_flight_and_no_more(harness: QueueHarness):
    """The next one starts when one of them ends."""
    names = [f"n{number}" for number in range(20)]
    harness.hold(*names)
    tasks = [harness.send(name, post(name)) for name in names]
    await harness.settle()
    assert len(harness.started) == 16
    harness.held["n0"].set()
    await harness.settle()
    assert len(harness.started) == 17
    harness.release_all()
    await asyncio.gather(*tasks)


async def test_edits_and_home_leave_room(harness: QueueHarness):
    """A match is sent at once, even while many of them are slow."""
    homes = [f"h{number}" for number in range(10)]  # as many as Slack takes together
    harness.hold(*homes)
    tasks = [harness.send(name, SendRequest(Rank.HOME, HOME, key=name)) for name in homes]
    await harness.settle()
    assert len(harness.started) == 8
    assert await harness.send("match", post("match")) == "sent match"
    harness.release_all()
    await asyncio.gather(*tasks)


# --- channels ------------------------------------------------------------------------------------


async def test_one_request_at_a_time_for_a_channel(harness: QueueHarness):
    """Posts, edits and searches alike; other channels continue meanwhile."""
    harness.hold("first")
    first = harness.send(
        "first", SendRequest(Rank.MATCH, "conversations.history", at(-2), channel="D1")
    )
    edit = harness.send("edit", SendRequest(Rank.EDIT, EDIT, at(-1), channel="D1"))
    other = harness.send("other", SendRequest(Rank.EDIT, EDIT, at(-1), channel="D2"))
    await harness.settle()
    assert harness.started == ["first", "other"]
    harness.held["first"].set()
    await asyncio.gather(first, edit, other)
    assert harness.started == ["first", "other", "edit"]


async def test_a_second_between_two_posts_to_a_channel(harness: QueueHarness):
    """Edits do not wait for it, nor do posts to other channels."""
    tasks = [
        harness.send(name, SendRequest(Rank.MATCH, POST, at(number), channel="D1"))
        for number, name in enumerate(["one", "two", "three"])
    ]
    tasks.append(harness.send("edit", SendRequest(Rank.EDIT, EDIT, channel="D1")))
    tasks.append(harness.send("other", post("other")))
    await harness.wait(2.0)
    await asyncio.gather(*tasks)
    assert [harness.times[name] for name in ("one", "two", "three")] == [[0.0], [1.0], [2.0]]
    assert [harness.times[name] for name in ("edit", "other")] == [[0.0], [0.0]]


# --- superseded requests -------------------------------------------------------------------------


@pytest.mark.parametrize("method", [EDIT, HOME])
async def test_a_later_request_supersedes_one_that_waits(narrow: QueueHarness, method: str):
    """Only the latest state of a message or Home is sent, at the first one's position."""
    narrow.hold("busy")
    busy = narrow.send("busy", post("busy"))
    await narrow.settle()
    first = narrow.send("first", SendRequest(Rank.EDIT, method, at(-9), key=("it", 1)))
    between = narrow.send("between", SendRequest(Rank.EDIT, method, at(-5), key=("it", 2)))
    last = narrow.send("last", SendRequest(Rank.EDIT, method, at(-1), key=("it", 1)))
    await narrow.settle()
    narrow.held["busy"].set()
    assert await asyncio.gather(first, between, last, busy) == [
        "sent last",
        "sent between",
        "sent last",
        "sent busy",
    ]
    assert narrow.started == ["busy", "last", "between"]


async def test_a_request_in_flight_is_followed_by_the_later_one(harness: QueueHarness):
    """Never both at once, or the earlier state might win."""
    harness.hold("first")
    first = harness.send("first", SendRequest(Rank.HOME, HOME, key="it"))
    await harness.settle()
    last = harness.send("last", SendRequest(Rank.HOME, HOME, key="it"))
    await harness.settle()
    assert harness.started == ["first"]
    harness.held["first"].set()
    assert await asyncio.gather(first, last) == ["sent first", "sent last"]


async def test_an_answer_supersedes_an_edit_at_its_own_rank(narrow: QueueHarness):
    """A person waits for it, so it does not keep the edit's position."""
    narrow.hold("busy")
    tasks = [narrow.send("busy", post("busy"))]
    await narrow.settle()
    tasks += [
        narrow.send("edit", SendRequest(Rank.EDIT, EDIT, at(-9), key="it", channel="D1")),
        narrow.send("remark", post("remark", Rank.REMARK, age=9)),
        narrow.send("answer", SendRequest(Rank.ANSWER, EDIT, at(-1), key="it", channel="D1")),
    ]
    await narrow.settle()
    narrow.held["busy"].set()
    await asyncio.gather(*tasks)
    assert narrow.started == ["busy", "answer", "remark"]


# --- cancelling and closing ----------------------------------------------------------------------


async def test_a_cancelled_request_is_not_sent(narrow: QueueHarness):
    """A request that has not started never starts, and delays no other."""
    narrow.hold("busy")
    busy = narrow.send("busy", post("busy"))
    await narrow.settle()
    left, stays = narrow.send("left", post("left")), narrow.send("stays", post("stays"))
    await narrow.settle()
    left.cancel()
    await narrow.settle()
    narrow.held["busy"].set()
    assert await stays == "sent stays"
    assert left.cancelled()
    assert narrow.started == ["busy", "stays"]
    await busy


async def test_a_started_request_is_finished(harness: QueueHarness):
    """Its caller was cancelled, but Slack may have it; its channel is busy until it ends."""
    harness.hold("sent")
    task = harness.send("sent", post("it"))
    await harness.settle()
    task.cancel()
    following = harness.send("following", SendRequest(Rank.EDIT, EDIT, channel="D-it"))
    await harness.settle()
    assert task.cancelled()
    assert harness.started == ["sent"]
    harness.held["sent"].set()
    assert await following == "sent following"


async def test_one_of_two_callers_of_a_key_may_be_cancelled(narrow: QueueHarness):
    """It is sent for the other; if both are cancelled it is not sent."""
    narrow.hold("busy")
    busy = narrow.send("busy", post("busy"))
    await narrow.settle()
    pairs = [
        [narrow.send(f"{key}{n}", SendRequest(Rank.HOME, HOME, key=key)) for n in (1, 2)]
        for key in "ab"
    ]
    await narrow.settle()
    for task in (pairs[0][1], *pairs[1]):
        task.cancel()
    await narrow.settle()
    narrow.held["busy"].set()
    assert await pairs[0][0] == "sent a2"
    await busy
    assert narrow.started == ["busy", "a2"]


async def test_closing_returns_callers_and_finishes_requests_in_flight():
    """Callers that wait may retry after the next start; nothing starts any more."""
    harness = QueueHarness(limit=1)
    harness.hold("sent")
    sent, waits = harness.send("sent", post("sent")), harness.send("waits", post("waits"))
    await harness.settle()
    closing = asyncio.create_task(harness.queue.aclose())
    with pytest.raises(MessageDelayed, match="closing"):
        await waits
    assert not closing.done()
    harness.held["sent"].set()
    assert await sent == "sent sent"
    await closing
    with pytest.raises(MessageDelayed, match="closing"):
        await harness.send("late", post("late"))
    assert harness.started == ["sent"]


async def test_closing_waits_a_limited_time():
    """A request without an answer by then is uncertain for its caller."""
    harness = QueueHarness(closing_seconds=0.01)
    harness.hold("silent")
    silent = harness.send("silent", post("silent"))
    await harness.settle()
    await harness.queue.aclose()
    with pytest.raises(MessageUnsure, match="closing"):
        await silent


async def test_waiting_requests_are_counted(narrow: QueueHarness):
    """By rank; the gauge goes down again however they end."""

    def waiting(rank: str) -> float:
        return REGISTRY.get_sample_value("slackbot_outgoing_waiting", {"rank": rank}) or 0.0

    before = waiting("match"), waiting("home")
    narrow.hold("busy")
    busy = narrow.send("busy", post("busy"))
    await narrow.settle()
    left, stays = narrow.send("left", post("left")), narrow.send("stays", post("stays"))
    homes = [narrow.send(f"h{n}", SendRequest(Rank.HOME, HOME, key="it")) for n in range(3)]
    await narrow.settle()
    assert (waiting("match"), waiting("home")) == (before[0] + 2, before[1] + 1)
    left.cancel()
    await narrow.settle()
    narrow.held["busy"].set()
    await asyncio.gather(busy, stays, *homes)
    assert (waiting("match"), waiting("home")) == before
