"""Commands, buttons and the form about swapping contacts and reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import structlog

from slackbot.domain.errors import MessageError
from slackbot.domain.model import MatchId, Person
from slackbot.services.contacts import Contacts
from slackbot.slack.blocks import contacts as cards
from slackbot.slack.blocks.errors import defect_card
from slackbot.slack.blocks.message import Message
from slackbot.slack.command import Command
from slackbot.slack.commands.arguments import without_fillers
from slackbot.slack.outbound.views import Views

log = structlog.get_logger(__name__)

_ANSWERS: Final = {cards.SWAP_YES: True, cards.SWAP_NO: False}


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ContactButtons:
    """Answers what people do about those whom they have met."""

    contacts: Contacts
    views: Views

    async def swap(self, person: Person, command: Command) -> Message:
        """Ask about the latest partners who are in this Slack, or those that were named."""
        named = without_fillers(command.argument)
        return cards.swap_offers(await self.contacts.offers(person, named))

    async def report(self, person: Person, command: Command) -> Message:
        """List the latest partners, or those that were named, each with a button to report."""
        named = without_fillers(command.argument)
        return cards.report_offers(await self.contacts.reportable(person, named))

    async def pressed(self, person: Person, action_id: str) -> Message:
        """Answer a button about swapping contacts."""
        action, match_id = split_action(action_id)
        try:
            wanted = _ANSWERS.get(action)
            if wanted is None:
                found = await self.contacts.withdraw(person, match_id)
            else:
                found = await self.contacts.answer(person, match_id, wanted=wanted)
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect_card(error)
        if found is None:
            return cards.swap_gone_card()
        match, agreed = found
        if agreed and not wanted:
            return cards.swap_agreed_card(match)
        if wanted is None:
            return cards.swap_withdrawn_card(match)
        return cards.swap_answered_card(match, wanted=wanted)

    async def open_form(self, person: Person, trigger_id: str, action_id: str) -> Message | None:
        """Open the form of a report, or return why it is not open.

        The trigger expires after three seconds.
        """
        _, match_id = split_action(action_id)
        match = await self.contacts.store.matches.get(person, match_id)
        if match is None:
            return cards.reported_card(None)
        try:
            await self.views.open(person, trigger_id, cards.report_form(match))
        except MessageError as error:
            log.info("form_not_opened", reason=error.reason)
            return cards.report_form_not_opened(match)
        return None

    async def submit(self, person: Person, match_id: str, reason: str) -> Message:
        """Record a report, and confirm it."""
        try:
            match = await self.contacts.report(person, MatchId(match_id), reason)
        except Exception as error:  # noqa: BLE001 - the last resort, so that a person is answered
            return defect_card(error)
        return cards.reported_card(match)


def split_action(action_id: str) -> tuple[str, MatchId]:
    """Return the prefix of an action id, and the match's id at its end."""
    prefix, _, match_id = action_id.rpartition(":")
    return f"{prefix}:", MatchId(match_id)
