"""Cards about events and about people who were met, drawn with hostile text. See `cards.py`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from slackbot.domain.contacts import Known, Report, Swap
from slackbot.domain.model import Epoch, EventSlug, Link, Match, Person, TeamId, UserId
from slackbot.domain.notices import ContactsSwapped, Reported
from slackbot.services.linked_events import EventLinks, Switched
from slackbot.slack.blocks import contacts, events
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DEMO, EXPO = EventSlug("demo"), EventSlug("expo")


def contact_cards(
    meetings: st.SearchStrategy[Match], words: st.SearchStrategy[str]
) -> dict[str, st.SearchStrategy[Message]]:
    """Return the strategies of the cards about people who were met."""
    few = st.lists(meetings, max_size=10, unique_by=lambda match: match.id)
    known = st.just(Known(Person(TeamId("T0"), UserId("U1")), Epoch("f" * 16)))
    met = st.none() | meetings.map(lambda match: match.partner)
    swaps = st.builds(
        Swap, match=meetings, partner=known, person_as_met=met, agreed_at=st.just(NOW)
    )
    reports = st.builds(Report, match=meetings, reason=words, reported_at=st.just(NOW))
    partner = st.none() | known.map(lambda each: each.person)
    notices = st.builds(ContactsSwapped, swaps, st.booleans()) | st.builds(
        Reported, reports, partner
    )
    return {
        "contacts.swap_offers": st.builds(contacts.swap_offers, few),
        "contacts.report_offers": st.builds(contacts.report_offers, few),
        "contacts.swap_answered_card": st.builds(
            contacts.swap_answered_card, meetings, wanted=st.booleans()
        ),
        "contacts.swap_withdrawn_card": st.builds(contacts.swap_withdrawn_card, meetings),
        "contacts.swap_agreed_card": st.builds(contacts.swap_agreed_card, meetings),
        "contacts.swap_gone_card": st.builds(contacts.swap_gone_card),
        "contacts.contact_message": st.builds(contacts.contact_message, notices),
        "contacts.report_form_not_opened": st.builds(contacts.report_form_not_opened, meetings),
        "contacts.reported_card": st.builds(contacts.reported_card, st.none() | meetings),
    }


def event_cards(
    own_links: st.SearchStrategy[Link],
    hubs: st.SearchStrategy[HubLinks],
    words: st.SearchStrategy[str],
    below: st.SearchStrategy[Message],
) -> dict[str, st.SearchStrategy[Message]]:
    """Return the strategies by the module and the name of the builder."""
    now = own_links.map(lambda link: link.linked_at)
    others = st.lists(
        st.builds(replace, own_links, event=st.integers(1, 99).map(lambda n: f"expo-{n}")),
        max_size=12,
        unique_by=lambda link: link.event,
    )
    linked = st.builds(EventLinks, own_links, others.map(tuple))
    left = linked | st.just(EventLinks(None))
    counts = st.integers(0, 10**9)
    switched = st.builds(Switched, left, st.sampled_from([None, EXPO]), counts)
    return {
        "events.event_list": st.builds(events.event_list, linked, hubs, now),
        "events.switched_card": st.builds(events.switched_card, switched, hubs, below),
        "events.not_connected_there": st.builds(
            events.not_connected_there, words, linked, hubs, now
        ),
        "events.not_connected_to_leave": st.builds(
            events.not_connected_to_leave, words, linked, hubs, now, st.just("/networking")
        ),
        "events.disconnect_question": st.builds(
            events.disconnect_question,
            linked.map(lambda each: [link.event for link in each.all]),
            hubs,
            st.just("/networking"),
        ),
        "events.disconnect_event_question": st.builds(
            events.disconnect_event_question, st.just(DEMO), linked, hubs
        ),
        "events.disconnected_event_card": st.builds(
            events.disconnected_event_card, st.just(EXPO), left, hubs, confirmed=st.booleans()
        ),
    }
