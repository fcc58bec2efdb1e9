"""A cache whose entries expire."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TtlCache(Generic[K, V]):
    """A bounded cache of loaded values, None included. For a single event loop."""

    def __init__(
        self, *, seconds: float, capacity: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Entries expire after `seconds`; beyond `capacity` entries the oldest is evicted."""
        self._seconds = seconds
        self._capacity = capacity
        self._clock = clock
        # The time at which an entry expires, and its value.
        self._entries: dict[K, tuple[float, V]] = {}
        self._invalidations = 0

    def __len__(self) -> int:
        return len(self._entries)

    async def get(self, key: K, load: Callable[[], Awaitable[V]]) -> V:
        """Return the cached value, loading it if there is none."""
        entry = self._entries.get(key)
        if entry is not None and entry[0] > self._clock():
            return entry[1]
        invalidations = self._invalidations
        value = await load()
        # An entry was invalidated during the load: the value may be stale, so do not cache it.
        if invalidations == self._invalidations:
            self.put(key, value)
        return value

    async def refresh(
        self, keys: Sequence[K], load: Callable[[], Awaitable[Mapping[K, V]]]
    ) -> Mapping[K, V]:
        """Load many values at once and cache them, replacing earlier ones."""
        for key in keys:
            self.invalidate(key)
        invalidations = self._invalidations
        values = await load()
        if invalidations == self._invalidations:
            for key, value in values.items():
                self.put(key, value)
        return values

    def peek(self, key: K) -> V | None:
        """Return the cached value, or None."""
        entry = self._entries.get(key)
        return entry[1] if entry is not None and entry[0] > self._clock() else None

    def put(self, key: K, value: V) -> None:
        """Cache a value."""
        self._entries.pop(key, None)
        if len(self._entries) >= self._capacity:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (self._clock() + self._seconds, value)

    def invalidate(self, key: K) -> None:
        """Remove a value, so that the next `get` loads it."""
        self._invalidations += 1
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Remove all values."""
        self._invalidations += 1
        self._entries.clear()
