"""Cards about the events that a person is connected to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from slackbot.domain.model import EventSlug
from slackbot.services.linked_events import EventLinks, Switched, has_run_out
from slackbot.slack import event_texts, texts
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Button, Draft, Message
from slackbot.slack.blocks.status import confirmed_disconnect, connect_button
from slackbot.slack.blocks.text import Paragraph
from slackbot.slack.command import Command, Name

SHOWN: Final = 10  # events in a list
SWITCH_BUTTON: Final = Button(event_texts.BUTTON_SWITCH_EVENT, Command(Name.EVENT))
_STATUS: Final = Button(texts.BUTTON_STATUS, Command(Name.STATUS), primary=True)
_MATCHES: Final = Button(texts.BUTTON_MATCHES, Command(Name.MATCHES))


def event_list(events: EventLinks, links: HubLinks, now: datetime) -> Message:
    """List the person's events with a button to switch to each of the others."""
    draft = Draft().heading(event_texts.EVENTS)
    for link in events.all[:SHOWN]:
        name, is_active = links.name(link.event), link is events.active
        facts = [event_texts.EVENT_ACTIVE if is_active else event_texts.EVENT_OTHER]
        if has_run_out(link, now):
            facts.append(event_texts.EVENT_RUN_OUT)
        elif link.expires_at is not None:
            facts.append(event_texts.EVENT_LASTS)
        label = event_texts.BUTTON_SWITCH_TO
        switch = Button(label, Command(Name.EVENT, link.event), spoken=f"{label}: {name}")
        values = (
            {"event": name}
            if link.expires_at is None
            else {"event": name, "expires": link.expires_at}
        )
        draft.beside_button("\n".join(facts), None if is_active else switch, **values)
    if not events.others:
        draft.say(event_texts.EVENTS_ONE)
    draft.buttons(connect_button(Command(Name.CONNECT), event_texts.BUTTON_ANOTHER_EVENT))
    return draft.small(event_texts.EVENTS_SMALL).done()


def switched_card(switched: Switched, links: HubLinks, below: Message) -> Message:
    """Say which event is the active one now, above how things stand there."""
    active = switched.links.active
    event = links.name(active.event if active is not None else None)
    draft = Draft()
    if switched.before is None:
        draft.say(event_texts.ALREADY_THERE, event=event)
    else:
        draft.say(event_texts.SWITCHED, event=event)
        if switched.matches:
            sentence = event_texts.SWITCHED_MATCHES.of(switched.matches)
            other = links.name(switched.before)
            draft.say(sentence, other=other, count=switched.matches)
    return draft.done().above(below)


def not_connected_there(named: str, events: EventLinks, links: HubLinks, now: datetime) -> Message:
    """Say that the person is not connected to the event that they named."""
    refused = Draft().say(event_texts.NOT_CONNECTED_THERE, other=named).done()
    return refused.above(event_list(events, links, now))


def not_connected_to_leave(
    named: str, events: EventLinks, links: HubLinks, now: datetime, slash: str
) -> Message:
    """Refuse to disconnect from an event that is not linked, and list those that are."""
    sentence = event_texts.NOT_CONNECTED_TO_LEAVE
    event = links.name(events.all[-1].event if events.all else None)
    refused = Draft().say(sentence, other=named, slash=slash, event=event).done()
    return refused.above(event_list(events, links, now))


def disconnect_question(linked: Sequence[EventSlug], links: HubLinks, slash: str) -> Message:
    """Ask before everything is deleted, and name all events that the person is connected to."""
    names = [links.name(event) for event in linked]
    sentence = event_texts.DISCONNECT_ALL_ASK if len(linked) > 1 else texts.DISCONNECT_ASK
    draft = Draft().say(sentence, events=Paragraph(", ".join(names)), event=names[-1], slash=slash)
    return draft.buttons(
        Button(texts.BUTTON_STAY_CONNECTED, Command(Name.STATUS), primary=True),
        Button(texts.BUTTON_DISCONNECT, confirmed_disconnect(*linked)),
    ).done()


def disconnect_event_question(event: EventSlug, events: EventLinks, links: HubLinks) -> Message:
    """Ask before the login to one event is deleted."""
    is_only = len(events.all) == 1
    sentence = (
        event_texts.DISCONNECT_ONLY_EVENT_ASK if is_only else event_texts.DISCONNECT_EVENT_ASK
    )
    draft = Draft().say(sentence, event=links.name(event))
    return draft.buttons(
        Button(texts.BUTTON_STAY_CONNECTED, Command(Name.STATUS), primary=True),
        Button(texts.BUTTON_DISCONNECT, Command(Name.DISCONNECT, event, confirmed=event)),
    ).done()


def disconnected_event_card(
    event: EventSlug, left: EventLinks, links: HubLinks, *, confirmed: bool
) -> Message:
    """Confirm that one login was deleted. Unless `confirmed`, somebody may still be matched."""
    draft = Draft().say(event_texts.DISCONNECTED_EVENT, event=links.name(event))
    if not confirmed:
        draft.say(texts.LEFT_UNCONFIRMED)
    if left.active is None:
        return draft.buttons(connect_button(Command(Name.OVERVIEW)), _MATCHES).done()
    draft.say(event_texts.NOW_AT, event=links.name(left.active.event))
    return draft.buttons(_STATUS, SWITCH_BUTTON).done()
