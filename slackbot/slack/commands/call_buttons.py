"""The buttons that open or replace the link of a call."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from slackbot.aio.tasks import BackgroundTasks, SingleFlight
from slackbot.domain.model import MatchId, Person
from slackbot.services.calls import Calls
from slackbot.slack.blocks.errors import defect_card
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import call_gone_card, match_card, no_call_card
from slackbot.slack.blocks.message import Message

MATCH_ID: Final = re.compile(r"([0-9a-f]{16}-)?[0-9a-f]{32}")


@dataclass(eq=False, repr=False, kw_only=True)
class CallButtons:
    """Handlers for the buttons of a call. A button identifies the match but not the person."""

    calls: Calls
    background: BackgroundTasks
    links: HubLinks

    def __post_init__(self) -> None:
        self._new_links = SingleFlight[tuple[Person, str], Message](self.background, "answer")

    def opened(self, person: Person, match_id: str) -> None:
        """Record that the link was opened. Slack opens the link and also reports the click."""
        if MATCH_ID.fullmatch(match_id):
            self.background.start(self.calls.opened(person, MatchId(match_id)), "note")

    def new_link(self, person: Person, match_id: str) -> asyncio.Task[Message]:
        """Start a task that replaces the call's link and renders the card with the new one.

        A second click while the task is running returns the same task.
        """
        key = (person, match_id)
        return self._new_links.start(key, lambda: self._new_link(person, match_id))

    async def _new_link(self, person: Person, match_id: str) -> Message:
        if not MATCH_ID.fullmatch(match_id):
            return no_call_card()
        try:
            match, url = await self.calls.renew(person, MatchId(match_id))
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect_card(error)
        if match is None:
            return no_call_card()
        return match_card(match, self.links, url) if url else call_gone_card(match, self.links)
