"""Cards for connecting, for a person's availability and for help."""

from __future__ import annotations

import dataclasses
from typing import Final

from slackbot.domain.model import EventSlug, Link, State
from slackbot.domain.surfaces import StateCard
from slackbot.domain.text import digest
from slackbot.services.availability import AvailabilityStatus, NoticeState
from slackbot.services.self_check import CheckReport, CheckResult
from slackbot.slack import error_texts, home_texts, texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Menu, Message, Part, TimePicker
from slackbot.slack.blocks.pausing import pause_choices, snoozed_card
from slackbot.slack.blocks.text import Paragraph, Value
from slackbot.slack.blocks.why import WHY_BUTTON
from slackbot.slack.command import Command, Name

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
# The headings of a check that tells the person what to do first.
_CHECK_HEADINGS: Final = {
    CheckResult.NOT_CONNECTED: home_texts.CHECKED_NOT_CONNECTED,
    CheckResult.NOT_A_MEMBER: home_texts.CHECKED_NOT_A_MEMBER,
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
    return draft.small(texts.CONNECT_SMALL).done(Part.LOGIN)


def already_linked_card(link: Link, links: HubLinks, command: Command) -> Message:
    """Offer the form to somebody who is connected. `command` is the one that opens it."""
    draft = Draft().say(texts.ALREADY_LINKED[bool(link.account_name)], **_account(link, links))
    draft.say(texts.ALREADY_LINKED_NEXT)
    again = dataclasses.replace(connect_button(command, texts.BUTTON_CONNECT_AGAIN), primary=False)
    return draft.buttons(dataclasses.replace(_SESSIONS, primary=True), again).done()


def secret_typed_card(*, in_message: bool = False) -> Message:
    """Warn a person who sent a token in a message or command."""
    command = Command(Name.OVERVIEW)
    buttons = connect_button(command), _token_help_button(command)
    sentence = texts.DM_SECRET if in_message else texts.SECRET_TYPED
    return Draft().say(sentence).buttons(*buttons).done()


def welcome_card() -> Message:
    """Welcome somebody who opens the app for the first time and is not connected."""
    draft = Draft().say(home_texts.WELCOME)
    draft.buttons(connect_button(Command(Name.OVERVIEW)), HELP_BUTTON)
    return draft.small(home_texts.WELCOME_SMALL).done()


def mention_card(slash: str) -> Message:
    """Say to somebody who mentioned the bot in a channel where it answers."""
    draft = Draft().say(home_texts.MENTIONED, command=slash)
    status = Button(texts.BUTTON_STATUS, Command(Name.STATUS), primary=True)
    return draft.buttons(status, _SESSIONS, HELP_BUTTON).done()


def mentioned(message: Message, slash: str) -> Message:
    """Return an answer to a mention, with a hint where to write next time."""
    small = Draft().small(home_texts.MENTIONED_SMALL, command=slash).done()
    return Draft().then(message).then(small).done()


def linked_card(link: Link, links: HubLinks, *, next_steps: bool) -> Message:
    """Confirm the connection, with next steps unless a pending command follows."""
    draft = Draft().say(texts.LINKED[bool(link.account_name)], **_account(link, links))
    if next_steps:
        draft.say(texts.LINKED_NEXT)
        draft.buttons(
            dataclasses.replace(_SESSIONS, primary=True),
            Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE)),
        )
    return draft.done()


def _account(link: Link, links: HubLinks) -> dict[str, Value]:
    """Return what sentences about a link name. The platform does not always name the account."""
    return {"event": links.name(link.event), "account": link.account_name or ""}


def problem_card(sentence: str) -> Message:
    """Report that connecting failed after the form was closed."""
    button = connect_button(Command(Name.OVERVIEW))
    return Draft().say(texts.PROBLEM, problem=Paragraph(sentence)).buttons(button).done()


def confirmed_disconnect(*events: EventSlug) -> Command:
    """Return the command of a button that disconnects from these events, and from no other."""
    return Command(Name.DISCONNECT, confirmed=digest(" ".join(sorted(events)))[:16])


