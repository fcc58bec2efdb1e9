"""Error cards, which explain the error and have a button for the next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from slackbot.domain.errors import (
    AmbiguousSession,
    AvailableElsewhere,
    NextStep,
    NoSuchSession,
    NotLinked,
    OtherEvent,
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
from slackbot.slack.blocks.status import connect_button, connect_prompt, reconnect_prompt
from slackbot.slack.blocks.text import Value
from slackbot.slack.command import Command, Name

# Maximum characters of a search query that an error card repeats.
QUERY_LIMIT: Final = 60
# The next steps that are a command, with the label of its button.
_COMMANDS: Final = {
    NextStep.PICK_SESSION: (texts.BUTTON_OTHER_SESSIONS, Command(Name.SESSIONS)),
    NextStep.UPCOMING: (texts.BUTTON_UPCOMING, Command(Name.SESSIONS, "upcoming")),
    NextStep.PAUSE: (texts.BUTTON_PAUSE, Command(Name.PAUSE)),
}


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
    match error:
        case NotLinked():
            return connect_prompt(context.command, context.slash)
        case TokenRefused():
            return reconnect_prompt(context.command)
        case AmbiguousSession():
            return session_choice(error.candidates, context.command.name, now)
    values = dict[str, Value](
        title=session.title if session else texts.THIS_SESSION, example=links.example
    )
    unknown_limit = isinstance(error, TicketLimitReached) and error.permitted is None
    code = "ticket_limit_unknown" if unknown_limit else error.code
    draft = Draft().say(texts.ERRORS[code], **values | _values(error, context))
    buttons = [_button(error, context, links, session)]
    wants_session = context.command.name in {Name.JOIN, Name.AVAILABLE}
    if wants_session and error.next_step in {NextStep.TRY_AGAIN, NextStep.OPEN_HUB}:
        buttons.append(Button(texts.BUTTON_OTHER_SESSIONS, Command(Name.SESSIONS)))
    return draft.buttons(*buttons).done()


def _values(error: SlackbotError, context: ErrorContext) -> dict[str, Value]:
    """Return what the error's sentence names besides the session."""
    match error:
        case NoSuchSession():
            return {"query": sanitize(error.query, QUERY_LIMIT)}
        case OtherEvent():
            other = sanitize(error.event, QUERY_LIMIT)
            return {"other": other, "event": context.event or ""}
        case AvailableElsewhere():
            return {"query": sanitize(error.query, QUERY_LIMIT), "title": error.title}
        case TicketLimitReached(permitted=int(limit)):
            return {"permitted": limit}
    return {}


def _button(
    error: SlackbotError, context: ErrorContext, links: HubLinks, session: Session | None
) -> Button:
    label, command = _COMMANDS.get(error.next_step, (texts.BUTTON_HELP, Command(Name.HELP)))
    match error.next_step:
        case NextStep.CONNECT if isinstance(error, OtherEvent):
            return connect_button(Command(Name.CONNECT, links.event(EventSlug(error.event))))
        case NextStep.CONNECT | NextStep.RECONNECT:
            return connect_button(context.command, texts.BUTTON_CONNECT_AGAIN)
        case NextStep.TRY_AGAIN:
            label, command = texts.BUTTON_TRY_AGAIN, context.command
        case NextStep.OPEN_HUB if context.event is not None:
            event = context.event
            url = links.session(event, session.id) if session else links.event(event)
            return Button(texts.BUTTON_HUB, "hub:", url=url, primary=True)
    return Button(label, command, primary=True)
