"""Match cards for every state of a match."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from slackbot.domain.matching import round_of
from slackbot.domain.model import Match
from slackbot.services.declines import Declined
from slackbot.slack import manner_texts, reminder_texts, texts
from slackbot.slack.blocks.contacts import offer
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.text import Linked, plain
from slackbot.slack.command import Command, Name

# Action ids of the call buttons, whose value is the match id.
CALL_OPEN: Final = "call:open"
CALL_NEW: Final = "call:new"
# Action ids of the answers to *Did you talk?*, whose value is the match id.
TALK_YES: Final = "met:yes"
TALK_NO: Final = "met:no"
TALK_CHANGED: Final = "met:change"
_NEXT: Final = {
    None: texts.ROUND_OVER,
    True: reminder_texts.NEXT_PERSON,
    False: reminder_texts.NOBODY_CAME,
}


def match_card(match: Match, links: HubLinks, call_url: str | None = None) -> Message:
    """Render a match with the partner, the end of the round, and a primary button to meet.

    The button opens `call_url`, or else the event hub. The URL is never part of the text. A match
    that is late is probably over, so its primary button goes on to the next person.
    """
    name, url = match.partner.name, links.session(match.event, match.session_id)
    if match.late:
        draft = _say_late(Draft().say(texts.LATE), match)
        _add_partner(draft, match)
        draft.say(texts.LATE_WHY, name=name)
    else:
        draft = _add_partner(Draft().say(texts.MATCHED, name=name), match)
        if match.ends_at is not None:
            draft.say(texts.MATCH_ENDS, end=match.ends_at)
    meet = _meet_button(match, url, call_url)
    again, pause = _next_steps(match, running=not match.late)
    if call_url is not None:
        device = Button(texts.BUTTON_NEW_LINK, CALL_NEW, match.id)
        draft.buttons(meet, again, pause, decline_button(match), device)
    elif match.late:
        draft.buttons(again, meet, pause)
    else:
        draft.buttons(meet, again, pause, decline_button(match))
    facts = [texts.MATCH_SESSION] if match.session_title else []
    facts += [texts.CALL_SMALL] if call_url is not None else []
    if facts:
        draft.small(*facts, title=Linked(match.session_title, url))
    return draft.done()


def match_back_card(match: Match, links: HubLinks, call_url: str | None = None) -> Message:
    """Say that the partner can make it after all, with the button to meet."""
    url = links.session(match.event, match.session_id)
    draft = Draft().say(manner_texts.PARTNER_BACK, name=match.partner.name)
    draft.buttons(_meet_button(match, url, call_url), decline_button(match))
    return draft.small(texts.MATCH_SESSION, title=Linked(match.session_title, url)).done()


def call_gone_card(match: Match, links: HubLinks) -> Message:
    """Render the match of an ended call for a person who requests a new link."""
    return Draft().then(match_card(match, links)).small(texts.CALL_GONE).done()


def no_call_card() -> Message:
    """Render the card for a match that was deleted with the person's data."""
    status = Button(texts.BUTTON_STATUS, Command(Name.STATUS))
    return Draft().say(texts.CALL_GONE).buttons(status).done()


def round_over_card(match: Match, *, may_swap: bool = False, may_report: bool = False) -> Message:
    """Render a match whose round is over, with a primary button to continue.

    It asks whether they have talked, or says so.
    """
    sentence = reminder_texts.TALKED_WITH if match.talked else texts.MATCH_OVER
    draft = Draft().say(sentence, name=match.partner.name)
    _add_partner(draft, match).say(_NEXT[match.talked])
    go_on, pause = _next_steps(match, running=False)
    if match.talked is None:
        draft.buttons(go_on, pause).divider().say(reminder_texts.DID_YOU_TALK)
        draft.buttons(
            Button(reminder_texts.BUTTON_TALKED, TALK_YES, match.id),
            Button(reminder_texts.BUTTON_NOBODY_CAME, TALK_NO, match.id),
        )
    else:
        change = Button(reminder_texts.BUTTON_CHANGE_ANSWER, TALK_CHANGED, match.id)
        draft.buttons(go_on, pause, change)
    facts = [] if match.ends_at is None else [texts.ROUND_WAS]
    facts += [texts.MATCH_SESSION] if match.session_title else []
    times = {"start": match.received_at, "end": match.ends_at or match.received_at}
    draft.small(*facts, reminder_texts.TALK_SMALL, title=match.session_title, **times)
    return offer(draft, match, may_swap=may_swap, may_report=may_report).done()


