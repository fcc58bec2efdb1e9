"""Cards for connecting, for a person's availability and for help."""

from __future__ import annotations

import dataclasses
from typing import Final

from slackbot.domain.credentials import holds_secret
from slackbot.domain.model import EventSlug, Link, State
from slackbot.services.availability import AvailabilityStatus, NoticeState
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.command import CONFIRMED, Command, Name

# Action ids of the buttons that open the connect form and its help.
LINK_OPEN: Final = "link:open"
LINK_HELP: Final = "link:help"

_PAUSE: Final = Button(texts.BUTTON_PAUSE, Command(Name.PAUSE))
_MATCHES: Final = Button(texts.BUTTON_MATCHES, Command(Name.MATCHES))
_MATCHED: Final = {
    NoticeState.PENDING: texts.MATCHED_PENDING,
    NoticeState.SENT: texts.MATCHED_ALREADY,
    NoticeState.NOT_SENT: texts.MATCHED_NOT_SENT,
}
_SESSIONS: Final = Button(texts.BUTTON_SESSIONS, Command(Name.SESSIONS))
HELP_BUTTON: Final = Button(texts.BUTTON_HELP, Command(Name.HELP))
# Prefixes of Slack's errors for a person who cannot be reached because of workspace rules.
BY_RULES: Final = ("invalid_user", "method_not", "no_permission", "restricted_action", "user_not_v")


def connect_button(command: Command, label: str = texts.BUTTON_CONNECT) -> Button:
    """Return the button that opens the form. Its value is the command to run afterwards."""
    return Button(label, LINK_OPEN, value=command.text or " ", primary=True)


def connect_prompt(command: Command, slash: str) -> Message:
    """Ask an unlinked person to connect. `command` runs afterwards."""
    draft = Draft().say(texts.CONNECT_FIRST)
    if command.name not in {Name.CONNECT, Name.OVERVIEW}:
        draft.say(texts.CONNECT_THEN, command=f"{slash} {command.text}")
    draft.buttons(connect_button(command), _token_help_button(command))
    return draft.small(texts.CONNECT_SMALL).done()


def token_help_card(command: Command, links: HubLinks) -> Message:
    """Explain where to find a token or a magic link."""
    draft = Draft().say(texts.TOKEN_HELP, example=links.example)
    return draft.buttons(connect_button(command)).small(texts.CONNECT_SMALL).done()


def reconnect_prompt(command: Command) -> Message:
    """Ask a person to connect again because their token is no longer accepted."""
    button = connect_button(command, texts.BUTTON_CONNECT_AGAIN)
    return Draft().say(texts.CONNECT_AGAIN).buttons(button).done()


def secret_typed_card(sentence: str = texts.SECRET_TYPED) -> Message:
    """Warn a person who sent a token in a message or command."""
    command = Command(Name.OVERVIEW)
    buttons = connect_button(command), _token_help_button(command)
    return Draft().say(sentence).buttons(*buttons).done()


def message_answer(text: str, slash: str) -> Message:
    """Answer a person who sends the bot a direct message."""
    if holds_secret(text):
        return secret_typed_card(texts.DM_SECRET)
    draft = Draft().say(texts.DM_ANSWER, command=slash)
    status = Button(texts.BUTTON_STATUS, Command(Name.STATUS), primary=True)
    return draft.buttons(status, _SESSIONS, HELP_BUTTON).done()


def linked_card(link: Link, *, next_steps: bool) -> Message:
    """Confirm the connection, with next steps unless a pending command follows."""
    draft = Draft().say(texts.LINKED, event=link.event)
    if next_steps:
        draft.say(texts.LINKED_NEXT)
        draft.buttons(
            dataclasses.replace(_SESSIONS, primary=True),
            Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE)),
        )
    return draft.done()


def problem_card(sentence: str) -> Message:
    """Report that connecting failed after the form was closed."""
    button = connect_button(Command(Name.OVERVIEW))
    return Draft().say(texts.PROBLEM, problem=sentence).buttons(button).done()


def disconnected_card(*, was_linked: bool, left: bool) -> Message:
    """Confirm that the person's data, if any, was deleted.

    Unless they have `left` their session, warn that they may still be matched in it.
    """
    draft = Draft().say(texts.DISCONNECTED if was_linked else texts.NOT_CONNECTED)
    if not left:
        draft.say(texts.LEFT_UNCONFIRMED)
    button = dataclasses.replace(connect_button(Command(Name.OVERVIEW)), primary=False)
    return draft.buttons(button).done()


def confirmed_disconnect(event: EventSlug) -> Command:
    """Return the command of a button that disconnects from this event, and from no other."""
    return Command(Name.DISCONNECT, f"{CONFIRMED} {event}")


