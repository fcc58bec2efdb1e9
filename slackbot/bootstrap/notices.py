"""Unsent notices, which operators can list, retry and drop while the bot is running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime

from slackbot.bootstrap.database import as_settings_error, database_url
from slackbot.delivery.workflow_client import (
    UnfinishedWorkflow,
    WorkflowClient,
    workflow_client,
)
from slackbot.domain.model import Person
from slackbot.services.notices import MATCH_AGE
from slackbot.settings import Settings, SettingsError
from slackbot.storage import migrations
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.failures import raise_unavailable
from slackbot.storage.unsent_matches import UnsentMatch, UnsentMatches


@dataclass(frozen=True, slots=True)
class UnsentNotice:
    """A notice that has not been sent. Its text is left out."""

    id: str
    kind: str
    person: Person
    since: datetime
    state: str
    reason: str
    match: UnsentMatch | None
    workflows: tuple[str, ...]  # names of unfinished workflows


class UnknownNotice(Exception):
    """No notice, or more than one, matches this id."""


class UnsentNotices:
    """Lists, retries and drops unsent notices."""

    def __init__(
        self, matches: UnsentMatches, client: WorkflowClient, sync: Callable[[], None]
    ) -> None:
        """Create the list. `sync` syncs the changes that the client has made."""
        self._matches = matches
        self._client = client
        self._sync = sync

    async def list_all(self) -> list[UnsentNotice]:
        """Return all unsent notices, oldest first."""
        matches = {m.id: m for m in await self._matches.list_all(datetime.now(UTC) - MATCH_AGE)}
        living = await self._matches.living_workers()
        by_notice: dict[tuple[str, str], list[UnfinishedWorkflow]] = {}
        for workflow in await asyncio.to_thread(self._client.unfinished):
            by_notice.setdefault((workflow.kind, workflow.key), []).append(workflow)
        found = [
            _notice(match.id, "match", match, by_notice.pop(("match", match.id), []), living)
            for match in matches.values()
        ]
        found += [_notice(key, kind, None, w, living) for (kind, key), w in by_notice.items()]
        return sorted(found, key=lambda notice: notice.since)

    async def find(self, ids: Sequence[str]) -> list[UnsentNotice]:
        """Return the notice whose id starts with each of these prefixes.

        Raises:
            UnknownNotice: a prefix matches no notice, or more than one.
        """
        notices, found = await self.list_all(), list[UnsentNotice]()
        for given in ids:
            match = [notice for notice in notices if notice.id.startswith(given)]
            if len(match) != 1:
                raise UnknownNotice(f"{'no' if not match else 'more than one'} notice is {given}")
            found += match
        return found

    async def retry(self, notice: UnsentNotice) -> bool:
        """Retry the notice within a minute. Return False if it was sent in the meantime."""
        if notice.match is not None and notice.match.outcome is not None:
            return await self._matches.reopen(notice.match)
        await asyncio.to_thread(self._client.retry, notice.workflows)
        return True

    async def drop(self, notice: UnsentNotice) -> bool:
        """Drop the notice, so it is never sent. Return False if it was sent in the meantime."""
        dropped = notice.match is None or await self._matches.drop(notice.match)
        if dropped and notice.workflows:
            await asyncio.to_thread(self._client.cancel, notice.workflows)
            await asyncio.to_thread(self._sync)  # a remark has no row that records it
        return dropped


def _notice(
    key: str,
    kind: str,
    match: UnsentMatch | None,
    workflows: Sequence[UnfinishedWorkflow],
    living: frozenset[str],
) -> UnsentNotice:
    owners = [workflow.executor for workflow in workflows if workflow.executor in living]
    reasons = [workflow.reason for workflow in workflows if workflow.reason]
    if match is not None and match.outcome is not None:
        state, reasons = "given up", [match.outcome]
    elif owners:
        state = f"waiting in process {owners[-1]}"
    elif workflows and not kind:
        state = "of a later version; one of its processes will take it over"
    elif living:
        state = "nobody is sending it; a process takes it over within a minute"
    else:
        state = "the bot is not running"
    [*_, last] = [None, *workflows]
    whose = match or last
    assert whose is not None
    return UnsentNotice(
        id=key,
        kind=kind or "unknown",
        person=whose.person,
        since=match.received_at if match is not None else min(w.since for w in workflows),
        state=state,
        reason=reasons[-1] if reasons else "",
        match=match,
        workflows=tuple(workflow.name for workflow in workflows),
    )


@asynccontextmanager
async def unsent_notices(settings: Settings) -> AsyncIterator[UnsentNotices]:
    """Open the database while the bot may be running.

    No lock is needed, because each change affects a single row.

    Raises:
        SettingsError: there is no database, or it cannot be used.
    """
    url = database_url(settings)
    if url.is_sqlite and (url.file is None or not url.file.exists()):
        raise SettingsError("DATABASE_URL: there is no database yet; `slackbot run` makes it")
    with as_settings_error():
        async with aclosing(Database(url)) as database:
            await migrations.require_newest(database)
            with (
                raise_unavailable(),
                closing(DeliveryDatabase(url)) as delivery,
                workflow_client(delivery.options()) as client,
            ):
                yield UnsentNotices(UnsentMatches(database), client, delivery.sync)
