"""The list of people met at all events, and its table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from slackbot.domain.files import FileLink
from slackbot.domain.meetings import Meeting, PastMatch
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import SEPARATOR, Button, Draft, Message, Part
from slackbot.slack.blocks.pages import paged
from slackbot.slack.blocks.status import connect_button
from slackbot.slack.command import Command, Name

HISTORY_PAGE: Final = 10  # matches on a page
# The action id of the button that opens a file. Slack only reports the click.
FILE_OPEN: Final = "hub:file"
MATCHES_BUTTON: Final = Button(texts.BUTTON_MATCHES, Command(Name.MATCHES))
EXPORT_BUTTON: Final = Button(texts.BUTTON_EXPORT, Command(Name.MATCHES, "export"))


def history(
    met: Sequence[PastMatch], links: HubLinks, page: int = 1, words: str = "", count: int = 0
) -> Message:
    """Render a page of the list of matches, latest first.

    A search for the `words` was made in `count` matches.
    """
    if not met and words and count:
        draft = Draft().say(texts.NO_MATCH_FITS, words=words).buttons(MATCHES_BUTTON)
        return draft.done(Part.MATCHES)
    if not met:
        button = Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE), primary=True)
        return Draft().say(texts.NO_HISTORY).buttons(button).done()
    shown = paged(met, page, HISTORY_PAGE)
    events = {each.match.event: links.name(each.match.event) for each in met}
    draft = Draft().heading(texts.HISTORY)
    for each in shown.items:
        match, role = each.match, each.match.partner.role
        facts = [texts.HISTORY_WHEN, *([texts.MATCH_SESSION] if match.session_title else [])]
        facts += [texts.HISTORY_EVENT] if len(events) > 1 else []
        lines = [texts.HISTORY_ROLE if role else texts.HISTORY_NAME, SEPARATOR.join(facts)]
        lines += [outcome] if (outcome := outcome_of(each.meeting)) else []
        sentence = "\n".join(lines)
        draft.say(
            sentence,
            name=match.partner.name,
            role=role,
            at=match.matched_at or match.received_at,
            title=match.session_title,
            event=events[match.event],
            count=each.meeting.minutes or 0,
        )
    searched = f"{words} " if words else ""
    pages = shown.buttons(lambda number: Command(Name.MATCHES, f"{searched}page {number}"))
    draft.buttons(*pages, *([MATCHES_BUTTON] if words else []), EXPORT_BUTTON)
    is_all = len(shown.items) == len(met)
    small = texts.HISTORY_SMALL_ALL.of(len(met)) if is_all else texts.HISTORY_SMALL
    event = ", ".join(dict.fromkeys(events.values())) if len(events) < 3 else texts.ALL_EVENTS
    return draft.small(small, event=event, **shown.position).done(Part.MATCHES)


def outcome_of(meeting: Meeting) -> str:
    """Return the sentence that says what became of a match, or "" if nobody knows."""
    if meeting.talked is None:
        return ""
    if not meeting.talked:
        return texts.MISSED
    return texts.TALKED if meeting.minutes is None else texts.TALKED_MINUTES.of(meeting.minutes)


def matches_kept(card: Message) -> Message:
    """Return the list for somebody who cannot be matched until they connect."""
    again = connect_button(Command(Name.MATCHES), texts.BUTTON_CONNECT_AGAIN)
    draft = Draft().then(card).divider().say(texts.MATCHES_KEPT).buttons(again)
    return draft.done(Part.MATCHES)


def export_card(link: FileLink | None, count: int) -> Message:
    """Offer the table of matches, or say why there is none and what to do."""
    if link is None:
        return Draft().say(texts.EXPORT_NO_ADDRESS).buttons(MATCHES_BUTTON).done()
    download = Button(texts.BUTTON_DOWNLOAD, FILE_OPEN, url=link.url, primary=True)
    draft = (
        Draft().say(texts.EXPORT_MATCHES.of(count), count=count).buttons(download, MATCHES_BUTTON)
    )
    return draft.small(texts.EXPORT_SMALL, until=link.expires_at).done()
