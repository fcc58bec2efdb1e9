"""Notices, which the bot sends without a request."""

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
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.match import match_card, round_over_card
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.status import reconnect_prompt
from slackbot.slack.command import Command, Name


def notice_message(notice: Notice, links: HubLinks, call_url: str | None = None) -> Message:
    """Render a notice. `call_url` is the URL of the match's call."""
    match notice:
        case MatchFound():
            return match_card(notice.match, links, call_url)
        case MatchOver():
            return round_over_card(notice.match)
        case LinkRefused():
            return reconnect_prompt(Command(Name.OVERVIEW))
        case SessionOver():
            draft = Draft().say(texts.SESSION_OVER, title=notice.title)
        case AvailabilityLost():
            # The notice does not contain the limit of the ticket.
            limit = notice.code == TicketLimitReached.code
            reason = texts.ERRORS["ticket_limit_unknown" if limit else notice.code]
            draft = Draft().say(texts.AVAILABILITY_LOST, title=notice.title)
            draft.say(reason, title=notice.title)
    return draft.buttons(Button(texts.BUTTON_SESSIONS, Command(Name.SESSIONS), primary=True)).done()
