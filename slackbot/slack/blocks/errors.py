"""Error cards, which explain the error and have a button for the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slackbot.domain.errors import (
    AmbiguousSession,
    NextStep,
    NoSuchSession,
    NotLinked,
    SessionError,
    SlackbotError,
    TicketLimitReached,
    TokenRefused,
)
from slackbot.domain.model import EventSlug, Session
from slackbot.domain.text import sanitize
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.sessions import session_choice
from slackbot.slack.blocks.status import LINK_OPEN, connect_prompt, reconnect_prompt
from slackbot.slack.blocks.text import Value
from slackbot.slack.command import Command, Name

# Maximum characters of a search query that an error card repeats.
QUERY_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """The command that failed."""

    command: Command
    slash: str
    event: EventSlug | None = None


def error_card(
    error: SlackbotError, context: ErrorContext, links: HubLinks, now: datetime
) -> Message:
    """Render an error with a button for the next step."""
    session = None
    if isinstance(error, SessionError):
        session, error = error.session, error.cause
    title = session.title if session else texts.THIS_SESSION
    values = dict[str, Value](title=title, example=links.example)
    code = error.code
    match error:
        case NotLinked():
            return connect_prompt(context.command, context.slash)
        case TokenRefused():
            return reconnect_prompt(context.command)
        case AmbiguousSession():
            return session_choice(error.candidates, context.command.name, now)
        case NoSuchSession():
            values["query"] = sanitize(error.query, QUERY_LIMIT)
        case TicketLimitReached(permitted=None):
            code = "ticket_limit_unknown"
        case TicketLimitReached(permitted=int(limit)):
            values["permitted"] = limit
    draft = Draft().say(texts.ERRORS[code], **values)
    buttons = [_button(error.next_step, context, links, session)]
    wants_session = context.command.name in {Name.JOIN, Name.AVAILABLE}
    if wants_session and error.next_step in {NextStep.TRY_AGAIN, NextStep.OPEN_HUB}:
        buttons.append(Button(texts.BUTTON_OTHER_SESSIONS, Command(Name.SESSIONS)))
    return draft.buttons(*buttons).done()


def _button(
    step: NextStep, context: ErrorContext, links: HubLinks, session: Session | None
) -> Button:
    match step:
        case NextStep.CONNECT | NextStep.RECONNECT:
            value = context.command.text or " "
            return Button(texts.BUTTON_CONNECT_AGAIN, LINK_OPEN, value=value, primary=True)
        case NextStep.TRY_AGAIN:
            return Button(texts.BUTTON_TRY_AGAIN, context.command, primary=True)
        case NextStep.PICK_SESSION:
            return Button(texts.BUTTON_OTHER_SESSIONS, Command(Name.SESSIONS), primary=True)
        case NextStep.UPCOMING:
            return Button(texts.BUTTON_UPCOMING, Command(Name.SESSIONS, "upcoming"), primary=True)
        case NextStep.OPEN_HUB if context.event is not None:
            event = context.event
            url = links.session(event, session.id) if session else links.event(event)
            return Button(texts.BUTTON_HUB, "hub:", url=url, primary=True)
        case _:
            return Button(texts.BUTTON_HELP, Command(Name.HELP), primary=True)
