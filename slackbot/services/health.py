"""Check pending notices and feeds for the gauges of `/metrics` and for `/readyz`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slackbot.aio.tasks import every
from slackbot.domain.model import FeedHealth, TeamId
from slackbot.domain.ports import Clock
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.telemetry import MATCHES_UNSTORED, NOTICES_OLDEST, NOTICES_WAITING

CHECK_SECONDS = 5.0
# `/readyz` fails if a match has been pending, or most feeds have been down, for longer than this.
TOO_LONG = timedelta(seconds=60)


def mostly_disconnected(feeds: Sequence[FeedHealth]) -> bool:
    """Return whether most feeds are down.

    A single disconnected feed never counts, because its token may be invalid.
    """
    down = sum(not feed.connected for feed in feeds)
    return down > 1 and 2 * down > len(feeds)


@dataclass(eq=False, repr=False, kw_only=True)
class HealthMonitor:
    """The results of the latest check. Before the first check, everything counts as healthy."""

    store: Store
    clock: Clock
    feeds: Callable[[], Sequence[FeedHealth]]  # returns all feeds known to this process
    unstored: Collection[object] = ()  # match reports that could not be stored yet
    _oldest_pending: datetime | None = field(default=None, init=False)
    _disconnected_since: datetime | None = field(default=None, init=False)

    def parts(self) -> dict[str, bool]:
        """Return whether `notices` are sent in time, `feeds` are up and `matches` are stored."""
        since = {"notices": self._oldest_pending, "feeds": self._disconnected_since}
        now = self.clock.now()
        parts = {name: at is None or now - at <= TOO_LONG for name, at in since.items()}
        return parts | {"matches": not self.unstored}

    async def run(self, team: TeamId) -> None:
        """Check every few seconds until cancelled."""
        await every(
            CHECK_SECONDS,
            lambda: self.check(team),
            name="health_check",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def check(self, team: TeamId) -> None:
        """Check once. If the store is unavailable, keep the previous result for notices."""
        now = self.clock.now()
        MATCHES_UNSTORED.set(len(self.unstored))
        down = mostly_disconnected(self.feeds())
        self._disconnected_since = (self._disconnected_since or now) if down else None
        backlog = await self.store.matches.backlog(team)
        self._oldest_pending = backlog.oldest
        waited = now - backlog.oldest if backlog.oldest is not None else timedelta()
        NOTICES_WAITING.set(backlog.count)
        NOTICES_OLDEST.set(max(waited.total_seconds(), 0.0))
