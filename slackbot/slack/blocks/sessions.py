"""Session cards: live first, each with the buttons that make sense for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from slackbot.domain.model import Availability, EventSlug, Session, SessionScope, State
from slackbot.domain.sessions import phase
from slackbot.services.sessions import Listing, View
from slackbot.slack import texts as words
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.text import Value
from slackbot.slack.command import Command, Name

PAGE: Final = 5
CHOICES: Final = 8


def session_list(listing: Listing, page: int, now: datetime, links: HubLinks) -> Message:
    """One page of a listing, with buttons to the next and the previous one."""
    count = len(listing.sessions)
    pages = max(1, -(-count // PAGE))
    page = min(max(page, 1), pages)
    start = (page - 1) * PAGE
    shown = listing.sessions[start : start + PAGE]
    if not shown:
        return _nothing(listing)
    draft = Draft().heading(words.HEADINGS[listing.view.value])
    later = False
    for place, session in enumerate(shown):
        upcoming = phase(session, now) is SessionScope.UPCOMING
        if listing.view is View.CURRENT and upcoming and not later:
            later = True
            _heading_later(draft, first=place == 0)
        elif place:
            draft.divider()
        _card(draft, session, listing.event, listing.availability, now, links)
    draft.buttons(*_turning(listing.view, page, pages))
    place_of_last = start + len(shown)
    small = words.LIST_SMALL if pages > 1 else words.LIST_SMALL_ALL
    draft.small(small, first=start + 1, last=place_of_last, count=count, event=listing.event)
    return draft.done()


def _heading_later(draft: Draft, *, first: bool) -> None:
    if first:
        draft.blocks.clear()
        draft.texts.clear()
    draft.heading(words.LATER)


def _nothing(listing: Listing) -> Message:
    draft = Draft().say(words.NO_SESSIONS[listing.view.value], event=listing.event)
    other = View.CURRENT if listing.view is not View.CURRENT else View.PAST
    label = words.BUTTON_SESSIONS if other is View.CURRENT else words.HEADINGS["past"]
    return draft.buttons(Button(label, Command(Name.SESSIONS, other.value).action)).done()


def _turning(view: View, page: int, pages: int) -> Sequence[Button]:
    back = Command(Name.SESSIONS, f"{view.value} {page - 1}").action
    on = Command(Name.SESSIONS, f"{view.value} {page + 1}").action
    buttons = []
    if page > 1:
        buttons.append(Button(words.BUTTON_PREVIOUS_PAGE, back))
    if page < pages:
        buttons.append(Button(words.BUTTON_NEXT_PAGE, on))
    return buttons


def _card(
    draft: Draft,
    session: Session,
    event: EventSlug,
    availability: Availability | None,
    now: datetime,
    links: HubLinks,
) -> None:
    when = phase(session, now)
    here = (
        availability is not None
        and availability.session_id == session.id
        and availability.state is State.AVAILABLE
    )
    lines, values = _facts(session, when)
    mark = words.CARD_AVAILABLE if here else words.CARD_REGISTERED
    if here or session.registered:
        lines += f"\n{mark}"
    draft.say(lines, **values)
    draft.buttons(*_actions(session, event, when, links, here=here))


def _facts(session: Session, when: SessionScope) -> tuple[str, dict[str, Value]]:
    values: dict[str, Value] = {"title": session.title}
    facts = []
    if when is SessionScope.LIVE and session.ends_at is None:
        facts.append(words.CARD_OPEN)
    elif when is SessionScope.UPCOMING and session.starts_at is not None:
        facts.append(words.CARD_STARTS)
        values["start"] = session.starts_at
    elif session.ends_at is not None:
        facts.append(words.CARD_UNTIL if when is SessionScope.LIVE else words.CARD_ENDED)
        values["end"] = session.ends_at
    for number, place in enumerate((*session.tracks[:3], session.location)):
        if place:
            values[f"place{number}"] = place
            facts.append(f"{{place{number}}}")
    if session.capacity is not None:
        values["capacity"] = session.capacity
        if session.taken is not None:
            values["taken"] = session.taken
        facts.append(words.CARD_PLACES if session.taken is not None else words.CARD_CAPACITY)
    return words.CARD_TITLE + "\n" + "  ·  ".join(facts), values


def _actions(
    session: Session, event: EventSlug, when: SessionScope, links: HubLinks, *, here: bool
) -> Sequence[Button]:
    number = str(session.id)
    hub = Button(
        words.BUTTON_HUB,
        f"hub:{number}",
        url=links.session(event, session.id),
        spoken=f"{words.BUTTON_HUB}: {session.title}",
    )
    if when is not SessionScope.LIVE:
        return [hub]
    if here:
        return [Button(words.BUTTON_PAUSE, f"{Name.PAUSE}:{number}"), hub]
    available = Button(
        words.BUTTON_AVAILABLE,
        Command(Name.AVAILABLE, number).action,
        primary=True,
        spoken=f"{words.BUTTON_AVAILABLE}: {session.title}",
    )
    join = Button(
        words.BUTTON_JOIN,
        Command(Name.JOIN, number).action,
        spoken=f"{words.BUTTON_JOIN}: {session.title}",
    )
    return [available, hub] if session.registered else [available, join, hub]


def choice(candidates: Sequence[Session], wanted: Name, now: datetime) -> Message:
    """Several sessions fit: pick one, and what was asked for is done with it."""
    draft = Draft().say(words.PICK)
    label = words.BUTTON_JOIN if wanted is Name.JOIN else words.BUTTON_AVAILABLE
    for session in candidates[:CHOICES]:
        lines, values = _facts(session, phase(session, now))
        draft.say(lines, **values)
        action = Command(wanted, str(session.id)).action
        draft.buttons(Button(label, action, spoken=f"{label}: {session.title}"))
    return draft.done()


def joined(session: Session, event: EventSlug, links: HubLinks) -> Message:
    """You're in; the next step is to be available."""
    draft = Draft().say(words.JOINED, title=session.title)
    draft.buttons(
        Button(
            words.BUTTON_AVAILABLE,
            Command(Name.AVAILABLE, str(session.id)).action,
            primary=True,
        ),
        Button(words.BUTTON_HUB, f"hub:{session.id}", url=links.session(event, session.id)),
    )
    if session.ends_at is not None:
        draft.small(words.UNTIL_SMALL, end=session.ends_at)
    return draft.done()
