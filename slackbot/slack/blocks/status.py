"""Connecting, where a person stands, help."""

from __future__ import annotations

import dataclasses

from slackbot.domain.model import Link, State
from slackbot.services.availability import AvailabilityStatus
from slackbot.slack import texts as words
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message, confirm
from slackbot.slack.command import Command, Name

LINK_OPEN = "link:open"
LINK_HELP = "link:help"


def _connect(command: Command, label: str = words.BUTTON_CONNECT) -> Button:
    """The command to carry out afterwards travels in the button's value."""
    return Button(label, LINK_OPEN, value=command.text or " ", primary=True)


def connect_prompt(command: Command, slash: str) -> Message:
    """Somebody not linked asked for something."""
    draft = Draft().say(words.CONNECT_FIRST)
    if command.name not in {Name.CONNECT, Name.OVERVIEW}:
        draft.say(words.CONNECT_THEN, command=f"{slash} {command.text}")
    draft.buttons(
        _connect(command), Button(words.BUTTON_TOKEN_HELP, LINK_HELP, value=command.text or " ")
    )
    return draft.small(words.CONNECT_SMALL).done()


def token_help(command: Command, links: HubLinks) -> Message:
    """Where a token or a magic link is found."""
    draft = Draft().say(words.TOKEN_HELP, example=links.example)
    return draft.buttons(_connect(command)).small(words.CONNECT_SMALL).done()


def reconnect_prompt(command: Command) -> Message:
    """Accelevents no longer takes the token."""
    button = _connect(command, words.BUTTON_CONNECT_AGAIN)
    return Draft().say(words.CONNECT_AGAIN).buttons(button).done()


def secret_typed() -> Message:
    """A token was typed where it does not belong."""
    command = Command(Name.OVERVIEW)
    help_button = Button(words.BUTTON_TOKEN_HELP, LINK_HELP, value=" ")
    return Draft().say(words.SECRET_TYPED).buttons(_connect(command), help_button).done()


def linked(link: Link, *, next_steps: bool) -> Message:
    """Connected; with what to do next where nothing was asked for before."""
    draft = Draft().say(words.LINKED, event=link.event)
    if next_steps:
        draft.say(words.LINKED_NEXT)
        draft.buttons(
            Button(words.BUTTON_SESSIONS, Command(Name.SESSIONS).action, primary=True),
            Button(words.BUTTON_AVAILABLE, Command(Name.AVAILABLE).action),
        )
    return draft.done()


def problem(sentence: str) -> Message:
    """Connecting failed after its form was closed."""
    return (
        Draft()
        .say(words.PROBLEM, problem=sentence)
        .buttons(_connect(Command(Name.OVERVIEW)))
        .done()
    )


def disconnected(*, was_linked: bool) -> Message:
    """Everything is deleted; or there was nothing."""
    sentence = words.DISCONNECTED if was_linked else words.NOT_CONNECTED
    button = dataclasses.replace(_connect(Command(Name.OVERVIEW)), primary=False)
    return Draft().say(sentence).buttons(button).done()


def status_card(status: AvailabilityStatus) -> Message:
    """Where the person stands, and the button that changes it."""
    availability = status.availability
    if availability is None:
        return _off(status)
    if availability.state is State.IN_MEETING:
        number = str(availability.session_id)
        again = Button(
            words.BUTTON_AVAILABLE_AGAIN, Command(Name.AVAILABLE, number).action, primary=True
        )
        draft = Draft().say(words.MATCHED_ALREADY, title=availability.session_title)
        return draft.buttons(again, Button(words.BUTTON_PAUSE, f"{Name.PAUSE}:")).done()
    if availability.state is State.LEAVING:
        return paused(dataclasses.replace(status, confirmed=False))
    sentence = words.WAITING if status.confirmed else words.WAITING_UNCONFIRMED
    draft = Draft().say(sentence, title=availability.session_title)
    buttons = [Button(words.BUTTON_PAUSE, f"{Name.PAUSE}:")]
    if not status.confirmed:
        number = str(availability.session_id)
        buttons.insert(
            0, Button(words.BUTTON_AVAILABLE, Command(Name.AVAILABLE, number).action, primary=True)
        )
    draft.buttons(*buttons)
    hearing = words.LISTENING if status.is_connected else words.LOOKING
    if availability.session_ends_at is None:
        return draft.small(words.WAITING_SMALL, hearing, since=availability.since).done()
    return draft.small(
        words.WAITING_SMALL,
        words.WAITING_UNTIL,
        hearing,
        since=availability.since,
        end=availability.session_ends_at,
    ).done()


def _off(status: AvailabilityStatus) -> Message:
    draft = Draft()
    if status.link.unreachable is not None:
        draft.say(words.UNREACHABLE)
    draft.say(words.NOT_AVAILABLE)
    draft.buttons(
        Button(words.BUTTON_AVAILABLE, Command(Name.AVAILABLE).action, primary=True),
        Button(words.BUTTON_SESSIONS, Command(Name.SESSIONS).action),
        Button(words.BUTTON_MATCHES, Command(Name.MATCHES).action),
        Button(
            words.BUTTON_DISCONNECT,
            Command(Name.DISCONNECT).action,
            confirm=confirm(
                words.CONFIRM_DISCONNECT_TITLE,
                words.CONFIRM_DISCONNECT,
                words.BUTTON_DISCONNECT,
                words.CONFIRM_DENY,
            ),
        ),
    )
    link = status.link
    return draft.small(words.STATUS_SMALL, event=link.event, since=link.linked_at).done()


def paused(status: AvailabilityStatus) -> Message:
    """No longer available; or not yet, as far as the platform says."""
    again = Button(words.BUTTON_AVAILABLE, Command(Name.AVAILABLE).action, primary=True)
    if status.confirmed:
        other = Button(words.BUTTON_SESSIONS, Command(Name.SESSIONS).action)
        return Draft().say(words.PAUSED).buttons(again, other).done()
    title = status.availability.session_title if status.availability else ""
    draft = Draft().say(words.PAUSED_UNCONFIRMED, title=title or words.THIS_SESSION)
    return draft.buttons(again, Button(words.BUTTON_PAUSE, Command(Name.PAUSE).action)).done()


def help_button() -> Button:
    """Leads to the list of commands."""
    return Button(words.BUTTON_HELP, Command(Name.HELP).action)


def help_card(slash: str, *, unknown: str = "", nearest: str = "") -> Message:
    """All commands; after an unknown word with the nearest one first."""
    draft = Draft()
    if unknown and nearest:
        draft.say(words.UNKNOWN_NEAREST, word=unknown, nearest=f"{slash} {nearest}")
    elif unknown:
        draft.say(words.UNKNOWN, word=unknown)
    else:
        draft.say(words.HELP_TITLE)
    for usage, meaning in words.HELP.items():
        draft.say(words.HELP_ROW.replace("{meaning}", meaning), usage=f"{slash} {usage}".strip())
    return draft.buttons(
        Button(words.BUTTON_SESSIONS, Command(Name.SESSIONS).action, primary=True),
        Button(words.BUTTON_STATUS, Command(Name.STATUS).action),
    ).done()
