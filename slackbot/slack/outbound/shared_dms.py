"""Conversations of two people with the bot, in which it posts once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from slackbot.domain.errors import MessageRefused
from slackbot.domain.model import Person
from slackbot.domain.notices import Notice
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.notice import notice_message
from slackbot.slack.manifest import SHARED_SCOPE
from slackbot.slack.outbound.api import SlackApi, send_content
from slackbot.slack.outbound.queue import POST, Rank, SendRequest, WorkspaceQueue

OPEN: Final = "conversations.open"


@dataclass(frozen=True, eq=False, repr=False)
class SharedDms:
    """Implements `ports.SharedConversations` with group direct messages."""

    api: SlackApi
    queue: WorkspaceQueue
    links: HubLinks

    async def open(self, people: Sequence[Person]) -> str:
        """Open the conversation of these people, and return its channel.

        Raises:
            MessageRefused: Slack refuses it, or the app was installed without the scope.
            MessageDelayed: It cannot be opened at the moment.
        """
        first = people[0]
        if not (await self.api.installed(first)).grants(SHARED_SCOPE):
            raise MessageRefused("missing_scope")
        users = ",".join(sorted(person.user for person in people))
        ask = partial(self.api.request_idempotent, OPEN, first, users=users)
        request = SendRequest(Rank.REMARK, OPEN, key=("open", users))
        return str((await self.queue.send(request, ask))["channel"]["id"])

    async def post(self, person: Person, channel: str, notice: Notice) -> None:
        """Post the notice in the channel, which belongs to the person's workspace."""
        message = notice_message(notice, self.links)
        silent = {"unfurl_links": False, "unfurl_media": False}
        send = partial(send_content, self.api, message, POST, person, channel=channel, **silent)
        await self.queue.send(SendRequest(Rank.REMARK, POST, channel=channel), send)
