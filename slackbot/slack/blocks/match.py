"""The match card, late or in time, and the people met."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Final

from slackbot.domain.model import EventSlug, Match, Partner
from slackbot.slack import texts as words
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import KEEP, Button, Draft, Message, picture_alt
from slackbot.slack.blocks.text import Block
from slackbot.slack.command import Command, Name

HISTORY_LENGTH: Final = 15
CALL_OPEN: Final = "call:open"
CALL_NEW: Final = "call:new"
"""Action ids of the buttons of a call; their value is the match's id."""


def match_card(match: Match, links: HubLinks, call_url: str | None = None) -> Message:
    """Found: who it is, until when, and one main button to meet.

    It leads into the call where there is a `call_url`, which stands in no text, and else into the
    event hub.
    """
    draft = _late(match) if match.late else _found(match)
    going_on = _again(match), _pause(match)
    if call_url is None:
        return draft.buttons(_meet(match, links, primary=True), *going_on).done()
    join = Button(words.BUTTON_CALL, CALL_OPEN, value=match.id, url=call_url, primary=True)
    another = Button(words.BUTTON_NEW_LINK, CALL_NEW, value=match.id)
    draft.buttons(join, _meet(match, links, primary=False), another, *going_on)
    return draft.small(words.CALL_SMALL).done()


def without_call(match: Match, links: HubLinks) -> Message:
    """The answer to who wants a new link when there is no call any more."""
    return Draft().then(match_card(match, links)).small(words.CALL_GONE).done()


def no_call() -> Message:
    """The same when the match is gone too, with all that was kept of the person."""
    status = Button(words.BUTTON_STATUS, Command(Name.STATUS).action)
    return Draft().say(words.CALL_GONE).buttons(status).done()


def _found(match: Match) -> Draft:
    draft = Draft().keep(words.MATCHED, name=match.partner.name)
    _about(draft, match.partner)
    if match.ends_at is not None:
        draft.say(words.MATCH_ENDS, end=match.ends_at)
    if match.session_title:
        draft.keep(words.MATCH_SESSION, title=match.session_title)
    return draft


def over_card(match: Match) -> Message:
    """Over: whom it was with, and one main button to go on."""
    draft = Draft().keep(words.MATCH_OVER, name=match.partner.name)
    _about(draft, match.partner)
    if match.session_title:
        draft.keep(words.MATCH_SESSION, title=match.session_title)
    draft.say(words.ROUND_OVER)
    again = Command(Name.AVAILABLE, str(match.session_id)).action
    draft.buttons(Button(words.BUTTON_AVAILABLE_AGAIN, again, primary=True), _pause(match))
    if match.ends_at is not None:
        draft.small(words.ROUND_WAS, start=match.received_at, end=match.ends_at)
    return draft.done()


def looking_back(blocks: Sequence[Block]) -> list[Block]:
    """What stays of a card whose button was answered: whom it was, now in the past."""
    kept = [deepcopy(b) for b in blocks if str(b.get("block_id", "")).startswith(KEEP)]
    for block in kept:
        for section in block.get("elements", []):
            for element in section.get("elements", []):
                if element.get("text") == words.MATCHED_NOW:
                    element["text"] = words.MATCHED_THEN
    return kept


def _late(match: Match) -> Draft:
    draft = Draft().say(words.LATE)
    if match.matched_at is not None:
        draft.keep(words.LATE_WHEN, at=match.matched_at, name=match.partner.name)
    else:
        draft.keep(words.LATE_UNKNOWN_WHEN, name=match.partner.name)
    _about(draft, match.partner)
    if match.session_title:
        draft.keep(words.MATCH_SESSION, title=match.session_title)
    return draft.say(words.LATE_WHY)


def _about(draft: Draft, partner: Partner) -> None:
    role = partner.role
    if partner.picture is not None:
        alt = picture_alt(words.PICTURE, name=partner.name)
        draft.beside_picture(role or partner.name, partner.picture, alt)
    elif role:
        draft.keep(words.ROLE, role=role)


def _meet(match: Match, links: HubLinks, *, primary: bool) -> Button:
    url = links.session(match.event, match.session_id)
    return Button(words.BUTTON_MEET, f"hub:{match.session_id}", url=url, primary=primary)


def _again(match: Match) -> Button:
    action = Command(Name.AVAILABLE, str(match.session_id)).action
    return Button(words.BUTTON_AVAILABLE_AGAIN, action)


def _pause(match: Match) -> Button:
    return Button(words.BUTTON_PAUSE, Command(Name.PAUSE, str(match.session_id)).action)


def history(matches: Sequence[Match], event: EventSlug) -> Message:
    """The people met, latest first."""
    if not matches:
        button = Button(words.BUTTON_AVAILABLE, Command(Name.AVAILABLE).action, primary=True)
        return Draft().say(words.NO_HISTORY).buttons(button).done()
    draft = Draft().heading(words.HISTORY)
    for match in matches[:HISTORY_LENGTH]:
        role = match.partner.role
        sentence = words.HISTORY_NAME + (f"\n{words.ROLE}" if role else "")
        sentence += f"\n{words.HISTORY_WHEN}"
        sentence += "  ·  {title}" if match.session_title else ""
        at = match.matched_at or match.received_at
        draft.say(sentence, name=match.partner.name, role=role, at=at, title=match.session_title)
    count = min(len(matches), HISTORY_LENGTH)
    draft.buttons(Button(words.BUTTON_SESSIONS, Command(Name.SESSIONS).action))
    small = words.HISTORY_SMALL if count < len(matches) else words.HISTORY_SMALL_ALL
    return draft.small(small, count=count, event=event).done()
