"""Cards about a person's data: what is stored, the export, and the end of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from slackbot.domain.files import FileLink
from slackbot.domain.personal_data import StoredData
from slackbot.services.privacy import Erased
from slackbot.slack import privacy_texts, texts
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.pages import Page
from slackbot.slack.blocks.status import connect_button
from slackbot.slack.blocks.text import Sentence
from slackbot.slack.command import Command, Name
from slackbot.slack.manifest import scopes

# The argument of `privacy` for the reasons of the permissions.
PERMISSIONS: Final = "permissions"
# The action ids of the buttons that open a file. Slack only reports the click.
EXPORT_OPEN, MATCHES_OPEN = "hub:export", "hub:export-matches"
# Maximum characters of a part of the export in a message.
EXPORT_PART: Final = 2_000
_EXPORT: Final = Button(privacy_texts.BUTTON_EXPORT_DATA, Command(Name.EXPORT))
_PRIVACY: Final = Button(privacy_texts.BUTTON_PRIVACY, Command(Name.PRIVACY))


def stored_facts(stored: StoredData) -> list[str]:
    """Return what is stored about the person, in words."""
    return [
        fact
        for fact, columns in privacy_texts.STORED.items()
        if {column.partition(".")[0] for column in columns} & stored.keys()
    ]


def privacy_card(stored: StoredData, days: int, confirmed: str) -> Message:
    """Say what is stored about the person, and for how long. `confirmed` is what *Erase* erases."""
    draft = Draft()
    if stored:
        draft.say(privacy_texts.STORED_TITLE)
    else:
        draft.say(privacy_texts.STORED_NOTHING)
    for fact in stored_facts(stored):
        draft.say(privacy_texts.STORED_FACT.replace("{fact}", fact))
    draft.say(privacy_texts.STORED_NOT)
    draft.say(privacy_texts.STORED_FOR.of(days), count=days)
    why = Button(privacy_texts.BUTTON_PERMISSIONS, Command(Name.PRIVACY, PERMISSIONS))
    if not stored:
        return draft.buttons(why).done()
    dialog = {
        "title": privacy_texts.CONFIRM_ERASE_TITLE,
        "text": privacy_texts.CONFIRM_ERASE,
        "confirm": privacy_texts.BUTTON_ERASE,
        "deny": privacy_texts.BUTTON_KEEP,
    }
    return draft.buttons(_EXPORT, why, _erase_button(confirmed, dialog)).done()


def permissions_card(*, contact_swap: bool) -> Message:
    """List the permissions that the app asks for, each with its reason."""
    draft = Draft().say(privacy_texts.PERMISSIONS_TITLE)
    for scope, reason in scopes(contact_swap=contact_swap).items():
        draft.say(privacy_texts.PERMISSION, scope=scope, reason=Sentence(reason))
    return draft.buttons(_PRIVACY).done()


def export_link_card(whole: FileLink, matches: FileLink | None = None) -> Message:
    """Offer everything as a file, and the matches as a table if there are any."""
    draft = Draft()
    if matches is None:
        draft.say(privacy_texts.EXPORT_READY)
    else:
        draft.say(privacy_texts.EXPORT_READY_MATCHES)
    buttons = [Button(texts.BUTTON_DOWNLOAD, EXPORT_OPEN, url=whole.url, primary=True)]
    if matches is not None:
        buttons.append(Button(privacy_texts.BUTTON_MATCHES_ONLY, MATCHES_OPEN, url=matches.url))
    draft.buttons(*buttons, _PRIVACY)
    return draft.small(privacy_texts.EXPORT_UNTIL, until=whole.expires_at).done()


def export_part_card(part: Page[str]) -> Message:
    """Show a part of everything, where no file can be offered."""
    count = part.count
    draft = Draft().say(privacy_texts.EXPORT_HERE, number=part.number, count=count)
    draft.preformatted("".join(part.items))
    pages = part.buttons(lambda number: Command(Name.EXPORT, f"page {number}"))
    draft.buttons(*pages, _PRIVACY)
    return draft.small(privacy_texts.EXPORT_HERE_SMALL).done()


def erase_question(matches: int, confirmed: str) -> Message:
    """Ask before everything is erased, and say what stays."""
    ask = privacy_texts.ERASE_ASK.of(matches) if matches else privacy_texts.ERASE_ASK_NO_MATCH
    draft = Draft().say(ask, count=matches)
    keep = Button(privacy_texts.BUTTON_KEEP, Command(Name.STATUS), primary=True)
    draft.say(privacy_texts.ERASE_STAYS).buttons(keep, _EXPORT, _erase_button(confirmed))
    return draft.done()


def erased_card(erased: Erased) -> Message:
    """Confirm that everything was erased, with the receipt.

    Unless the person has left their session, warn that they may still be matched in it.
    """
    sentence = privacy_texts.ERASED_NOTHING
    if erased.was_linked:
        sentence = privacy_texts.ERASED_NO_MATCH
        if erased.matches:
            sentence = privacy_texts.ERASED.of(erased.matches)
    draft = Draft().say(sentence, count=erased.matches)
    if not erased.left:
        draft.say(texts.LEFT_UNCONFIRMED)
    return _with_receipt(draft, erased)


def disconnected_card(erased: Erased) -> Message:
    """Confirm that the person is disconnected, which erases everything too."""
    draft = Draft().say(texts.DISCONNECTED if erased.was_linked else texts.NOT_CONNECTED)
    if not erased.left:
        draft.say(texts.LEFT_UNCONFIRMED)
    if erased.was_linked:
        return _with_receipt(draft, erased)
    button = replace(connect_button(Command(Name.OVERVIEW)), primary=False)
    return draft.buttons(button).done()


def _with_receipt(draft: Draft, erased: Erased) -> Message:
    draft.say(privacy_texts.RECEIPT, receipt=erased.receipt)
    draft.buttons(replace(connect_button(Command(Name.OVERVIEW)), primary=False))
    return draft.small(privacy_texts.RECEIPT_SMALL, at=erased.at).done()


def _erase_button(confirmed: str, confirm: dict[str, str] | None = None) -> Button:
    command = Command(Name.ERASE, confirmed=confirmed)
    return Button(privacy_texts.BUTTON_ERASE, command, confirm=confirm)
