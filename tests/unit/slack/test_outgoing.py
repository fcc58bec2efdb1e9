"""The outgoing queue: whose turn it is, what overtakes what, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from slackbot.domain.errors import MessageDelayed, MessageUnsure
from slackbot.slack.outbound.requests import Rank, SendRequest
from tests.unit.slack.queue_harness import EDIT, HOME, OTHER_TEAM, POST, Desk, at, post


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.outgoing.aclose()


@pytest.fixture
async def narrow() -> AsyncIterator[Desk]:
    """One call at a time, so that the order can be seen."""
    made = Desk(at_once=1)
    yield made
    await made.outgoing.aclose()


# --- order ---------------------------------------------------------------------------------------


async def test_the_caller_gets_what_the_call_returns(desk: Desk):
    """Or what it raises, unchanged, and it is called once."""
    desk.errors["bad"] = [MessageUnsure("no_answer")]
    good, bad = desk.put("good", post("good")), desk.put("bad", post("bad"))
    assert await good == "did good"
    with pytest.raises(MessageUnsure, match="no_answer"):
        await bad
    assert desk.begun == ["good", "bad"]


async def test_first_by_rank_then_by_age(narrow: Desk):
    """However they come: matches, answers, remarks, edits, Home, and of each the oldest first."""
    tasks = [
        narrow.put("home", SendRequest(Rank.HOME, HOME, at(-99))),
        narrow.put("edit", SendRequest(Rank.EDIT, EDIT, at(-98), channel="D1")),
        narrow.put("remark", post("remark", Rank.REMARK, age=97)),
        narrow.put("answer", post("answer", Rank.ANSWER, age=96)),
        narrow.put("young", post("young", age=1)),
        narrow.put("old", post("old", age=5)),
        narrow.put("middle", post("middle", age=3)),
    ]
    await asyncio.gather(*tasks)
    assert narrow.begun == ["old", "middle", "young", "answer", "remark", "edit", "home"]


async def test_a_look_goes_with_the_matches_by_age(narrow: Desk):
    """Whether an uncertain match was told is looked up in the place of that match."""
    look = SendRequest(Rank.MATCH, "conversations.history", at(-3), channel="D1")
    tasks = [
        narrow.put("young", post("young", age=1)),
        narrow.put("look", look),
        narrow.put("old", post("old", age=5)),
    ]
    await asyncio.gather(*tasks)
    assert narrow.begun == ["old", "look", "young"]


async def test_several_are_under_way_at_once_and_no_more(desk: Desk):
    """Sixteen in a workspace; another workspace waits for none of them."""
    names = [f"n{number}" for number in range(20)]
    desk.hold(*names)
    tasks = [desk.put(name, post(name)) for name in names]
    await desk.settle()
    assert len(desk.begun) == 16
    assert await desk.put("elsewhere", post("elsewhere"), OTHER_TEAM) == "did elsewhere"
    desk.held["n0"].set()
    await desk.settle()
    assert len(desk.begun) == 18
    for event in desk.held.values():
        event.set()
    await asyncio.gather(*tasks)


async def test_edits_and_home_leave_room(desk: Desk):
    """However many of them are slow, a match is sent at once."""
    homes = [f"h{number}" for number in range(20)]
    desk.hold(*homes)
    tasks = [desk.put(name, SendRequest(Rank.HOME, HOME, key=name)) for name in homes]
    await desk.settle()
    assert len(desk.begun) == 8
    assert await desk.put("match", post("match")) == "did match"
    for event in desk.held.values():
        event.set()
    await asyncio.gather(*tasks)


# --- channels ------------------------------------------------------------------------------------


async def test_one_call_at_a_time_for_a_channel(desk: Desk):
    """Posts, edits and looks alike; other channels go on meanwhile."""
    desk.hold("first")
    first = desk.put(
        "first", SendRequest(Rank.MATCH, "conversations.history", at(-2), channel="D1")
    )
    edit = desk.put("edit", SendRequest(Rank.EDIT, EDIT, at(-1), channel="D1"))
    other = desk.put("other", SendRequest(Rank.EDIT, EDIT, at(-1), channel="D2"))
    await desk.settle()
    assert desk.begun == ["first", "other"]
    desk.held["first"].set()
    await asyncio.gather(first, edit, other)
    assert desk.begun == ["first", "other", "edit"]


async def test_a_second_between_two_posts_to_a_channel(desk: Desk):
    """Edits need not wait so long, and a channel's wait is nobody else's."""
    tasks = [
        desk.put(name, SendRequest(Rank.MATCH, POST, at(number), channel="D1"))
        for number, name in enumerate(["one", "two", "three"])
    ]
    tasks.append(desk.put("edit", SendRequest(Rank.EDIT, EDIT, channel="D1")))
    tasks.append(desk.put("other", post("other")))
    await desk.wait(2.0)
    await asyncio.gather(*tasks)
    assert [desk.times[name] for name in ("one", "two", "three")] == [[0.0], [1.0], [2.0]]
    assert [desk.times[name] for name in ("edit", "other")] == [[0.0], [0.0]]


# --- what overtakes ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [EDIT, HOME])
async def test_a_later_one_takes_the_place_of_one_that_waits(narrow: Desk, method: str):
    """Of the same message or Home only the latest is drawn, in the first one's place."""
    narrow.hold("busy")
    busy = narrow.put("busy", post("busy"))
    await narrow.settle()
    first = narrow.put("first", SendRequest(Rank.EDIT, method, at(-9), key=("it", 1)))
    between = narrow.put("between", SendRequest(Rank.EDIT, method, at(-5), key=("it", 2)))
    last = narrow.put("last", SendRequest(Rank.EDIT, method, at(-1), key=("it", 1)))
    await narrow.settle()
    narrow.held["busy"].set()
    assert await asyncio.gather(first, between, last, busy) == [
        "did last",
        "did between",
        "did last",
        "did busy",
    ]
    assert narrow.begun == ["busy", "last", "between"]


