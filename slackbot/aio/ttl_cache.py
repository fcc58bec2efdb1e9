"""A cache whose entries expire."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """A bounded cache of loaded values, which may be None. Use it in a single event loop."""

    def __init__(
        self, *, seconds: float, capacity: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Create a cache whose entries expire after `seconds`.

        When the cache holds `capacity` entries, adding another evicts the oldest.
        """
        self._seconds = seconds
        self._capacity = capacity
        self._clock = clock
        # The expiry time and value of each entry.
        self._entries: dict[K, tuple[float, V]] = {}
        self._invalidations = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """Return the cached value, or load and cache it."""
        entry = self._entries.get(key)
        if entry is not None and entry[0] > self._clock():
            return entry[1]
        invalidations = self._invalidations
        value = await load()
        # If an entry was invalidated during the load, the value may be stale and is not cached.
        if invalidations == self._invalidations:
            self.put(key, value)
        return value

    async def refresh(
        self, keys: Sequence[K], load: Callable[[], Awaitable[Mapping[K, V]]]
    ) -> Mapping[K, V]:
        """Load several values with one call and cache them, replacing earlier ones."""
        for key in keys:
            self.invalidate(key)
        invalidations = self._invalidations
        values = await load()
        if invalidations == self._invalidations:
            for key, value in values.items():
                self.put(key, value)
        return values

    def peek(self, key: K) -> V | None:
        """Return the cached value, or None if there is none."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > self._clock() else None

    def put(self, key: K, value: V) -> None:
        """Cache a value."""
        self._entries.pop(key, None)
        if len(self._entries) >= self._capacity:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._clock() + self._seconds, value)

    def invalidate(self, key: K) -> None:
        """Remove a value. The next `get` loads it again."""
        self._invalidations += 1
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Remove all values."""
        self._invalidations += 1
        self._entries.clear()
