"""Access to the engine's workflow table for `slackbot notices`, while the bot is running.

The client does not run workflows. The process that runs a workflow reads changes to its row within
a minute.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from dbos import DBOSClient, WorkflowStatus

from slackbot.delivery.workflow_table import REASON, RETRY
from slackbot.domain.model import Person, TeamId, UserId

KINDS: Final = {"deliver": "match", "finish": "end of a round", "remark": "remark"}
UNFINISHED: Final = ["PENDING", "ENQUEUED"]


@dataclass(frozen=True, slots=True)
class UnfinishedWorkflow:
    """An unfinished workflow. The values of its notice are left out."""

    name: str
    kind: str  # a readable name, or "" if this version does not know the workflow
    person: Person
    key: str  # the match's id or the remark's key
    executor: str
    since: datetime
    reason: str  # why the last attempt failed, or "" if unknown


class WorkflowClient:
    """Reads and updates the workflow table."""

    def __init__(self, database: Mapping[str, Any]) -> None:
        """Create a client. `database` holds keys of `DBOSConfig`, as for `engine.start`."""
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        self._client = DBOSClient(
            system_database_engine=database["system_database_engine"],
            dbos_system_schema=database.get("dbos_system_schema", "dbos"),
            retry_connection_errors=False,
        )

    def unfinished(self) -> list[UnfinishedWorkflow]:
        """Return all unfinished workflows, oldest first."""
        return [
            _read(row) for row in self._client.list_workflows(status=UNFINISHED, load_output=False)
        ]

    def retry(self, names: Collection[str]) -> None:
        """Request an immediate retry from the processes that run these workflows."""
        for name in names:
            self._client.update_workflow_attributes(name, {RETRY: True})

    def cancel(self, names: Collection[str]) -> None:
        """Cancel workflows. The processes that run them stop within a minute."""
        self._client.cancel_workflows(list(names))

    def close(self) -> None:
        """Release the client's resources."""
        self._client.destroy()


@contextmanager
def workflow_client(database: Mapping[str, Any]) -> Iterator[WorkflowClient]:
    """Open a client, and close it on exit."""
    client = WorkflowClient(database)
    try:
        yield client
    finally:
        client.close()


def _read(row: WorkflowStatus) -> UnfinishedWorkflow:
    assert row.input is not None
    team, user, key, *_ = row.input["args"]
    return UnfinishedWorkflow(
        name=row.workflow_id,
        kind=KINDS.get(row.name, ""),
        person=Person(TeamId(team), UserId(user)),
        key=str(key),
        executor=row.executor_id or "",
        since=datetime.fromtimestamp((row.created_at or 0) / 1000, UTC),
        reason=str((row.attributes or {}).get(REASON, "")),
    )
