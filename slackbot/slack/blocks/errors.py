"""Error cards: what happened, and the button for the sensible next step."""

from __future__ import annotations

from dataclasses import dataclass, replace
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

# Characters of a search that are repeated in an error card.
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
    """Draw an error, with the button that leads on."""
    match error:
        case NotLinked():
            return connect_prompt(context.command, context.slash)
        case TokenRefused():
            return reconnect_prompt(context.command)
        case AmbiguousSession():
            return session_choice(error.candidates, context.command.name, now)
        case SessionError():
            return _sentence_card(error.cause, context, links, error.session)
        case _:
            return _sentence_card(error, context, links)


def _sentence_card(
    error: SlackbotError, context: ErrorContext, links: HubLinks, session: Session | None = None
) -> Message:
    sentence = texts.ERRORS[error.code]
    values = dict[str, Value](title=texts.THIS_SESSION, example=links.example)
    if isinstance(error, NoSuchSession):
        values["query"] = sanitize(error.query, QUERY_LIMIT)
    if session is not None:
        values["title"] = session.title
    if isinstance(error, TicketLimitReached):
        if error.permitted is None:
            sentence = texts.ERRORS["ticket_limit_unknown"]
        else:
            values["permitted"] = error.permitted
    buttons = _buttons(error, context, links, session)
    return Draft().say(sentence, **values).buttons(*buttons).done()


def _buttons(
    error: SlackbotError, context: ErrorContext, links: HubLinks, session: Session | None
) -> list[Button]:
    buttons = [_button(error.next_step, context, links, session)]
    wants_session = context.command.name in {Name.JOIN, Name.AVAILABLE}
    if wants_session and error.next_step in {NextStep.TRY_AGAIN, NextStep.OPEN_HUB}:
        other = _button(NextStep.PICK_SESSION, context, links, session)
        buttons.append(replace(other, primary=False))
    return buttons


def _button(
    step: NextStep, context: ErrorContext, links: HubLinks, session: Session | None
) -> Button:
    match step:
        case NextStep.CONNECT | NextStep.RECONNECT:
            value = context.command.text or " "
            return Button(texts.BUTTON_CONNECT_AGAIN, LINK_OPEN, value=value, primary=True)
        case NextStep.TRY_AGAIN:
            return Button(texts.BUTTON_TRY_AGAIN, context.command.action, primary=True)
        case NextStep.PICK_SESSION:
            action = Command(Name.SESSIONS).action
            return Button(texts.BUTTON_OTHER_SESSIONS, action, primary=True)
        case NextStep.UPCOMING:
            action = Command(Name.SESSIONS, "upcoming").action
            return Button(texts.BUTTON_UPCOMING, action, primary=True)
        case NextStep.OPEN_HUB if context.event is not None:
            event = context.event
            url = links.session(event, session.id) if session else links.event(event)
            return Button(texts.BUTTON_HUB, "hub:", url=url, primary=True)
        case _:
            return Button(texts.BUTTON_HELP, Command(Name.HELP).action, primary=True)
