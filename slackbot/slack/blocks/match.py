"""The match card in its states, and the people met."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Final

from slackbot.domain.model import EventSlug, Match, Partner
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import KEEP, Button, Draft, Message
from slackbot.slack.blocks.text import Block, plain
from slackbot.slack.command import Command, Name

HISTORY_LENGTH: Final = 15
# Action ids of a call's buttons; their value is the match's id.
CALL_OPEN: Final = "call:open"
CALL_NEW: Final = "call:new"


def match_card(match: Match, links: HubLinks, call_url: str | None = None) -> Message:
    """Draw a match: the partner, the end of the round, and one main button to meet.

    It leads to `call_url`, which stands in no text, or else to the event hub.
    """
    draft = _late_draft(match) if match.late else _found_draft(match)
    next_steps = _available_again(match), _pause(match)
    if call_url is None:
        return draft.buttons(_hub_button(match, links, primary=True), *next_steps).done()
    join = Button(texts.BUTTON_CALL, CALL_OPEN, value=match.id, url=call_url, primary=True)
    new_link = Button(texts.BUTTON_NEW_LINK, CALL_NEW, value=match.id)
    draft.buttons(join, _hub_button(match, links, primary=False), new_link, *next_steps)
    return draft.small(texts.CALL_SMALL).done()


def call_gone_card(match: Match, links: HubLinks) -> Message:
    """Draw the match of a call that has ended, for somebody who asks for a new link."""
    return Draft().then(match_card(match, links)).small(texts.CALL_GONE).done()


def no_call_card() -> Message:
    """Draw the same where the match was deleted, with all data of the person."""
    status = Button(texts.BUTTON_STATUS, Command(Name.STATUS).action)
    return Draft().say(texts.CALL_GONE).buttons(status).done()


def round_over_card(match: Match) -> Message:
    """Draw a match whose round is over: the partner, and one main button to continue."""
    draft = Draft().keep(texts.MATCH_OVER, name=match.partner.name)
    _add_partner(draft, match.partner)
    if match.session_title:
        draft.keep(texts.MATCH_SESSION, title=match.session_title)
    draft.say(texts.ROUND_OVER)
    draft.buttons(_available_again(match, primary=True), _pause(match))
    if match.ends_at is not None:
        draft.small(texts.ROUND_WAS, start=match.received_at, end=match.ends_at)
    return draft.done()


def kept_blocks(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks that stay when a button is answered: the partner, now in the past."""
    kept = [deepcopy(b) for b in blocks if str(b.get("block_id", "")).startswith(KEEP)]
    for block in kept:
        for section in block.get("elements", []):
            for element in section.get("elements", []):
                if element.get("text") == texts.MATCHED_NOW:
                    element["text"] = texts.MATCHED_THEN
    return kept


def history(matches: Sequence[Match], event: EventSlug) -> Message:
    """Draw the people met, latest first."""
    if not matches:
        button = Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE).action, primary=True)
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
    draft.buttons(Button(texts.BUTTON_SESSIONS, Command(Name.SESSIONS).action))
    small = texts.HISTORY_SMALL if count < len(matches) else texts.HISTORY_SMALL_ALL
    return draft.small(small, count=count, event=event).done()


def _found_draft(match: Match) -> Draft:
    draft = Draft().keep(texts.MATCHED, name=match.partner.name)
    _add_partner(draft, match.partner)
    if match.ends_at is not None:
        draft.say(texts.MATCH_ENDS, end=match.ends_at)
    if match.session_title:
        draft.keep(texts.MATCH_SESSION, title=match.session_title)
    return draft


def _late_draft(match: Match) -> Draft:
    draft = Draft().say(texts.LATE)
    if match.matched_at is not None:
        draft.keep(texts.LATE_WHEN, at=match.matched_at, name=match.partner.name)
    else:
        draft.keep(texts.LATE_UNKNOWN_WHEN, name=match.partner.name)
    _add_partner(draft, match.partner)
    if match.session_title:
        draft.keep(texts.MATCH_SESSION, title=match.session_title)
    return draft.say(texts.LATE_WHY)


def _add_partner(draft: Draft, partner: Partner) -> None:
    role = partner.role
    if partner.picture is not None:
        alt = plain(texts.PICTURE, {"name": partner.name})
        draft.beside_picture(role or partner.name, partner.picture, alt)
    elif role:
        draft.keep(texts.ROLE, role=role)


def _hub_button(match: Match, links: HubLinks, *, primary: bool) -> Button:
    url = links.session(match.event, match.session_id)
    return Button(texts.BUTTON_MEET, f"hub:{match.session_id}", url=url, primary=primary)


def _available_again(match: Match, *, primary: bool = False) -> Button:
    action = Command(Name.AVAILABLE, str(match.session_id)).action
    return Button(texts.BUTTON_AVAILABLE_AGAIN, action, primary=primary)


def _pause(match: Match) -> Button:
    return Button(texts.BUTTON_PAUSE, Command(Name.PAUSE, str(match.session_id)).action)
