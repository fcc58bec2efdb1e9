"""Modals and the Home view."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from slackbot.domain.model import Person
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.queue import PUBLISH, Rank, SendRequest, WorkspaceQueue

HASH_CONFLICT: Final = "hash_conflict"


@dataclass(eq=False, repr=False)
class Views:
    """Sends views to people. Home is sent through the outgoing queue, but modals are not."""

    api: SlackApi
    queue: WorkspaceQueue

    async def open(self, person: Person, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal. The trigger can be used once and expires after three seconds."""
        await self.api.request("views.open", person, trigger_id=trigger_id, view=view)

    async def update(self, person: Person, view_id: str, view: dict[str, Any]) -> None:
        """Replace the view of an open modal."""
        await self.api.request("views.update", person, view_id=view_id, view=view)

    async def publish_home(
        self, person: Person, rank: Rank, publish: Callable[[], Awaitable[None]]
    ) -> None:
        """Call `publish` when it is the turn of the person's Home.

        It draws the Home then, so what waits is never out of date. A call that comes while another
        one waits takes its place.
        """
        await self.queue.send(SendRequest(rank, PUBLISH, key=("home", person)), publish)

    async def publish(self, person: Person, view: dict[str, Any], view_hash: str | None) -> str:
        """Replace the person's Home view, and return its hash.

        Raises:
            MessageRefused: `HASH_CONFLICT` if the hash is not that of the present view.
        """
        answer: Any = await self.api.request(
            PUBLISH, person, user_id=person.user, view=view, hash=view_hash
        )
        return str(answer["view"]["hash"])