def leave_round_card(match: Match, argument: str) -> Message:
    """Ask before somebody leaves a running round to become available in the `argument`."""
    sentence = texts.LEAVE_ROUND_UNKNOWN if match.ends_at is None else texts.LEAVE_ROUND
    at = match.ends_at or match.received_at
    draft = Draft().say(sentence, name=match.partner.name, end=at, at=at)
    draft.buttons(
        Button(texts.BUTTON_STAY, Command(Name.STATUS), primary=True),
        Button(texts.BUTTON_LEAVE_ROUND, Command(Name.AVAILABLE, argument, round_of(match.id))),
    )
    return draft.small(texts.MATCH_SESSION, title=match.session_title).done()


def decline_button(match: Match) -> Button:
    """Return the button with which somebody leaves a round that they can't make."""
    return Button(manner_texts.BUTTON_CANT, Command(Name.CANT, confirmed=round_of(match.id)))


def declined_card(declined: Declined) -> Message:
    """Confirm that somebody can't make a round, and offer to take it back."""
    match = declined.match
    sentence = (
        manner_texts.DECLINED_NOTIFIED if declined.is_notified else manner_texts.DECLINED_ALONE
    )
    undo = Command(Name.CANT, "undo", round_of(match.id))
    draft = Draft().say(sentence, name=match.partner.name)
    draft.buttons(
        Button(
            texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE, str(match.session_id)), primary=True
        ),
        Button(manner_texts.BUTTON_CAN, undo),
    )
    small = [texts.MATCH_SESSION] if match.session_title else []
    small += [manner_texts.ROUND_ENDS] if match.ends_at is not None else []
    if small:
        ends_at = match.ends_at or match.received_at
        draft.small(*small, title=match.session_title, end=ends_at)
    return draft.done()


def taken_back_card(declined: Declined, links: HubLinks, call_url: str | None) -> Message:
    """Render the match of somebody who is in its round after all."""
    sentence = manner_texts.TAKEN_BACK_ALONE
    if declined.is_notified:
        sentence = manner_texts.TAKEN_BACK_NOTIFIED
    draft = Draft().say(sentence, name=declined.match.partner.name)
    return draft.then(match_card(declined.match, links, call_url)).done()


def met_card(match: Match) -> Message:
    """Render the partner, to be shown above the answer to a button of the message."""
    draft = Draft()
    if match.late:
        _say_late(draft, match)
    else:
        sentence = reminder_texts.TALKED_WITH if match.talked else texts.MATCH_OVER
        draft.say(sentence, name=match.partner.name)
    return _add_partner(draft, match).done()


def partner_gone_card(match: Match) -> Message:
    """Say to somebody who wants to be in a round again that the partner is not there any more."""
    draft = Draft().say(manner_texts.PARTNER_GONE, name=match.partner.name)
    again = Command(Name.AVAILABLE, str(match.session_id))
    draft.buttons(
        Button(texts.BUTTON_AVAILABLE, again, primary=True),
        Button(texts.BUTTON_STATUS, Command(Name.STATUS)),
    )
    return draft.small(texts.MATCH_SESSION, title=match.session_title).done()


def _meet_button(match: Match, url: str, call_url: str | None) -> Button:
    """Return the button that opens the call, or else the event hub."""
    if call_url is not None:
        return Button(texts.BUTTON_CALL, CALL_OPEN, match.id, call_url, primary=True)
    label = texts.BUTTON_HUB if match.late else texts.BUTTON_MEET
    return Button(label, f"hub:{match.session_id}", url=url, primary=not match.late)


def _say_late(draft: Draft, match: Match) -> Draft:
    when = texts.LATE_WHEN if match.matched_at else texts.LATE_UNKNOWN_WHEN
    return draft.say(when, at=match.matched_at or match.received_at, name=match.partner.name)


def _add_partner(draft: Draft, match: Match) -> Draft:
    """Add the role and the picture, as far as they are known."""
    partner, role = match.partner, match.partner.role
    if partner.picture is not None:
        alt = plain(texts.PICTURE, {"name": partner.name})
        draft.beside_picture(role or partner.name, partner.picture, alt)
    elif role:
        draft.say(texts.ROLE, role=role)
    return draft


def _next_steps(match: Match, *, running: bool) -> tuple[Button, Button]:
    """Return the buttons to go on and to pause. Ask before a round that may be running is left."""
    session = str(match.session_id)
    confirmed = round_of(match.id) if running else ""
    go_on = Command(Name.AVAILABLE, session, confirmed)
    again = Button(texts.BUTTON_AVAILABLE_AGAIN, go_on, primary=not running)
    if running:
        confirm = {
            "title": texts.CONFIRM_LEAVE_TITLE,
            "text": plain(texts.CONFIRM_LEAVE, {"name": match.partner.name}),
            "confirm": texts.BUTTON_LEAVE_ROUND,
            "deny": texts.BUTTON_STAY,
        }
        again = replace(again, confirm=confirm)
    return again, Button(texts.BUTTON_PAUSE, Command(Name.PAUSE, session))
