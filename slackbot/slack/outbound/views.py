"""Modals and Home."""

from __future__ import annotations

from functools import partial
from typing import Any

from slackbot.domain.model import Person
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.queue import Rank, SendRequest, WorkspaceQueue


class Views:
    """Views of a person. Home waits in the outgoing queue, modals do not."""

    def __init__(self, api: SlackApi, queue: WorkspaceQueue) -> None:
        self._api = api
        self._queue = queue

    async def open(self, person: Person, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a modal; the trigger works once, within three seconds."""
        await self._api.request("views.open", person, trigger_id=trigger_id, view=view)

    async def update(self, person: Person, view_id: str, view: dict[str, Any]) -> None:
        """Replace an open modal's view."""
        await self._api.request("views.update", person, view_id=view_id, view=view)

    async def publish_home(self, person: Person, view: dict[str, Any]) -> None:
        """Replace the person's Home."""
        request = SendRequest(Rank.HOME, "views.publish", key=("home", person))
        publish = partial(
            self._api.request, "views.publish", person, user_id=person.user, view=view
        )
        await self._queue.send(request, publish)
