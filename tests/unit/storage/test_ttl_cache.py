"""The memory of links."""

from __future__ import annotations

import asyncio

from slackbot.storage.cache import TtlCache


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
