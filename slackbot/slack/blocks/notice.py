"""Notices, which the bot sends without a request."""

from __future__ import annotations

from slackbot.domain.errors import TicketLimitReached
from slackbot.domain.model import EventSlug
from slackbot.domain.notices import (
    AvailabilityLost,
    ContactsSwapped,
    LinkRefused,
    LoginExpiring,
    MatchBack,
    MatchFound,
    MatchOver,
    Notice,
    PartnerLeft,
    Recap,
    Reported,
    SessionOver,
    SessionReminder,
    SnoozeOver,
    StillThere,
)
from slackbot.slack import error_texts, manner_texts, texts
from slackbot.slack.blocks.contacts import contact_message
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.login import login_expired_card, login_expiring_card
from slackbot.slack.blocks.match import match_back_card, match_card, round_over_card
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.pausing import availability_notice
from slackbot.slack.blocks.reminders import recap_card, reminder_card
from slackbot.slack.command import Command, Name


def notice_message(notice: Notice, links: HubLinks, call_url: str | None = None) -> Message:
    """Render a notice. `call_url` is the URL of the match's call."""
    match notice:
        case MatchFound() | MatchOver() | MatchBack():
            return _about_match(notice, links, call_url)
        case ContactsSwapped() | Reported():
            return contact_message(notice)
        case LinkRefused():
            again = Command(Name.OVERVIEW)
            return login_expired_card(EventSlug(notice.event), links, again, title=notice.title)
        case LoginExpiring():
            return login_expiring_card(notice, links)
        case _:
            return _about_sessions(notice, links)


def _about_match(
    notice: MatchFound | MatchOver | MatchBack, links: HubLinks, call_url: str | None
) -> Message:
    """Render what a match's message says at the start and at the end, or of a partner's return."""
    if isinstance(notice, MatchFound):
        return match_card(notice.match, links, call_url)
    if isinstance(notice, MatchBack):
        return match_back_card(notice.match, links, call_url)
    swap, report = notice.may_swap, notice.may_report
    return round_over_card(notice.match, may_swap=swap, may_report=report)


def _about_sessions(
    notice: SessionReminder
    | Recap
    | SessionOver
    | AvailabilityLost
    | SnoozeOver
    | StillThere
    | PartnerLeft,
    links: HubLinks,
) -> Message:
    """Render a notice about a session, or about all of them."""
    if isinstance(notice, SessionReminder):
        return reminder_card(notice, links)
    if isinstance(notice, Recap):
        return recap_card(notice, links)
    if isinstance(notice, SnoozeOver | StillThere | PartnerLeft):
        return availability_notice(notice)
    if isinstance(notice, SessionOver):
        draft = Draft().say(texts.SESSION_OVER, title=notice.title)
    else:
        is_new = notice.opens == str(True)
        sentence = manner_texts.NOT_OPENED if is_new else texts.AVAILABILITY_LOST
        draft = Draft().say(sentence, title=notice.title)
        if notice.code == TicketLimitReached.code:
            draft.say(error_texts.TICKET_LIMIT_UNKNOWN)
        draft.say(error_texts.ERRORS[notice.code], title=notice.title)
    return draft.buttons(Button(texts.BUTTON_SESSIONS, Command(Name.SESSIONS), primary=True)).done()
