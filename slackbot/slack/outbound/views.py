"""Modals and the Home view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from slackbot.domain.model import Person
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.queue import Rank, SendRequest, WorkspaceQueue


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

    async def publish_home(self, person: Person, view: dict[str, Any]) -> None:
        """Replace the person's Home view."""
        request = SendRequest(Rank.HOME, "views.publish", key=("home", person))
        publish = partial(self.api.request, "views.publish", person, user_id=person.user, view=view)
        await self.queue.send(request, publish)
