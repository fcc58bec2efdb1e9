"""A small cache that forgets after some seconds, and at once what is dropped."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """Keeps what was loaded, absent things (None) too. For one event loop."""

    def __init__(
        self, *, seconds: float, capacity: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`capacity` is the most entries kept; beyond it the one kept longest goes."""
        self._seconds = seconds
        self._capacity = capacity
        self._clock = clock
        self._kept: dict[K, tuple[float, V]] = {}
        self._drops = 0

    def __len__(self) -> int:
        return len(self._kept)

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """The value, loaded when there is none that is fresh."""
        kept = self._kept.get(key)
        if kept is not None and kept[0] > self._clock():
            return kept[1]
        drops = self._drops
        value = await load()
        # Something was dropped while we were reading: what we read may be of before.
        if drops == self._drops:
            self.keep(key, value)
        return value

    async def renew(
        self, keys: Sequence[K], load: Callable[[], Awaitable[Mapping[K, V]]]
    ) -> Mapping[K, V]:
        """Values of many, loaded together whatever is kept of them."""
        for key in keys:
            self.drop(key)
        drops = self._drops
        values = await load()
        if drops == self._drops:
            for key, value in values.items():
                self.keep(key, value)
        return values

    def peek(self, key: K) -> V | None:
        """The value, if one is kept that is fresh."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] > self._clock() else None

    def change(self, key: K, change: Callable[[V], V]) -> None:
        """What was written, done to the value that is kept too, if one is.

        Written may be twice: what is being read just now may show it already.
        """
        kept = self._kept.get(key)
        self.drop(key)
        if kept is not None and kept[0] > self._clock():
            self.keep(key, change(kept[1]))

    def drop(self, key: K) -> None:
        """Forget one value; it is loaded anew when next asked for."""
        self._drops += 1
        self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._drops += 1
        self._kept.clear()

    def keep(self, key: K, value: V) -> None:
        """Keep a value that was not loaded: what was written just now."""
        self._kept.pop(key, None)
        if len(self._kept) >= self._capacity:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._clock() + self._seconds, value)
