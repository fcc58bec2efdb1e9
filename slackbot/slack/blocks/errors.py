"""An error is a doorway: what happened, and the button that does the sensible next thing."""

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
from slackbot.slack import texts as words
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.sessions import choice
from slackbot.slack.blocks.status import LINK_OPEN, connect_prompt, reconnect_prompt
from slackbot.slack.blocks.text import Value
from slackbot.slack.command import Command, Name

QUERY_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class ErrorContext:
    """What the person was doing when it happened."""

    command: Command
    slash: str
    event: EventSlug | None = None


def trouble(error: SlackbotError, scene: ErrorContext, links: HubLinks, now: datetime) -> Message:
    """What a person is shown for an error, with the button that leads on."""
    match error:
        case NotLinked():
            return connect_prompt(scene.command, scene.slash)
        case TokenRefused():
            return reconnect_prompt(scene.command)
        case AmbiguousSession():
            return choice(error.candidates, scene.command.name, now)
        case SessionError():
            return _told(error.cause, scene, links, error.session)
        case _:
            return _told(error, scene, links)


def _told(
    error: SlackbotError, scene: ErrorContext, links: HubLinks, session: Session | None = None
) -> Message:
    sentence = words.ERRORS[error.code]
    values = dict[str, Value](title=words.THIS_SESSION, example=links.example)
    if isinstance(error, NoSuchSession):
        values["query"] = sanitize(error.query, QUERY_LIMIT)
    if session is not None:
        values["title"] = session.title
    if isinstance(error, TicketLimitReached):
        if error.permitted is None:
            sentence = words.ERRORS["ticket_limit_unknown"]
        else:
            values["permitted"] = error.permitted
    return Draft().say(sentence, **values).buttons(*_buttons(error, scene, links, session)).done()


def _buttons(
    error: SlackbotError, scene: ErrorContext, links: HubLinks, session: Session | None
) -> list[Button]:
    buttons = [_button(error.next_step, scene, links, session)]
    wants_session = scene.command.name in {Name.JOIN, Name.AVAILABLE}
    if wants_session and error.next_step in {NextStep.TRY_AGAIN, NextStep.OPEN_HUB}:
        other = _button(NextStep.PICK_SESSION, scene, links, session)
        buttons.append(replace(other, primary=False))
    return buttons


def _button(
    step: NextStep, scene: ErrorContext, links: HubLinks, session: Session | None
) -> Button:
    match step:
        case NextStep.CONNECT | NextStep.RECONNECT:
            value = scene.command.text or " "
            return Button(words.BUTTON_CONNECT_AGAIN, LINK_OPEN, value=value, primary=True)
        case NextStep.TRY_AGAIN:
            return Button(words.BUTTON_TRY_AGAIN, scene.command.action, primary=True)
        case NextStep.PICK_SESSION:
            action = Command(Name.SESSIONS).action
            return Button(words.BUTTON_OTHER_SESSIONS, action, primary=True)
        case NextStep.UPCOMING:
            action = Command(Name.SESSIONS, "upcoming").action
            return Button(words.BUTTON_UPCOMING, action, primary=True)
        case NextStep.OPEN_HUB if scene.event is not None:
            url = links.session(scene.event, session.id) if session else links.event(scene.event)
            return Button(words.BUTTON_HUB, "hub:", url=url, primary=True)
        case _:
            return Button(words.BUTTON_HELP, Command(Name.HELP).action, primary=True)
