"""What a person is told without having asked."""

from __future__ import annotations

from slackbot.domain.errors import TicketLimitReached
from slackbot.domain.notices import (
    AvailabilityLost,
    LinkRefused,
    MatchFound,
    MatchOver,
    Notice,
    SessionOver,
)
from slackbot.slack import texts as words
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import match_card, over_card
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.status import reconnect_prompt
from slackbot.slack.command import Command, Name


def notice_message(notice: Notice, links: HubLinks, call_url: str | None = None) -> Message:
    """Draw any notice; `call_url` is where the call of a match found can be entered."""
    match notice:
        case MatchFound():
            return match_card(notice.match, links, call_url)
        case MatchOver():
            return over_card(notice.match)
        case LinkRefused():
            return reconnect_prompt(Command(Name.OVERVIEW))
        case SessionOver():
            draft = Draft().say(words.SESSION_OVER, title=notice.title)
        case AvailabilityLost():
            # Of a ticket's limit the notice knows no number.
            limit = notice.code == TicketLimitReached.code
            why = words.ERRORS["ticket_limit_unknown" if limit else notice.code]
            draft = Draft().say(words.AVAILABILITY_LOST, title=notice.title)
            draft.say(why, title=notice.title)
    return draft.buttons(
        Button(words.BUTTON_SESSIONS, Command(Name.SESSIONS).action, primary=True)
    ).done()
