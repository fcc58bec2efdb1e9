"""Tests of the cache."""

from __future__ import annotations

import asyncio

from slackbot.aio.ttl_cache import TtlCache


class Source:
    """A source of values that counts loads, with a clock set by hand."""

    def __init__(self, **values: int) -> None:
        self.values = values
        self.loads = 0
        self.time = 0.0

    async def load(self, name: str) -> int | None:
        self.loads += 1
        value = self.values.get(name)
        await asyncio.sleep(0)
        return value

    async def load_all(self) -> dict[str, int | None]:
        return {name: await self.load(name) for name in self.values}


def cache_of(source: Source, capacity: int = 2) -> TtlCache[str, int | None]:
    return TtlCache(seconds=10, capacity=capacity, clock=lambda: source.time)


async def test_a_value_is_loaded_once_until_it_expires():
    """Within its seconds a value, or its absence, is cached; after them it is loaded again."""
    source = Source(a=1)
    cache = cache_of(source)
    for _ in range(3):
        assert await cache.get("a", lambda: source.load("a")) == 1
        assert await cache.get("none", lambda: source.load("none")) is None
    assert source.loads == 2
    source.values["a"], source.time = 2, 10.0
    assert await cache.get("a", lambda: source.load("a")) == 2


async def test_an_invalidated_value_is_loaded_again():
    """One is invalidated alone, or all together."""
    source = Source(a=1, b=1)
    cache = cache_of(source)
    for name in "ab":
        await cache.get(name, lambda name=name: source.load(name))
    source.values = {"a": 2, "b": 2}
    cache.invalidate("a")
    assert await cache.get("a", lambda: source.load("a")) == 2
    assert await cache.get("b", lambda: source.load("b")) == 1
    cache.clear()
    assert await cache.get("b", lambda: source.load("b")) == 2


async def test_a_value_invalidated_during_its_load_is_not_cached():
    """A reader slower than the writer does not bring the old value back."""
    source = Source(a=1)
    cache = cache_of(source)
    slow = asyncio.create_task(cache.get("a", lambda: source.load("a")))
    await asyncio.sleep(0)
    source.values["a"] = 2
    cache.invalidate("a")
    assert await slow == 1
    assert await cache.get("a", lambda: source.load("a")) == 2


async def test_a_refresh_replaces_what_was_cached():
    """Many values are loaded together, whatever was cached; an invalidated load is not kept."""
    source = Source(a=1, b=1)
    cache = cache_of(source)
    await cache.get("a", lambda: source.load("a"))
    source.values["a"] = 2
    assert await cache.refresh(["a", "b"], source.load_all) == {"a": 2, "b": 1}
    assert [cache.peek("a"), cache.peek("b")] == [2, 1]
    slow = asyncio.create_task(cache.refresh(["a", "b"], source.load_all))
    await asyncio.sleep(0)
    cache.invalidate("b")
    await slow
    assert [cache.peek("a"), cache.peek("b")] == [None, None]


async def test_the_oldest_entry_is_evicted():
    """Beyond the capacity, however the entries came."""
    source = Source(a=1, b=2, c=3)
    cache = cache_of(source, capacity=2)
    for name in "abc":
        await cache.get(name, lambda name=name: source.load(name))
    assert len(cache) == 2
    assert [cache.peek(name) for name in "abc"] == [None, 2, 3]
    cache.put("a", 1)
    assert len(cache) == 2
    assert [cache.peek(name) for name in "abc"] == [1, None, 3]


async def test_a_peek_loads_nothing():
    """It returns what is cached, or None once that has expired."""
    source = Source(a=1)
    cache = cache_of(source)
    assert cache.peek("a") is None
    cache.put("a", 5)
    assert cache.peek("a") == 5
    source.time = 10.0
    assert cache.peek("a") is None
    assert source.loads == 0
