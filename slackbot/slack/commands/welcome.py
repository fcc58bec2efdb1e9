"""The message that welcomes somebody who opens the app for the first time."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from slackbot.domain.errors import MessageError, MessageUnsure
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock
from slackbot.domain.stores import StoreUnavailable, WelcomeStore
from slackbot.services.accounts import Accounts
from slackbot.slack.blocks.status import welcome_card
from slackbot.slack.outbound.messenger import SlackMessenger

log = structlog.get_logger(__name__)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Welcome:
    """Welcomes each person once, and nobody who knows the bot already.

    Their row is deleted when they disconnect, like everything about them. The conversation in Slack
    remains, and somebody who has one is not welcomed again.
    """

    accounts: Accounts
    welcomes: WelcomeStore
    messenger: SlackMessenger
    clock: Clock

    async def greet(self, person: Person) -> None:
        """Send the message, unless somebody has sent it or the person needs none.

        If Slack surely has not accepted it, it is sent when the person opens the app again.
        """
        try:
            is_linked = await self.accounts.event_of(person) is not None
            if is_linked or not await self.welcomes.claim(person, self.clock.now()):
                return
        except StoreUnavailable:
            return  # the person is welcomed when they open the app again
        is_for_them = await self.accounts.may_use(person)
        try:
            if is_for_them and not await self.messenger.has_history(person):
                await self.messenger.post(person, welcome_card())
        except MessageError as error:
            log.info("welcome_not_sent", reason=error.reason)
            if not isinstance(error, MessageUnsure):
                await self.welcomes.release(person)
