"""The memory of links."""

from __future__ import annotations

import asyncio

from slackbot.aio.ttl_cache import TtlCache


class Shelf:
    """Something to load from, and a clock set by hand."""

    def __init__(self, **things: int) -> None:
        self.things = things
        self.loads = 0
        self.time = 0.0

    async def load(self, name: str) -> int | None:
        self.loads += 1
        found = self.things.get(name)
        await asyncio.sleep(0)
        return found


def cache_over(shelf: Shelf, capacity: int = 2) -> TtlCache[str, int | None]:
    return TtlCache(seconds=10, capacity=capacity, clock=lambda: shelf.time)


async def test_a_fresh_value_is_not_loaded_again():
    """Within its seconds a value, or its absence, is remembered; after them it is looked up."""
    shelf = Shelf(a=1)
    cache = cache_over(shelf)
    for _ in range(3):
        assert await cache.get("a", lambda: shelf.load("a")) == 1
        assert await cache.get("none", lambda: shelf.load("none")) is None
    assert shelf.loads == 2
    shelf.things["a"], shelf.time = 2, 10.0
    assert await cache.get("a", lambda: shelf.load("a")) == 2


async def test_a_dropped_value_is_loaded_anew():
    """One is dropped alone, or all together."""
    shelf = Shelf(a=1, b=1)
    cache = cache_over(shelf)
    for name in "ab":
        await cache.get(name, lambda name=name: shelf.load(name))
    shelf.things = {"a": 2, "b": 2}
    cache.drop("a")
    assert await cache.get("a", lambda: shelf.load("a")) == 2
    assert await cache.get("b", lambda: shelf.load("b")) == 1
    cache.clear()
    assert await cache.get("b", lambda: shelf.load("b")) == 2


async def test_a_value_read_before_a_change_is_not_kept_after_it():
    """A reader who was slower than the writer does not bring the old value back."""
    shelf = Shelf(a=1)
    cache = cache_over(shelf)
    slow = asyncio.create_task(cache.get("a", lambda: shelf.load("a")))
    await asyncio.sleep(0)
    shelf.things["a"] = 2
    cache.drop("a")
    assert await slow == 1
    assert await cache.get("a", lambda: shelf.load("a")) == 2


async def test_only_so_many_are_kept():
    """Beyond the capacity the one kept longest goes."""
    shelf = Shelf(a=1, b=2, c=3)
    cache = cache_over(shelf, capacity=2)
    for name in "abc":
        await cache.get(name, lambda name=name: shelf.load(name))
    assert len(cache) == 2
    loads = shelf.loads
    await cache.get("c", lambda: shelf.load("c"))
    assert shelf.loads == loads
    await cache.get("a", lambda: shelf.load("a"))
    assert shelf.loads == loads + 1


async def test_what_was_written_is_done_to_what_is_kept():
    """A change is carried out on the kept value too, which is fresh from then on."""
    shelf = Shelf(a=1)
    cache = cache_over(shelf)
    await cache.get("a", lambda: shelf.load("a"))
    shelf.time = 9.0
    cache.change("a", lambda value: (value or 0) + 1)
    shelf.time = 18.0
    assert await cache.get("a", lambda: shelf.load("a")) == 2
    assert shelf.loads == 1


async def test_a_change_of_what_is_not_kept_keeps_nothing():
    """Neither a value that is too old nor one that was never loaded is made up."""
    shelf = Shelf(a=1)
    cache = cache_over(shelf)
    cache.change("a", lambda _: 7)
    await cache.get("a", lambda: shelf.load("a"))
    shelf.time = 10.0
    cache.change("a", lambda _: 7)
    assert cache.peek("a") is None
    assert await cache.get("a", lambda: shelf.load("a")) == 1


async def test_a_value_read_before_a_written_change_is_not_kept_after_it():
    """A reader who was slower than the writer does not undo what was done to the kept value."""
    shelf = Shelf(a=1)
    cache = cache_over(shelf)
    cache.keep("a", 1)
    shelf.time = 10.0
    slow = asyncio.create_task(cache.get("a", lambda: shelf.load("a")))
    await asyncio.sleep(0)
    shelf.things["a"] = 2
    cache.change("a", lambda value: value)
    await slow
    assert await cache.get("a", lambda: shelf.load("a")) == 2


async def test_a_peek_loads_nothing():
    """It shows what is kept and fresh, or nothing."""
    shelf = Shelf(a=1)
    cache = cache_over(shelf)
    assert cache.peek("a") is None
    cache.keep("a", 5)
    assert cache.peek("a") == 5
    shelf.time = 10.0
    assert cache.peek("a") is None
    assert shelf.loads == 0


async def test_what_is_kept_unasked_has_a_limit_too():
    """The one kept longest goes, however the others came."""
    shelf = Shelf()
    cache = cache_over(shelf, capacity=2)
    for number, name in enumerate("abc"):
        cache.keep(name, number)
    assert [cache.peek(name) for name in "abc"] == [None, 1, 2]
    assert len(cache) == 2
