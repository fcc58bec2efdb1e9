"""Cards about swapping contacts and about reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from slackbot.domain.model import Match, Partner
from slackbot.domain.notices import ContactsSwapped, Reported
from slackbot.domain.text import normalize
from slackbot.slack import contact_texts, texts
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.modals import View
from slackbot.slack.blocks.text import Mention, Value, Whole, plain, plain_text
from slackbot.slack.command import Command, Name

# Prefixes of the action ids, which end in the match's id.
SWAP_YES: Final = "contacts:yes:"
SWAP_NO: Final = "contacts:no:"
SWAP_UNDO: Final = "contacts:undo:"
REPORT_OPEN: Final = "report:open:"
# The callback id of the form, and the block of its field.
REPORT: Final = "report"
REASON: Final = "reason"
_STATUS: Final = Button(texts.BUTTON_STATUS, Command(Name.STATUS))
_MATCHES: Final = Button(texts.BUTTON_MATCHES, Command(Name.MATCHES))


def offer(draft: Draft, match: Match, *, may_swap: bool, may_report: bool) -> Draft:
    """Add to a match's message what can be done about the partner, if anything."""
    name = match.partner.name
    if may_swap:
        draft.divider().say(contact_texts.IN_THIS_SLACK, name=name)
    buttons = _swap_buttons(match) if may_swap else []
    buttons += [_report_button(match)] if may_report else []
    draft.buttons(*buttons)
    return draft.small(contact_texts.SWAP_SMALL) if may_swap else draft


def swap_offers(matches: Sequence[Match]) -> Message:
    """Ask about each of these partners whether to swap contacts."""
    if not matches:
        return Draft().say(contact_texts.NO_OFFERS).buttons(_MATCHES, _STATUS).done()
    draft = Draft()
    for match in matches:
        name, at = match.partner.name, match.matched_at or match.received_at
        draft.say(contact_texts.SWAP_ASK, name=name, title=match.session_title, at=at)
        draft.buttons(*_swap_buttons(match))
    return draft.small(contact_texts.SWAP_SMALL).done()


def report_offers(matches: Sequence[Match]) -> Message:
    """List the partners that can be reported."""
    if not matches:
        return Draft().say(contact_texts.NOBODY_TO_REPORT).buttons(_MATCHES, _STATUS).done()
    draft = Draft().say(contact_texts.REPORT_PICK)
    for match in matches:
        name, at = match.partner.name, match.matched_at or match.received_at
        sentence = contact_texts.REPORT_ONE
        draft.beside_button(
            sentence, _report_button(match), name=name, title=match.session_title, at=at
        )
    return draft.done()


def _swap_buttons(match: Match) -> list[Button]:
    name, yes, no = match.partner.name, contact_texts.BUTTON_SWAP, contact_texts.BUTTON_SWAP_NO
    return [
        Button(yes, f"{SWAP_YES}{match.id}", spoken=f"{yes}: {name}"),
        Button(no, f"{SWAP_NO}{match.id}", spoken=f"{no}: {name}"),
    ]


def _report_button(match: Match) -> Button:
    label = contact_texts.BUTTON_REPORT
    return Button(label, f"{REPORT_OPEN}{match.id}", spoken=f"{label}: {match.partner.name}")


def swap_answered_card(match: Match, *, wanted: bool) -> Message:
    """Confirm an answer. It depends on nothing that the partner has answered."""
    sentence = contact_texts.SWAP_YES if wanted else contact_texts.SWAP_NO
    draft = Draft().say(sentence, name=match.partner.name)
    go_on = Button(texts.BUTTON_AVAILABLE_AGAIN, Command(Name.AVAILABLE, str(match.session_id)))
    undo = Button(contact_texts.BUTTON_UNDO, f"{SWAP_UNDO}{match.id}")
    return draft.buttons(undo, go_on).done()


def swap_withdrawn_card(match: Match) -> Message:
    """Confirm that an answer was taken back, and ask again."""
    draft = Draft().say(contact_texts.SWAP_WITHDRAWN)
    return offer(draft, match, may_swap=True, may_report=False).done()


def swap_agreed_card(match: Match) -> Message:
    """Say to somebody who takes their yes back that both have agreed."""
    draft = Draft().say(contact_texts.SWAP_AGREED, name=match.partner.name)
    return draft.buttons(_MATCHES, _STATUS).done()


