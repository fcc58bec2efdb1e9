"""Sample records, and all that is kept of a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from slackbot.domain.calls import CallLink
from slackbot.domain.contacts import Report
from slackbot.domain.model import (
    AuthScheme,
    Availability,
    Call,
    Departure,
    EventSlug,
    Link,
    Match,
    MatchId,
    Partner,
    Person,
    SessionId,
    Source,
    State,
    TeamId,
    UserId,
)
from slackbot.domain.plans import PlannedSession
from slackbot.domain.ports import Posted
from slackbot.domain.preferences import NoticeKind, Preferences
from slackbot.domain.snoozes import Snooze
from slackbot.domain.stores import Store
from slackbot.domain.surfaces import NO_SURFACES, CardKind, Home, StateCard
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import epoch_of

CIPHER = Cipher([bytes(range(32))])
NOW = datetime(2026, 5, 4, 12, 30, 15, 123456, tzinfo=UTC)
TEAM, OTHER_TEAM = TeamId("T1"), TeamId("T2")
ANA, BEN = Person(TEAM, UserId("U1")), Person(TEAM, UserId("U2"))
NAMESAKE = Person(OTHER_TEAM, ANA.user)
# A person of whom nothing is kept.
NOBODY = Person(TeamId("T3"), UserId("U9"))
EXPO, SUMMIT = EventSlug("expo"), EventSlug("summit")
CALL = Call({"MeetingId": "m-1"}, {"AttendeeId": "attendee-1", "JoinToken": "j"})


def link(person: Person = ANA, **changes: Any) -> Link:
    made = Link(
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        token=SecretStr("token of " + person.team),
        auth_scheme=AuthScheme.BEARER,
        linked_at=NOW,
        credential_digest="d" * 64,
        account_id=2**40,
        expires_at=NOW + timedelta(days=1),
    )
    return replace(made, **changes)


def availability(person: Person = ANA, **changes: Any) -> Availability:
    made = Availability(
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        session_id=SessionId(2**40),
        session_title="Coffee ☕ <!channel>",
        state=State.AVAILABLE,
        since=NOW,
        session_ends_at=NOW + timedelta(hours=1),
    )
    return replace(made, **changes)


def departure(person: Person = ANA, number: int = 1, **changes: Any) -> Departure:
    """Return a departure from the session with this number."""
    made = Departure(
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        session_id=SessionId(number),
        left_at=NOW,
    )
    return replace(made, **changes)


def pairing(person: Person = ANA, number: int = 1, **changes: Any) -> Match:
    made = Match(
        id=MatchId(f"match-{number}"),
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        session_id=SessionId(7),
        session_title="Coffee",
        partner=Partner(
            name="Zoë", account_id=9, title="CTO", company="Ωmega", picture="https://p"
        ),
        partner_key="id:9",
        ordinal=number,
        source=Source.SOCKET,
        received_at=NOW + timedelta(seconds=number),
        raw_time="2026-05-04 12:30",
        matched_at=NOW,
        meeting_digest="e" * 64,
        call=CALL,
        ends_at=NOW + timedelta(minutes=5),
    )
    return replace(made, **changes)


def call_link(person: Person = ANA, number: int = 1, **changes: Any) -> CallLink:
    """Return a link to the call of `pairing()`; its digest is the number."""
    made = CallLink(
        person=person,
        match_id=MatchId("match-1"),
        id_digest=f"{number:064x}",
        made_at=NOW,
        expires_at=NOW + timedelta(minutes=6),
    )
    return replace(made, **changes)


def state_card(person: Person = ANA, **changes: Any) -> StateCard:
    """Return the card that says that `availability()` waits."""
    made = StateCard(
        person=person,
        person_epoch=epoch_of(person),
        posted=Posted("D1", "1.5"),
        kind=CardKind.WAITING,
        since=NOW,
        session_id=SessionId(2**40),
        session_title="Coffee ☕ <!channel>",
    )
    return replace(made, **changes)


def planned(person: Person = ANA, number: int = 1, **changes: Any) -> PlannedSession:
    """Return the plan of a session that begins in an hour."""
    made = PlannedSession(
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        session_id=SessionId(2**40 + number),
        session_title="Evening ☕ <!channel>",
        location="Roof",
        starts_at=NOW + timedelta(hours=1),
        ends_at=NOW + timedelta(hours=2),
        joined=True,
    )
    return replace(made, **changes)


def preferences(person: Person = ANA, **changes: Any) -> Preferences:
    """Return preferences in which every field differs from its default."""
    made = Preferences(
        person=person,
        person_epoch=epoch_of(person),
        reminder_minutes=30,
        quiet_from=22 * 60,
        quiet_to=8 * 60,
        zone="Europe/Berlin",
        muted=frozenset({NoticeKind.RECAP, NoticeKind.REMINDER}),
    )
    return replace(made, **changes)


def report(person: Person = ANA, **changes: Any) -> Report:
    """Return a report of the partner of `pairing()`."""
    match = replace(pairing(person), call=None)
    return replace(Report(match=match, reason="Rude 😠 <!here>", reported_at=NOW), **changes)


def snooze(person: Person = ANA, **changes: Any) -> Snooze:
    """Return a pause that ends ten minutes later."""
    made = Snooze(
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        session_id=SessionId(2**40),
        session_title="Coffee ☕ <!channel>",
        asked_at=NOW,
        until=NOW + timedelta(minutes=10),
    )
    return replace(made, **changes)


async def everything(database: Database, person: Person) -> tuple[object, ...]:
    """Return all that is kept of a person, read past every cache."""
    store = SqlStore(database, CIPHER)
    return (
        await store.links.get(person),
        await store.availabilities.get(person),
        [
            await store.matches.get(person, kept.id)
            for kept in await store.matches.list_for(person, EXPO)
        ],
        await store.availabilities.list_all(person.team),
        await store.departures.list_of(person),
        await store.departures.list_due(person.team, NOW),
        await store.matches.list_pending(person.team),
        await store.matches.backlog(person.team),
        await store.matches.list_rounds_over(person.team, NOW + timedelta(hours=1)),
        *[await store.call_links.get(person.team, call_link(number=n).id_digest) for n in (1, 2)],
        (await store.surfaces.get_many([person], NOW)).get(person, NO_SURFACES),
        await store.preferences.get(person),
        await store.snoozes.get(person),
        await store.other_links.list_all(person),
        await store.reports.get(person, MatchId("match-1")),
        await store.reports.list_pending(person.team),
        await store.contacts.get_swap(person, MatchId("match-1")),
        await store.contacts.list_pending(person.team),
        await store.plans.get(person, EXPO, planned().session_id),
        await store.recaps.list_due(person.team, NOW),
    )


async def fill(store: Store, person: Person) -> None:
    await store.links.save(link(person, event=SUMMIT))
    await store.links.save(link(person))
    await store.availabilities.save(availability(person))
    await store.departures.add(departure(person), NOW)
    await store.surfaces.open_home(Home(person=person, opened_at=NOW, view_hash="1.a"))
    await store.surfaces.add_card(state_card(person))
    await store.preferences.save(preferences(person))
    await store.snoozes.add(snooze(person))
    await store.plans.save([planned(person)])
    await store.matches.add(pairing(person))
    await store.call_links.add(call_link(person, 1 if person != BEN else 2))
    await store.reports.add(report(person))
