"""How often something may happen: small buckets in memory, one for each link or address."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

KEPT: Final = 10_000


class Buckets:
    """A token bucket for each key. One that was not used for long is full, hence forgotten."""

    def __init__(
        self,
        *,
        burst: int,
        per_second: float,
        kept: int = KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """So many at once, and so many in each second after that. `clock` counts seconds."""
        self._burst = float(burst)
        self._per_second = per_second
        self._kept = kept
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str) -> float:
        """Take one: 0 when there was one, else the seconds until there is."""
        now = self._clock()
        left, since = self._buckets.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._per_second)
        taken = left >= 1.0
        self._buckets[key] = (left - 1.0 if taken else left, now)
        if len(self._buckets) > self._kept:
            self._buckets.popitem(last=False)
        return 0.0 if taken else (1.0 - left) / self._per_second


def network_of(address: str) -> str:
    """What one visitor holds: an IPv4 address, or the /64 that an IPv6 address lies in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return address