def disconnect_question(event: EventSlug, other: str = "") -> Message:
    """Ask before everything is deleted. `other` is an event that was named but is not linked."""
    sentence = texts.DISCONNECT_OTHER if other else texts.DISCONNECT_ASK
    draft = Draft().say(sentence, event=event, other=other)
    return draft.buttons(
        Button(texts.BUTTON_DISCONNECT, confirmed_disconnect(event)),
        Button(texts.BUTTON_STAY_CONNECTED, Command(Name.STATUS)),
    ).done()


def form_not_opened(event: EventSlug, command: Command) -> Message:
    """Offer the form again to somebody who is connected."""
    draft = Draft().say(texts.FORM_NOT_OPENED, event=event)
    return draft.buttons(connect_button(command, texts.BUTTON_CONNECT_AGAIN)).done()


def pause_timed_card() -> Message:
    """Say that a pause cannot end at a set time, and offer one without an end."""
    button = Button(texts.BUTTON_PAUSE, Command(Name.PAUSE), primary=True)
    return Draft().say(texts.PAUSE_TIMED).buttons(button).done()


def not_available_there(query: str, event: EventSlug, links: HubLinks) -> Message:
    """Answer a pause of a session by somebody who is available nowhere."""
    draft = Draft().say(texts.NOT_AVAILABLE_THERE, query=query)
    return draft.buttons(Button(texts.BUTTON_HUB, "hub:", url=links.event(event)), _SESSIONS).done()


def status_card(status: AvailabilityStatus) -> Message:
    """Render a person's availability with the button that changes it."""
    availability = status.availability
    if availability is None:
        return _not_available_card(status)
    again = Command(Name.AVAILABLE, str(availability.session_id))
    if availability.state is State.IN_MEETING:
        button = Button(texts.BUTTON_AVAILABLE_AGAIN, again, primary=True)
        draft = Draft().say(_MATCHED[status.notice], title=availability.session_title)
        details = [_MATCHES] if status.notice is NoticeState.NOT_SENT else []
        return draft.buttons(button, *details, _PAUSE).done()
    if availability.state is State.LEAVING:
        return paused_card(dataclasses.replace(status, confirmed=False))
    draft = Draft()
    if status.confirmed:
        draft.say(texts.WAITING, title=availability.session_title).buttons(_PAUSE)
    else:
        draft.say(texts.WAITING_UNCONFIRMED, title=availability.session_title)
        draft.buttons(Button(texts.BUTTON_AVAILABLE, again, primary=True), _PAUSE)
    small, values = [texts.WAITING_SMALL], {"since": availability.since}
    if availability.session_ends_at is not None:
        small.append(texts.WAITING_UNTIL)
        values["end"] = availability.session_ends_at
    small.append(texts.LISTENING if status.is_connected else texts.LOOKING)
    return draft.small(*small, **values).done()


def _not_available_card(status: AvailabilityStatus) -> Message:
    draft = Draft()
    if (reason := status.link.unreachable) is not None:
        by_rules = reason.startswith(BY_RULES)
        draft.say(texts.UNREACHABLE_BY_RULES if by_rules else texts.UNREACHABLE)
    draft.say(texts.NOT_AVAILABLE)
    draft.buttons(
        Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE), primary=True),
        _SESSIONS,
        _MATCHES,
        Button(
            texts.BUTTON_DISCONNECT,
            confirmed_disconnect(status.link.event),
            confirm={
                "title": texts.CONFIRM_DISCONNECT_TITLE,
                "text": texts.CONFIRM_DISCONNECT,
                "confirm": texts.BUTTON_DISCONNECT,
                "deny": texts.CONFIRM_DENY,
            },
        ),
    )
    link = status.link
    return draft.small(texts.STATUS_SMALL, event=link.event, since=link.linked_at).done()


def paused_card(status: AvailabilityStatus) -> Message:
    """Confirm the pause, or report that the platform has not confirmed it yet."""
    again = Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE), primary=True)
    if status.confirmed:
        return Draft().say(texts.PAUSED).buttons(again, _SESSIONS).done()
    title = status.availability.session_title if status.availability else ""
    draft = Draft().say(texts.PAUSED_UNCONFIRMED, title=title or texts.THIS_SESSION)
    return draft.buttons(again, _PAUSE).done()


def help_card(slash: str, *, unknown: str = "", nearest: str = "") -> Message:
    """List all commands. After an unknown word, suggest the nearest command first."""
    draft = Draft()
    if unknown and nearest:
        draft.say(texts.UNKNOWN_NEAREST, word=unknown, nearest=f"{slash} {nearest}")
    elif unknown:
        draft.say(texts.UNKNOWN, word=unknown)
    else:
        draft.say(texts.HELP_TITLE)
    for usage, meaning in texts.HELP.items():
        draft.say(texts.HELP_ROW.replace("{meaning}", meaning), usage=f"{slash} {usage}".strip())
    return draft.buttons(
        dataclasses.replace(_SESSIONS, primary=True),
        Button(texts.BUTTON_STATUS, Command(Name.STATUS)),
    ).done()


def _token_help_button(command: Command) -> Button:
    return Button(texts.BUTTON_TOKEN_HELP, LINK_HELP, value=command.text or " ")
