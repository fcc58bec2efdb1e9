"""Session cards with the buttons for each session."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from slackbot.domain.model import EventSlug, Session, SessionScope, State
from slackbot.domain.sessions import SessionFilter, phase
from slackbot.services.sessions import Listing, View
from slackbot.slack import texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.text import Value
from slackbot.slack.command import ARGUMENT_LIMIT, Command, Name

# Maximum number of sessions on a page or in a choice.
PAGE: Final = 5
CHOICES: Final = 8
# Characters of the words that a button to another page repeats.
PAGE_WORDS: Final = ARGUMENT_LIMIT - 12


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
    count = len(listing.sessions)
    pages = max(1, -(-count // PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PAGE
    shown = listing.sessions[start : start + PAGE]
    if not shown:
        return _nothing_fits(words, only) if only and listing.left_out else _empty_list(listing)
    draft = Draft()
    later = False
    for position, session in enumerate(shown):
        upcoming = phase(session, now) is SessionScope.UPCOMING
        if listing.view is View.CURRENT and upcoming and not later:
            later = True
            draft.heading(texts.LATER)
        elif position == 0:
            draft.heading(texts.HEADINGS[listing.view.value])
        else:
            draft.divider()
        _add_session(draft, session, listing, now, links)
    words = words or listing.view.value
    neighbours = ((texts.BUTTON_PREVIOUS_PAGE, page - 1), (texts.BUTTON_NEXT_PAGE, page + 1))
    # A number behind words of a title is a part of them, so the page is named.
    buttons = [
        Button(label, Command(Name.SESSIONS, f"{words[:PAGE_WORDS]} page {number}"))
        for label, number in neighbours
        if 1 <= number <= pages
    ]
    draft.buttons(*buttons)
    small = texts.LIST_SMALL if pages > 1 else texts.LIST_SMALL_ALL
    draft.small(small, first=start + 1, last=start + len(shown), count=count, event=listing.event)
    return draft.done()


def session_choice(candidates: Sequence[Session], name: Name, now: datetime) -> Message:
    """Render a choice of sessions. Choosing one runs the command `name` with it."""
    draft = Draft().say(texts.PICK)
    label = texts.BUTTON_JOIN if name is Name.JOIN else texts.BUTTON_AVAILABLE
    for session in candidates[:CHOICES]:
        lines, values = _facts(session, phase(session, now))
        draft.say(lines, **values)
        draft.buttons(_session_button(session, label, Command(name, str(session.id))))
    return draft.done()


def joined_card(session: Session, event: EventSlug, links: HubLinks) -> Message:
    """Confirm that the person joined a session, and offer to make them available."""
    draft = Draft().say(texts.JOINED, title=session.title)
    hub_url = links.session(event, session.id)
    draft.buttons(
        Button(texts.BUTTON_AVAILABLE, Command(Name.AVAILABLE, str(session.id)), primary=True),
        Button(texts.BUTTON_HUB, f"hub:{session.id}", url=hub_url),
    )
    if session.ends_at is not None:
        draft.small(texts.UNTIL_SMALL, end=session.ends_at)
    return draft.done()


def _empty_list(listing: Listing) -> Message:
    draft = Draft().say(texts.NO_SESSIONS[listing.view.value], event=listing.event)
    other = View.CURRENT if listing.view is not View.CURRENT else View.PAST
    label = texts.BUTTON_SESSIONS if other is View.CURRENT else texts.HEADINGS["past"]
    return draft.buttons(Button(label, Command(Name.SESSIONS, other.value))).done()


def _nothing_fits(words: str, only: SessionFilter) -> Message:
    """Say that no session fits the filter, and offer the whole list."""
    conditions = [only.day and only.day.value, only.track and "track", only.words and "words"]
    met = [condition for condition in conditions if condition]
    is_current = words.casefold() in {only.day, f"track {only.track}".casefold()}
    kind = met[0] if len(met) == 1 and is_current else "words"
    draft = Draft().say(texts.NOTHING_FITS[kind], track=only.track, words=words)
    return draft.buttons(Button(texts.BUTTON_ALL_SESSIONS, Command(Name.SESSIONS))).done()


def _add_session(
    draft: Draft, session: Session, listing: Listing, now: datetime, links: HubLinks
) -> None:
    scope, availability = phase(session, now), listing.availability
    available_here = (
        availability is not None
        and availability.session_id == session.id
        and availability.state is State.AVAILABLE
    )
    lines, values = _facts(session, scope)
    if available_here or session.registered:
        mark = texts.CARD_AVAILABLE if available_here else texts.CARD_REGISTERED
        lines += f"\n{mark}"
    draft.say(lines, **values)
    number, buttons = str(session.id), []
    if scope is SessionScope.LIVE and available_here:
        buttons.append(Button(texts.BUTTON_PAUSE, Command(Name.PAUSE, number)))
    elif scope is SessionScope.LIVE:
        command = Command(Name.AVAILABLE, number)
        buttons.append(_session_button(session, texts.BUTTON_AVAILABLE, command, primary=True))
        if not session.registered:
            buttons.append(_session_button(session, texts.BUTTON_JOIN, Command(Name.JOIN, number)))
    url = links.session(listing.event, session.id)
    draft.buttons(
        *buttons, _session_button(session, texts.BUTTON_HUB, f"hub:{session.id}", url=url)
    )


def _session_button(
    session: Session, label: str, action: Command | str, *, url: str = "", primary: bool = False
) -> Button:
    return Button(label, action, url=url, primary=primary, spoken=f"{label}: {session.title}")


def _facts(session: Session, scope: SessionScope) -> tuple[str, dict[str, Value]]:
    values: dict[str, Value] = {"title": session.title}
    facts = []
    if scope is SessionScope.LIVE and session.ends_at is None:
        facts.append(texts.CARD_OPEN)
    elif scope is SessionScope.UPCOMING and session.starts_at is not None:
        facts.append(texts.CARD_STARTS)
        values["start"] = session.starts_at
    elif session.ends_at is not None:
        facts.append(texts.CARD_UNTIL if scope is SessionScope.LIVE else texts.CARD_ENDED)
        values["end"] = session.ends_at
    for number, place in enumerate((*session.tracks[:3], session.location)):
        if place:
            values[f"place{number}"] = place
            facts.append(f"{{place{number}}}")
    if session.capacity is not None:
        values |= {"capacity": session.capacity, "taken": session.taken or 0}
        facts.append(texts.CARD_PLACES if session.taken is not None else texts.CARD_CAPACITY)
    return texts.CARD_TITLE + "\n" + "  ·  ".join(facts), values