def disconnect_button(event: EventSlug) -> Button:
    """Return the button that disconnects from the event once a dialog is confirmed."""
    confirm = {
        "title": texts.CONFIRM_DISCONNECT_TITLE,
        "text": texts.CONFIRM_DISCONNECT,
        "confirm": texts.BUTTON_DISCONNECT,
        "deny": texts.BUTTON_STAY_CONNECTED,
    }
    return Button(texts.BUTTON_DISCONNECT, confirmed_disconnect(event), confirm=confirm)


def form_not_opened(event: str, command: Command) -> Message:
    """Offer the form again to somebody who is connected."""
    draft = Draft().say(texts.FORM_NOT_OPENED, event=event)
    return draft.buttons(connect_button(command, texts.BUTTON_CONNECT_AGAIN)).done()


def not_available_there(query: str, event: EventSlug, links: HubLinks) -> Message:
    """Answer a pause of a session by somebody who is available nowhere."""
    draft = Draft().say(texts.NOT_AVAILABLE_THERE, query=query)
    return draft.buttons(Button(texts.BUTTON_HUB, "hub:", url=links.event(event)), _SESSIONS).done()


def status_card(status: AvailabilityStatus, links: HubLinks) -> Message:
    """Render a person's availability with the button that changes it."""
    availability = status.availability
    if availability is None:
        known = status.snooze
        return _not_available_card(status, links) if known is None else snoozed_card(known)
    again = Command(Name.AVAILABLE, str(availability.session_id))
    if availability.state is State.IN_MEETING:
        button = Button(texts.BUTTON_AVAILABLE_AGAIN, again, primary=True)
        is_over = status.round_over and status.notice is not NoticeState.NOT_SENT
        sentence = home_texts.MATCHED_OVER if is_over else _MATCHED[status.notice]
        draft = Draft().say(sentence, title=availability.session_title)
        details = [_MATCHES] if status.notice is NoticeState.NOT_SENT else []
        return draft.buttons(button, *details, _PAUSE).done(Part.STATUS)
    if availability.state is State.LEAVING:
        return paused_card(dataclasses.replace(status, confirmed=False))
    title, expires = availability.session_title, status.link.expires_at
    waiting = texts.WAITING if status.is_connected else texts.WAITING_LOOKING
    waiting = waiting if status.confirmed else texts.WAITING_UNCONFIRMED
    draft = Draft(waiting=availability).say(waiting, title=title)
    buttons: list[Button | Menu | TimePicker] = [_PAUSE, *pause_choices(), WHY_BUTTON]
    if not status.confirmed:
        buttons.insert(0, Button(texts.BUTTON_ASK_AGAIN, again, primary=True))
    if expires is not None and is_login_too_short(status):
        draft.say(texts.LOGIN_EXPIRING, expires=expires, title=title)
        connect = connect_button(Command(Name.OVERVIEW), texts.BUTTON_CONNECT_AGAIN)
        buttons.append(dataclasses.replace(connect, primary=False))
    draft.buttons(*buttons)
    small, values = [texts.WAITING_SMALL], {"since": availability.since}
    if availability.session_ends_at is not None:
        small.append(texts.WAITING_UNTIL)
        values["end"] = availability.session_ends_at
    small.append(texts.LISTENING if status.is_connected else texts.LOOKING)
    return draft.small(*small, **values).done(Part.STATUS)


def is_login_too_short(status: AvailabilityStatus) -> bool:
    """Return whether the login is known to run out before the session ends."""
    availability, expires = status.availability, status.link.expires_at
    ends = availability.session_ends_at if availability is not None else None
    return expires is not None and ends is not None and expires < ends


def _not_available_card(status: AvailabilityStatus, links: HubLinks) -> Message:
    draft = Draft()
    if (reason := status.link.unreachable) is not None:
        by_rules = reason.startswith(BY_RULES)
        sentence = texts.UNREACHABLE_BY_RULES if by_rules else texts.UNREACHABLE
        draft.say(error_texts.ERRORS.get(reason, sentence))
    draft.say(texts.NOT_AVAILABLE)
    draft.buttons(
        Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE), primary=True),
        _SESSIONS,
        _MATCHES,
        disconnect_button(status.link.event),
    )
    link = status.link
    small = [texts.STATUS_SMALL[bool(link.account_name)]]
    values = _account(link, links) | {"since": link.linked_at}
    if link.expires_at is not None:
        small.append(texts.LOGIN_LASTS)
        values["expires"] = link.expires_at
    return draft.small(*small, **values).done(Part.STATUS)


