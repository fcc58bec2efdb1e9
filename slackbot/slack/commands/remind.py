"""The command `remind`, and the answers to *Did you talk?*."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.model import EventSlug, MatchId, Person
from slackbot.domain.ports import Clock
from slackbot.domain.preferences import MAX_REMINDER_MINUTES
from slackbot.domain.sessions import session_number
from slackbot.domain.text import fold
from slackbot.services.accounts import Accounts
from slackbot.services.contacts import Contacts
from slackbot.services.reminders import Reminders
from slackbot.services.sessions import Sessions, View
from slackbot.slack.blocks.errors import defect_card
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import (
    TALK_CHANGED,
    TALK_NO,
    TALK_YES,
    no_call_card,
    round_over_card,
)
from slackbot.slack.blocks.message import Message
from slackbot.slack.blocks.reminders import remind_off_card, remind_set_card, remind_unknown_card
from slackbot.slack.blocks.sessions import session_list
from slackbot.slack.command import Command
from slackbot.slack.commands.arguments import without_fillers
from slackbot.slack.commands.call_buttons import MATCH_ID

# What the answers to the question are about, by their action ids.
TALKS: Final = {TALK_YES: True, TALK_NO: False, TALK_CHANGED: None}
_OFF: Final = re.compile(r"(?:off|not|no|never|stop|cancel)(?: of| about| for)? (.+)")
_LEAD: Final = re.compile(
    r"(?P<minutes>[0-9]{1,3}) ?(?:m|mins?|minutes?) (?:before|ahead of) (?P<session>.+)",
    re.IGNORECASE,
)
_WORDS: Final = re.compile(r"(?:of|about|for|before|on) (.+)", re.IGNORECASE)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RemindCommand:
    """Reminds people of sessions that they name."""

    accounts: Accounts
    sessions: Sessions
    reminders: Reminders
    clock: Clock
    links: HubLinks

    async def run(self, person: Person, command: Command) -> Message:
        """Set or cancel a reminder. Without a session, list those that are coming up."""
        words = without_fillers(command.argument)
        if off := _OFF.fullmatch(fold(words)):
            return await self._cancel(person, off[1], EventSlug(command.confirmed))
        minutes = None
        if (found := _LEAD.fullmatch(words)) and 1 <= int(found[1]) <= MAX_REMINDER_MINUTES:
            minutes, words = int(found["minutes"]), found["session"]
        words = found[1] if (found := _WORDS.fullmatch(words)) else words
        if not words:
            listing = await self.sessions.listing(person, View.UPCOMING)
            return session_list(listing, 1, self.clock.now(), self.links)
        async with self.accounts.authorized_link(person) as link:
            session = await self.sessions.find(link, words)
            reminder = await self.reminders.ask(link, session, minutes)
        if reminder is None:
            return remind_unknown_card(session.title)
        return remind_set_card(reminder, self.links, self.clock.now())

    async def _cancel(self, person: Person, words: str, event: EventSlug) -> Message:
        """Cancel a reminder at the active event, or at the `event` that a button names."""
        link = await self.accounts.link(person)
        number = session_number(words)
        if number is None:
            async with self.accounts.authorized_link(person) as link:
                number = (await self.sessions.find(link, words)).id
        cancelled = await self.reminders.cancel(link, number, event or link.event)
        return remind_off_card(cancelled.plan if cancelled is not None else None)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class TalkButtons:
    """Handles the answers to *Did you talk?*. A button identifies the match, not the person."""

    contacts: Contacts
    background: BackgroundTasks

    def answer(self, person: Person, action_id: str, match_id: str) -> asyncio.Task[Message]:
        """Start a task that records the answer, and renders the match with it."""
        return self.background.start(self._answer(person, action_id, match_id), "answer")

    async def _answer(self, person: Person, action_id: str, match_id: str) -> Message:
        if not MATCH_ID.fullmatch(match_id):
            return no_call_card()
        try:
            await self.contacts.store.talks.record(person, MatchId(match_id), TALKS[action_id])
            match = await self.contacts.store.matches.get(person, MatchId(match_id))
            over = await self.contacts.at_end_of_round(match) if match is not None else None
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect_card(error)
        if over is None:
            return no_call_card()
        return round_over_card(over.match, may_swap=over.may_swap, may_report=over.may_report)
