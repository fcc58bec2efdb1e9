"""Session cards with the buttons for each session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from slackbot.domain.model import EventSlug, Session, SessionScope, State
from slackbot.domain.sessions import SessionFilter, phase
from slackbot.domain.text import sanitize
from slackbot.services.sessions import Listing, View
from slackbot.slack import reminder_texts, texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import SEPARATOR, Button, Draft, Message, Part
from slackbot.slack.blocks.pages import paged
from slackbot.slack.blocks.text import Linked, Sentence, Value, plain
from slackbot.slack.command import ARGUMENT_LIMIT, Command, Name

# Maximum number of sessions on a page or in a choice.
PAGE: Final = 5
CHOICES: Final = 8
TRACKS: Final = 3  # of a session that are shown
# Characters of the words that a button to another page repeats.
PAGE_WORDS: Final = ARGUMENT_LIMIT - 12

# The label and the view of the button below an empty list.
_INSTEAD: Final = {
    View.CURRENT: (texts.BUTTON_PAST, View.PAST),
    View.LIVE: (texts.BUTTON_UPCOMING, View.UPCOMING),
}


def session_list(
    listing: Listing,
    page: int,
    now: datetime,
    links: HubLinks,
    words: str = "",
    only: SessionFilter | None = None,
) -> Message:
    """Render one page of a listing with buttons for the next and the previous page.

    `words` are those with which the list was requested, and `only` is the filter they stand for.
    """
    shown = paged(listing.sessions, page, PAGE)
    if not shown.items and only and listing.left_out:
        return _nothing_fits(listing, words, only)
    if not shown.items:
        return _empty_list(listing, links)
    draft = Draft()
    later = False
    for position, session in enumerate(shown.items):
        upcoming = phase(session, now) is SessionScope.UPCOMING
        if listing.view is View.CURRENT and upcoming and not later:
            later = True
            draft.heading(texts.LATER)
        elif position == 0:
            draft.heading(texts.HEADINGS[listing.view.value])
        else:
            draft.divider()
        _add_session(draft, session, listing, now, links)
    words = (words or listing.view.value)[:PAGE_WORDS]
    # A number behind words of a title is a part of them, so the page is named.
    draft.buttons(*shown.buttons(lambda number: Command(Name.SESSIONS, f"{words} page {number}")))
    is_all = len(shown.items) == shown.count
    small = texts.LIST_SMALL_ALL.of(shown.count) if is_all else texts.LIST_SMALL
    return draft.small(small, event=links.name(listing.event), **shown.position).done(Part.SESSIONS)


def session_choice(candidates: Sequence[Session], name: Name, now: datetime) -> Message:
    """Render a choice of sessions. Choosing one runs the command `name` with it.

    If all of them are closed, other sessions are offered.
    """
    shown = min(len(candidates), CHOICES)
    sentence = texts.PICK if shown == len(candidates) else texts.PICK_SOME
    draft = Draft().say(sentence, shown=shown, count=len(candidates))
    label = texts.BUTTON_JOIN if name is Name.JOIN else texts.BUTTON_AVAILABLE
    for session in candidates[:CHOICES]:
        lines, values = session_facts(session, phase(session, now))
        draft.say(lines, **values)
        if closed_mark(session) is None:
            draft.buttons(_session_button(session, label, Command(name, str(session.id))))
        _add_small_print(draft, session)
    if all(closed_mark(session) for session in candidates[:CHOICES]):
        draft.buttons(Button(texts.BUTTON_OTHER_SESSIONS, Command(Name.SESSIONS)))
    return draft.done()


def joined_card(session: Session, event: EventSlug, links: HubLinks) -> Message:
    """Confirm that the person joined a session, and offer to make them available."""
    draft = Draft().say(texts.JOINED, title=session.title)
    hub_url = links.session(event, session.id)
    draft.buttons(
        Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE, str(session.id)), primary=True),
        Button(texts.BUTTON_HUB, f"hub:{session.id}", url=hub_url),
    )
    until = [] if session.ends_at is None else [texts.UNTIL_SMALL]
    end = session.ends_at or ""
    return draft.small(*until, texts.CARD_NUMBER, end=end, number=str(session.id)).done()


def _empty_list(listing: Listing, links: HubLinks) -> Message:
    draft = Draft().say(texts.NO_SESSIONS[listing.view.value], event=links.name(listing.event))
    label, other = _INSTEAD.get(listing.view, (texts.BUTTON_SESSIONS, View.CURRENT))
    return draft.buttons(Button(label, Command(Name.SESSIONS, other.value))).done()


def _nothing_fits(listing: Listing, words: str, only: SessionFilter) -> Message:
    """Say that no session fits the filter, and offer the whole list."""
    conditions = [only.day and only.day.value, only.track and "track", only.words and "words"]
    met = [condition for condition in conditions if condition]
    is_current = words.casefold() in {only.day, f"track {only.track}".casefold()}
    kind = met[0] if len(met) == 1 and is_current else "words"
    draft = Draft().say(texts.NOTHING_FITS[kind], track=only.track, words=words)
    if kind == "track":
        draft.say(texts.OTHER_TRACKS.of(listing.left_out), count=listing.left_out)
    return draft.buttons(Button(texts.BUTTON_ALL_SESSIONS, Command(Name.SESSIONS))).done()


def _add_session(
    draft: Draft, session: Session, listing: Listing, now: datetime, links: HubLinks
) -> None:
    scope, availability = phase(session, now), listing.availability
    is_available = availability is not None and availability.state is State.AVAILABLE
    here = is_available and availability is not None and availability.session_id == session.id
    mark = texts.CARD_AVAILABLE if here else closed_mark(session)
    lines, values = session_facts(session, scope, mark)
    values["title"] = Linked(session.title, links.session(listing.event, session.id))
    if mark is None and session.description:
        lines += "\n{description}"
        values["description"] = Sentence(session.description)
    draft.say(lines, **values)
    number = str(session.id)
    if here:
        draft.buttons(_session_button(session, texts.BUTTON_PAUSE, Command(Name.PAUSE, number)))
    elif scope is SessionScope.LIVE and mark is None:
        label = texts.BUTTON_SWITCH if is_available else texts.BUTTON_AVAILABLE
        command = Command(Name.AVAILABLE, number)
        buttons = [_session_button(session, label, command, primary=not is_available)]
        if not session.registered:
            buttons.append(_session_button(session, texts.BUTTON_JOIN, Command(Name.JOIN, number)))
        draft.buttons(*buttons)
    elif scope is SessionScope.UPCOMING and mark is None and not session.registered:
        remind = Command(Name.REMIND, number)
        draft.buttons(_session_button(session, reminder_texts.BUTTON_REMIND, remind))
    _add_small_print(draft, session)


def closed_mark(session: Session) -> str | None:
    """Return why somebody who has not joined the session cannot join it, as far as is known."""
    if session.registered:
        return None
    if session.by_invitation:
        return texts.CARD_INVITATION
    return texts.CARD_FULL if session.is_full else None


def _session_button(
    session: Session, label: str, command: Command, *, primary: bool = False
) -> Button:
    spoken = plain(texts.BUTTON_ABOUT, {"label": label, "title": session.title})
    return Button(label, command, primary=primary, spoken=spoken)


def session_facts(
    session: Session, scope: SessionScope, mark: str | None = None
) -> tuple[str, dict[str, Value]]:
    """Return the title, and below it the mark, the time, the place, the tracks and the speakers."""
    values: dict[str, Value] = {"title": session.title}
    facts = [mark or closed_mark(session)]
    if scope is SessionScope.LIVE and session.ends_at is None:
        facts.append(texts.CARD_OPEN)
    elif scope is SessionScope.UPCOMING and session.starts_at is not None:
        facts.append(texts.CARD_STARTS)
        values["start"] = session.starts_at
    elif session.ends_at is not None:
        facts.append(texts.CARD_UNTIL if scope is SessionScope.LIVE else texts.CARD_ENDED)
        values["end"] = session.ends_at
    for position, place in enumerate((session.location, *session.tracks[:TRACKS])):
        if place and sanitize(place):
            values[f"place{position}"] = place
            facts.append(f"{{place{position}}}")
    if speakers := ", ".join(filter(None, map(sanitize, session.speakers))):
        values["speakers"] = speakers
        facts.append(texts.CARD_SPEAKERS)
    return "\n".join(filter(None, (texts.CARD_TITLE, SEPARATOR.join(filter(None, facts))))), values


def _add_small_print(draft: Draft, session: Session) -> None:
    small = [texts.CARD_REGISTERED] if session.registered else []
    if session.capacity is not None:
        places = texts.CARD_CAPACITY if session.taken is None else texts.CARD_PLACES
        small.append(places.of(session.capacity))
    if session.recorded:
        small.append(texts.CARD_RECORDED)
    count, taken = session.capacity or 0, session.taken or 0
    small.append(texts.CARD_NUMBER)
    draft.small(*small, count=count, taken=taken, number=str(session.id))
