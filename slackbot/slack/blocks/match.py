"""Match cards for every state of a match, and the list of people met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from slackbot.domain.model import EventSlug, Match
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.text import plain
from slackbot.slack.command import Command, Name

HISTORY_LENGTH: Final = 15
# Action ids of the call buttons, whose value is the match id.
CALL_OPEN: Final = "call:open"
CALL_NEW: Final = "call:new"


def match_card(match: Match, links: HubLinks, call_url: str | None = None) -> Message:
    """Render a match with the partner, the end of the round, and a primary button to meet.

    The button opens `call_url`, or else the event hub. The URL is never part of the text.
    """
    partner = match.partner
    if match.late:
        draft = Draft().say(texts.LATE)
        when = texts.LATE_WHEN if match.matched_at else texts.LATE_UNKNOWN_WHEN
        draft.say(when, at=match.matched_at or match.received_at, name=partner.name)
        _add_partner(draft, match)
        draft.say(texts.LATE_WHY)
    else:
        draft = Draft().say(texts.MATCHED, name=partner.name)
        _add_partner(draft, match, ends=True)
    url = links.session(match.event, match.session_id)
    hub = Button(texts.BUTTON_MEET, f"hub:{match.session_id}", url=url, primary=call_url is None)
    if call_url is None:
        return draft.buttons(hub, *_next_steps(match)).done()
    join = Button(texts.BUTTON_CALL, CALL_OPEN, value=match.id, url=call_url, primary=True)
    new_link = Button(texts.BUTTON_NEW_LINK, CALL_NEW, value=match.id)
    draft.buttons(join, hub, new_link, *_next_steps(match))
    return draft.small(texts.CALL_SMALL).done()


def call_gone_card(match: Match, links: HubLinks) -> Message:
    """Render the match of an ended call for a person who requests a new link."""
    return Draft().then(match_card(match, links)).small(texts.CALL_GONE).done()


def no_call_card() -> Message:
    """Render the card for a match that was deleted with the person's data."""
    status = Button(texts.BUTTON_STATUS, Command(Name.STATUS))
    return Draft().say(texts.CALL_GONE).buttons(status).done()


def round_over_card(match: Match) -> Message:
    """Render a match whose round is over, with a primary button to continue."""
    draft = Draft().say(texts.MATCH_OVER, name=match.partner.name)
    _add_partner(draft, match)
    draft.say(texts.ROUND_OVER)
    draft.buttons(*_next_steps(match, primary=True))
    if match.ends_at is not None:
        draft.small(texts.ROUND_WAS, start=match.received_at, end=match.ends_at)
    return draft.done()


def met_card(match: Match) -> Message:
    """Render the partner, to be shown above the answer to a button of the message."""
    draft = Draft()
    if match.late:
        when = texts.LATE_WHEN if match.matched_at else texts.LATE_UNKNOWN_WHEN
        draft.say(when, at=match.matched_at or match.received_at, name=match.partner.name)
    else:
        draft.say(texts.MATCH_OVER, name=match.partner.name)
    return _add_partner(draft, match).done()


def history(matches: Sequence[Match], event: EventSlug) -> Message:
    """Render the list of people met, latest first."""
    if not matches:
        button = Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE), primary=True)
        return Draft().say(texts.NO_HISTORY).buttons(button).done()
    draft = Draft().heading(texts.HISTORY)
    for match in matches[:HISTORY_LENGTH]:
        role = match.partner.role
        sentence = texts.HISTORY_NAME + (f"\n{texts.ROLE}" if role else "")
        sentence += f"\n{texts.HISTORY_WHEN}"
        sentence += "  ·  {title}" if match.session_title else ""
        at = match.matched_at or match.received_at
        draft.say(sentence, name=match.partner.name, role=role, at=at, title=match.session_title)
    count = min(len(matches), HISTORY_LENGTH)
    draft.buttons(Button(texts.BUTTON_SESSIONS, Command(Name.SESSIONS)))
    small = texts.HISTORY_SMALL if count < len(matches) else texts.HISTORY_SMALL_ALL
    return draft.small(small, count=count, event=event).done()


def _add_partner(draft: Draft, match: Match, *, ends: bool = False) -> Draft:
    """Add the role, the picture, the session and, if `ends`, the end of the round."""
    partner, role = match.partner, match.partner.role
    if partner.picture is not None:
        alt = plain(texts.PICTURE, {"name": partner.name})
        draft.beside_picture(role or partner.name, partner.picture, alt)
    elif role:
        draft.say(texts.ROLE, role=role)
    if ends and match.ends_at is not None:
        draft.say(texts.MATCH_ENDS, end=match.ends_at)
    if match.session_title:
        draft.say(texts.MATCH_SESSION, title=match.session_title)
    return draft


def _next_steps(match: Match, *, primary: bool = False) -> tuple[Button, Button]:
    session = str(match.session_id)
    again = Button(texts.BUTTON_AVAILABLE_AGAIN, Command(Name.AVAILABLE, session), primary=primary)
    return again, Button(texts.BUTTON_PAUSE, Command(Name.PAUSE, session))
