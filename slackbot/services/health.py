"""How the bot is doing: whether notices wait too long, and whether the feeds are deaf.

Looked at every few seconds, for the gauges of `/metrics` and for `/readyz`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from slackbot.domain.model import FeedHealth, TeamId
from slackbot.domain.ports import Clock, Store, StoreUnavailable
from slackbot.telemetry import NOTICES_OLDEST, NOTICES_WAITING

log = structlog.get_logger(__name__)

LOOK_SECONDS = 5.0
TOO_LONG = timedelta(seconds=60)
"""How long a match may wait to be told, and the feeds be deaf, before an operator is told."""


def mostly_disconnected(feeds: Sequence[FeedHealth]) -> bool:
    """Whether most feeds are down, and more than one: one alone may be its person's token."""
    down = sum(not feed.connected for feed in feeds)
    return down > 1 and 2 * down > len(feeds)


class HealthMonitor:
    """What was seen last. Until the first look all is well."""

    def __init__(
        self, *, store: Store, clock: Clock, feeds: Callable[[], Sequence[FeedHealth]]
    ) -> None:
        """`feeds` tells how those are that this process is to hold, or knows of."""
        self._store = store
        self._clock = clock
        self._feeds = feeds
        self._oldest: datetime | None = None
        self._deaf_since: datetime | None = None

    def parts(self) -> dict[str, bool]:
        """Whether notices are told in time, and whether the feeds hear, by name."""
        since = {"notices": self._oldest, "feeds": self._deaf_since}
        now = self._clock.now()
        return {name: at is None or now - at <= TOO_LONG for name, at in since.items()}

    async def keep(self, team: TeamId) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look(team)
            except StoreUnavailable:
                log.info("condition_unknown", reason="store_unavailable")
            except Exception:
                log.exception("condition_unknown")
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self, team: TeamId) -> None:
        """Look once.

        Raises:
            StoreUnavailable: what is said of notices is what was seen before.
        """
        now = self._clock.now()
        self._deaf_since = (self._deaf_since or now) if mostly_disconnected(self._feeds()) else None
        backlog = await self._store.matches.backlog(team)
        self._oldest = backlog.oldest
        waited = now - backlog.oldest if backlog.oldest is not None else timedelta()
        NOTICES_WAITING.set(backlog.count)
        NOTICES_OLDEST.set(max(waited.total_seconds(), 0.0))