async def test_what_is_under_way_is_followed_by_the_later_one(desk: Desk):
    """Never both at once: the later face would lose."""
    desk.hold("first")
    first = desk.put("first", SendRequest(Rank.HOME, HOME, key="it"))
    await desk.settle()
    last = desk.put("last", SendRequest(Rank.HOME, HOME, key="it"))
    await desk.settle()
    assert desk.begun == ["first"]
    desk.held["first"].set()
    assert await asyncio.gather(first, last) == ["did first", "did last"]


async def test_an_answer_takes_the_place_of_an_edit_at_its_own_rank(narrow: Desk):
    """A person waits for it, so it does not stand where the edit stood."""
    narrow.hold("busy")
    tasks = [narrow.put("busy", post("busy"))]
    await narrow.settle()
    tasks += [
        narrow.put("edit", SendRequest(Rank.EDIT, EDIT, at(-9), key="it", channel="D1")),
        narrow.put("remark", post("remark", Rank.REMARK, age=9)),
        narrow.put("answer", SendRequest(Rank.ANSWER, EDIT, at(-1), key="it", channel="D1")),
    ]
    await narrow.settle()
    narrow.held["busy"].set()
    await asyncio.gather(*tasks)
    assert narrow.begun == ["busy", "answer", "remark"]


# --- leaving and closing -------------------------------------------------------------------------


async def test_who_stops_waiting_is_not_served(narrow: Desk):
    """What is not begun is not done, and nobody else waits longer for it."""
    narrow.hold("busy")
    busy = narrow.put("busy", post("busy"))
    await narrow.settle()
    left, stays = narrow.put("left", post("left")), narrow.put("stays", post("stays"))
    await narrow.settle()
    left.cancel()
    await narrow.settle()
    narrow.held["busy"].set()
    assert await stays == "did stays"
    assert left.cancelled()
    assert narrow.begun == ["busy", "stays"]
    await busy


async def test_what_is_begun_is_finished(desk: Desk):
    """Its caller left, but Slack may have it already; the channel is free when it has ended."""
    desk.hold("sent")
    task = desk.put("sent", post("it"))
    await desk.settle()
    task.cancel()
    following = desk.put("following", SendRequest(Rank.EDIT, EDIT, channel="D-it"))
    await desk.settle()
    assert task.cancelled()
    assert desk.begun == ["sent"]
    desk.held["sent"].set()
    assert await following == "did following"


async def test_one_of_two_who_wait_for_the_same_may_leave(narrow: Desk):
    """It is done for the other; when both leave it is not done."""
    narrow.hold("busy")
    busy = narrow.put("busy", post("busy"))
    await narrow.settle()
    pairs = [
        [narrow.put(f"{key}{n}", SendRequest(Rank.HOME, HOME, key=key)) for n in (1, 2)]
        for key in "ab"
    ]
    await narrow.settle()
    for task in (pairs[0][1], *pairs[1]):
        task.cancel()
    await narrow.settle()
    narrow.held["busy"].set()
    assert await pairs[0][0] == "did a2"
    await busy
    assert narrow.begun == ["busy", "a2"]


async def test_closing_sends_back_who_waits_and_finishes_what_is_begun():
    """Who waits may come again after the next start; nothing is begun any more."""
    desk = Desk(at_once=1)
    desk.hold("sent")
    sent, waits = desk.put("sent", post("sent")), desk.put("waits", post("waits"))
    await desk.settle()
    closing = asyncio.create_task(desk.outgoing.aclose())
    with pytest.raises(MessageDelayed, match="closing"):
        await waits
    assert not closing.done()
    desk.held["sent"].set()
    assert await sent == "did sent"
    await closing
    with pytest.raises(MessageDelayed, match="closing"):
        await desk.put("late", post("late"))
    assert desk.begun == ["sent"]


async def test_closing_waits_only_so_long():
    """What has no answer by then is uncertain, and its caller hears so."""
    desk = Desk(closing_seconds=0.01)
    desk.hold("silent")
    silent = desk.put("silent", post("silent"))
    await desk.settle()
    await desk.outgoing.aclose()
    with pytest.raises(MessageUnsure, match="closing"):
        await silent


async def test_how_many_wait_is_counted(narrow: Desk):
    """By rank, up and down again, whichever way they go."""

    def waiting(rank: str) -> float:
        return REGISTRY.get_sample_value("slackbot_outgoing_waiting", {"rank": rank}) or 0.0

    before = waiting("match"), waiting("home")
    narrow.hold("busy")
    busy = narrow.put("busy", post("busy"))
    await narrow.settle()
    left, stays = narrow.put("left", post("left")), narrow.put("stays", post("stays"))
    homes = [narrow.put(f"h{n}", SendRequest(Rank.HOME, HOME, key="it")) for n in range(3)]
    await narrow.settle()
    assert (waiting("match"), waiting("home")) == (before[0] + 2, before[1] + 1)
    left.cancel()
    await narrow.settle()
    narrow.held["busy"].set()
    await asyncio.gather(busy, stays, *homes)
    assert (waiting("match"), waiting("home")) == before
