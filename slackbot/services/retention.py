"""Delete what is older than it may be kept. Of all processes, one does so each hour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from slackbot.aio.tasks import every
from slackbot.domain.model import TeamId
from slackbot.domain.ports import Clock, Delivery
from slackbot.domain.retention import RetentionStore
from slackbot.domain.stores import StoreUnavailable
from slackbot.services.accounts import USE_RECORDED

log = structlog.get_logger(__name__)

PERIOD: Final = timedelta(hours=1)  # of which one process deletes at the first occasion
TICK_SECONDS: Final = 300.0  # between attempts to be that process


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Retention:
    """Deletes matches, call links, notices and unused links after `kept`.

    `overwrite` makes sure that nothing deleted is left in files, also of what people erased.
    """

    rows: RetentionStore
    delivery: Delivery
    clock: Clock
    kept: timedelta
    overwrite: Callable[[], Awaitable[None]]

    async def run(self, team: TeamId) -> None:
        """Run until cancelled."""
        await every(
            TICK_SECONDS,
            lambda: self.tick(team),
            name="retention",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def tick(self, team: TeamId) -> None:
        """Delete what is too old, unless another process does so in this period.

        A process that dies in between leaves the rest to the next period. What was deleted in any
        other way is overwritten each time, also after the app was removed from the workspace.
        """
        now = self.clock.now()
        if await self.rows.claim(team, now, PERIOD):
            await self._delete(team, now - self.kept)
        await self.overwrite()

    async def _delete(self, team: TeamId, before: datetime) -> None:
        rows = self.rows
        matches = await _until_none(rows.delete_matches, team, before)
        notices = await _until_none(rows.delete_notices, team, before)
        links = people = 0
        # The recorded time of a use may be this old already.
        while unused := await rows.delete_links(team, before - USE_RECORDED):
            links += len(unused)
        while epochs := await rows.delete_people(team, before):
            people += len(epochs)
            for epoch in epochs:
                await self.delivery.forget(epoch)
        if matches or notices or links or people:
            log.info(
                "old_rows_deleted", matches=matches, notices=notices, links=links, people=people
            )


async def _until_none(
    delete: Callable[[TeamId, datetime], Awaitable[int]], team: TeamId, before: datetime
) -> int:
    """Delete batch after batch, and return the number of rows."""
    total = 0
    while count := await delete(team, before):
        total += count
    return total