def swap_gone_card() -> Message:
    """Answer a button about a match or a partner that is gone."""
    return Draft().say(contact_texts.SWAP_GONE).buttons(_MATCHES, _STATUS).done()


def contact_message(notice: ContactsSwapped | Reported) -> Message:
    """Render a notice about somebody whom a person has met."""
    if isinstance(notice, ContactsSwapped):
        return _swapped_message(notice)
    return _report_message(notice)


def _swapped_message(notice: ContactsSwapped) -> Message:
    """Render the news for both people in their conversation, or for one of them apart."""
    swap, match = notice.swap, notice.swap.match
    you, partner = Mention(match.person.user), Mention(swap.partner.person.user)
    draft = Draft()
    if notice.apart:
        draft.say(contact_texts.SWAP_DONE_APART, partner=partner)
    else:
        draft.say(contact_texts.SWAP_DONE, you=you, partner=partner)
    at = match.matched_at or match.received_at
    met = contact_texts.SWAP_DONE_MET if match.session_title else contact_texts.SWAP_DONE_MET_AT
    draft.say(met, title=match.session_title, at=at)
    key, values = starter(swap.person_as_met, match.partner)
    question = plain(contact_texts.STARTERS[key], values)
    draft.quote(contact_texts.SWAP_STARTER, question)
    return draft.done() if notice.apart else draft.small(contact_texts.SWAP_DONE_SMALL).done()


def starter(one: Partner | None, other: Partner) -> tuple[str, dict[str, Value]]:
    """Return the key of a question to begin with that fits two people, and its values."""
    mine, theirs = (one.company if one else None) or "", other.company or ""
    title, their_title = (one.title if one else None) or "", other.title or ""
    if mine and normalize(mine) == normalize(theirs):
        return "same_company", {"one": mine}
    if title and normalize(title) == normalize(their_title):
        return "same_title", {"title": title}
    if mine and theirs:
        return "both_companies", {"one": mine, "other": theirs}
    if mine or theirs:
        return "one_company", {"one": mine or theirs}
    return ("titles" if title and their_title else "unknown"), {}


def _report_message(notice: Reported) -> Message:
    """Render a report for an admin."""
    report, match = notice.report, notice.report.match
    partner, at = match.partner, match.matched_at or match.received_at
    reporter = Mention(match.person.user)
    draft = Draft().say(contact_texts.REPORT_NOTICE, reporter=reporter, name=partner.name)
    if partner.role:
        draft.say(contact_texts.REPORT_ROLE, role=partner.role)
    if notice.partner is not None:
        known = Mention(notice.partner.user)
        draft.say(contact_texts.REPORT_WHO, name=partner.name, partner=known)
    draft.say(contact_texts.REPORT_WHEN, title=match.session_title, at=at)
    if report.reason.strip():
        draft.quote(contact_texts.REPORT_WORDS, Whole(report.reason))
    return draft.small(contact_texts.REPORT_SMALL, name=partner.name).done()


def reported_card(match: Match | None) -> Message:
    """Confirm a report, or say that nobody gets it from here."""
    if match is None:
        return Draft().say(contact_texts.REPORT_GONE).buttons(_MATCHES, _STATUS).done()
    draft = Draft().say(contact_texts.REPORTED, name=match.partner.name)
    return draft.buttons(_STATUS, _MATCHES).done()


def report_form_not_opened(match: Match) -> Message:
    """Offer the form again."""
    return Draft().say(contact_texts.REPORT_NOT_OPENED).buttons(_report_button(match)).done()


def report_form(match: Match) -> View:
    """Render the form in which somebody says what happened."""
    element = {"type": "plain_text_input", "action_id": REASON, "multiline": True}
    return {
        "type": "modal",
        "callback_id": REPORT,
        "title": plain_text(contact_texts.REPORT_TITLE),
        "submit": plain_text(contact_texts.REPORT_SUBMIT),
        "close": plain_text(texts.MODAL_CLOSE),
        "private_metadata": match.id,
        "blocks": [
            *Draft().say(contact_texts.REPORT_ABOUT, name=match.partner.name).blocks,
            {
                "type": "input",
                "block_id": REASON,
                "label": plain_text(contact_texts.REPORT_LABEL),
                "hint": plain_text(contact_texts.REPORT_HINT),
                "element": element | {"max_length": 1000},
            },
        ],
    }