def paused_card(status: AvailabilityStatus) -> Message:
    """Confirm the pause, or report that the platform has not confirmed it yet."""
    again = Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE), primary=True)
    if status.snooze is not None and status.confirmed:
        return snoozed_card(status.snooze)
    if status.confirmed:
        return Draft().say(texts.PAUSED).buttons(again, _SESSIONS).done(Part.STATUS)
    title = status.availability.session_title if status.availability else ""
    draft = Draft().say(texts.PAUSED_UNCONFIRMED, title=title or error_texts.THIS_SESSION)
    return draft.buttons(again, _PAUSE).done(Part.STATUS)


def was_waiting_card(card: StateCard, met: Message | None) -> Message:
    """Render what a card that said that somebody is available says afterwards, below its match."""
    draft = Draft().then(met) if met is not None else Draft()
    draft.say(home_texts.WAS_WAITING, title=card.session_title, since=card.since)
    return draft.buttons(Button(texts.BUTTON_STATUS, Command(Name.STATUS))).done()


def login_renewed_card(card: StateCard) -> Message:
    """Render what the notice of a refused login says after the person has connected again."""
    draft = Draft().say(home_texts.LOGIN_RENEWED, since=card.since)
    return draft.buttons(Button(texts.BUTTON_STATUS, Command(Name.STATUS))).done()


def help_card(
    slash: str, *, unknown: str = "", nearest: str = "", in_message: bool = False
) -> Message:
    """List all commands. After an unknown word, suggest the nearest command first.

    In an answer to a direct message, they are as they are typed there, without the slash command.
    """
    draft, before = Draft(), "" if in_message else f"{slash} "
    if unknown and nearest:
        draft.say(texts.UNKNOWN_NEAREST, word=unknown, nearest=f"{before}{nearest}")
    elif unknown:
        draft.say(texts.UNKNOWN, word=unknown)
    else:
        draft.say(home_texts.HELLO if in_message else texts.HELP_TITLE)
    for usage, meaning in texts.HELP.items():
        if typed := f"{before}{usage}".strip():
            draft.say(texts.HELP_ROW.replace("{meaning}", meaning), usage=typed)
    if in_message:
        draft.small(home_texts.HELLO_SMALL, command=slash)
    return draft.buttons(
        dataclasses.replace(_SESSIONS, primary=True),
        Button(texts.BUTTON_STATUS, Command(Name.STATUS)),
    ).done()


def check_card(report: CheckReport, links: HubLinks) -> Message:
    """Render the results of a self-check, and the reference to give to an administrator."""
    is_fine = all(result.is_fine for result in report.results)
    heading = home_texts.CHECKED_FINE if is_fine else home_texts.CHECKED_PROBLEM
    for result, its_heading in _CHECK_HEADINGS.items():
        heading = its_heading if result in report.results else heading
    draft = Draft().say(heading)
    for result in report.results:
        row = home_texts.CHECK_FINE if result.is_fine else home_texts.CHECK_PROBLEM
        row = home_texts.CHECK_NEXT if result in _CHECK_HEADINGS else row
        draft.say(
            row.replace("{result}", home_texts.CHECKS[result]), event=links.name(report.event)
        )
    if CheckResult.NOT_CONNECTED in report.results:
        draft.buttons(connect_button(Command(Name.OVERVIEW)))
    elif CheckResult.LOGIN_REFUSED in report.results:
        draft.buttons(connect_button(Command(Name.OVERVIEW), texts.BUTTON_CONNECT_AGAIN))
    elif is_fine or CheckResult.NOT_A_MEMBER in report.results:
        draft.buttons(Button(texts.BUTTON_STATUS, Command(Name.STATUS)), _SESSIONS)
    else:
        draft.buttons(Button(texts.BUTTON_TRY_AGAIN, Command(Name.CHECK), primary=True))
    return draft.small(
        home_texts.CHECK_SMALL, reference=report.reference, version=report.version
    ).done()


def still_asking_card() -> Message:
    """Say that a slow change goes on, and that a message follows when it is done."""
    return Draft().say(texts.STILL_ASKING).done()


def _token_help_button(command: Command) -> Button:
    return Button(texts.BUTTON_TOKEN_HELP, LINK_HELP, value=command.text or " ")
