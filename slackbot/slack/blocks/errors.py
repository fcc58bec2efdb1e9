"""Error cards, which explain the error and have a button for the next step."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from slackbot.domain.errors import (
    AmbiguousSession,
    AvailableElsewhere,
    Forbidden,
    NextStep,
    NoSuchSession,
    NotLinked,
    OtherEvent,
    Rejected,
    SessionError,
    SessionNotLive,
    SlackbotError,
    TicketLimitReached,
    TokenRefused,
)
from slackbot.domain.model import EventSlug, Session, SessionScope
from slackbot.domain.sessions import phase
from slackbot.domain.text import sanitize
from slackbot.slack import error_texts, texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.login import login_expired_card
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.sessions import session_choice
from slackbot.slack.blocks.status import HELP_BUTTON, connect_button, connect_prompt
from slackbot.slack.blocks.text import Value
from slackbot.slack.command import Command, Name

log = structlog.get_logger(__name__)

# Maximum characters of a search query that an error card repeats.
QUERY_LIMIT: Final = 60
# The next steps that are a command, with the label of its button.
_COMMANDS: Final = {
    NextStep.SESSIONS: (texts.BUTTON_SESSIONS, Command(Name.SESSIONS)),
    NextStep.PICK_SESSION: (texts.BUTTON_OTHER_SESSIONS, Command(Name.SESSIONS)),
    NextStep.UPCOMING: (texts.BUTTON_UPCOMING, Command(Name.SESSIONS, "upcoming")),
    NextStep.STATUS: (texts.BUTTON_STATUS, Command(Name.STATUS)),
    NextStep.PAUSE: (texts.BUTTON_PAUSE, Command(Name.PAUSE)),
    NextStep.HELP: (texts.BUTTON_HELP, Command(Name.HELP)),
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
    """Render an error with buttons for the next steps, of which the first one leads."""
    session = None
    if isinstance(error, SessionError):
        session, error = error.session, error.cause
    match error:
        case NotLinked():
            return connect_prompt(context.command, context.slash)
        case TokenRefused():
            return login_expired_card(context.event, links, context.command, context.slash)
        case AmbiguousSession():
            return session_choice(error.candidates, context.command.name, now)
    draft = _explain(Draft(), error, context, links, session, now)
    steps = _steps(error, context.command.name in {Name.JOIN, Name.AVAILABLE})
    buttons = [_button(step, error, context, links, session) for step in steps]
    draft.buttons(*(dataclasses.replace(b, primary=b is buttons[0]) for b in buttons))
    if session is not None:
        draft.small(texts.CARD_NUMBER, number=str(session.id))
    return draft.done()


def _steps(error: SlackbotError, wants_session: bool) -> Sequence[NextStep]:
    """Return the next steps. Only somebody who wanted a session is led to other sessions.

    If the platform gave a reason, the event hub would say the same.
    """
    steps: Sequence[NextStep] = error.next_steps
    if _reason(error) is not None:
        steps = (NextStep.PICK_SESSION, NextStep.TRY_AGAIN, NextStep.OPEN_HUB)
    others = [step for step in steps if step is not NextStep.PICK_SESSION]
    return steps if wants_session or not others else others


def _reason(error: SlackbotError) -> str | None:
    """Return the platform's reason for a refusal that has none of ours."""
    return error.reason if isinstance(error, Rejected | Forbidden) else None


def _explain(
    draft: Draft,
    error: SlackbotError,
    context: ErrorContext,
    links: HubLinks,
    session: Session | None,
    now: datetime,
) -> Draft:
    """Say what happened. The platform's own words stand in for a reason that we do not know."""
    values = dict[str, Value](
        title=session.title if session else error_texts.THIS_SESSION, example=links.example
    )
    if (reason := _reason(error)) is not None:
        sentence = error_texts.REFUSED if session is None else error_texts.REFUSED_SESSION
        return draft.quote(sentence, reason, **values)
    if isinstance(error, TicketLimitReached):
        draft.say(ticket_limit(error.permitted), count=error.permitted or 0)
    sentence = error_texts.ERRORS[error.code]
    if isinstance(error, SessionNotLive) and session is not None:
        sentence, when = _not_live(session, now)
        values |= when
    if isinstance(error, NoSuchSession) and error.other:
        sentence, values["title"] = error_texts.NOT_NETWORKING, error.other
    return draft.say(sentence, **values | _values(error, context, links))


def _not_live(session: Session, now: datetime) -> tuple[str, dict[str, Value]]:
    """Return the sentence about a session that is not open, with the time that is known."""
    match phase(session, now):
        case SessionScope.UPCOMING if session.starts_at is not None:
            return error_texts.NOT_LIVE_YET, {"start": session.starts_at}
        case SessionScope.PAST if session.ends_at is not None:
            return error_texts.NOT_LIVE_ANY_MORE, {"end": session.ends_at}
    return error_texts.ERRORS[SessionNotLive.code], {}


def ticket_limit(permitted: int | None) -> str:
    """Return the sentence about the number of sessions that a ticket permits, if it is known."""
    return (
        error_texts.TICKET_LIMIT_UNKNOWN
        if permitted is None
        else error_texts.TICKET_LIMIT.of(permitted)
    )


def defect_card(error: BaseException) -> Message:
    """Log an unexpected error, and render a card with a reference to the log."""
    reference = secrets.token_hex(4)
    log.error("defect", reference=reference, exc_info=error)
    return Draft().say(texts.DEFECT, reference=reference).buttons(HELP_BUTTON).done()


def _values(error: SlackbotError, context: ErrorContext, links: HubLinks) -> dict[str, Value]:
    """Return what the error's sentence names besides the session."""
    match error:
        case NoSuchSession():
            return {"query": sanitize(error.query, QUERY_LIMIT)}
        case OtherEvent():
            other = sanitize(error.event, QUERY_LIMIT)
            return {"other": other, "event": links.name(context.event)}
        case AvailableElsewhere():
            return {"query": sanitize(error.query, QUERY_LIMIT), "title": error.title}
    return {}


def _button(
    step: NextStep,
    error: SlackbotError,
    context: ErrorContext,
    links: HubLinks,
    session: Session | None,
) -> Button:
    match step:
        case NextStep.CONNECT if isinstance(error, OtherEvent):
            return connect_button(Command(Name.CONNECT, links.event(EventSlug(error.event))))
        case NextStep.CONNECT:
            return connect_button(context.command)
        case NextStep.RECONNECT:
            return connect_button(context.command, texts.BUTTON_CONNECT_AGAIN)
        case NextStep.TRY_AGAIN:
            command = context.command
            if session is not None and command.name in {Name.JOIN, Name.AVAILABLE}:
                command = Command(command.name, str(session.id))
            return Button(texts.BUTTON_TRY_AGAIN, command)
        case NextStep.OPEN_HUB if context.event is not None:
            event = context.event
            url = links.session(event, session.id) if session else links.event(event)
            return Button(texts.BUTTON_HUB, "hub:", url=url)
    label, command = _COMMANDS.get(step, _COMMANDS[NextStep.HELP])
    return Button(label, command)
