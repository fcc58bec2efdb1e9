"""Cached reads equal what the database holds, whatever was written in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.domain.errors import NotLinked
from slackbot.domain.model import (
    Availability,
    Link,
    Match,
    MatchId,
    Partner,
    Person,
    Source,
    State,
    TeamId,
    UserId,
)
from slackbot.domain.ports import Posted
from slackbot.services.notices import SENT
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from slackbot.storage.url import DatabaseUrl
from tests.harness.fakes import (
    CALL,
    COFFEE,
    EXPO,
    NOON,
    TEA,
    YAN,
    ZOE,
    availability,
    enter,
    epoch_of,
    link,
    match,
    report,
)
from tests.harness.sizes import share

CIPHER = Cipher([bytes(range(32))])
SESSIONS = [COFFEE, TEA]
HOSTILE = st.text(max_size=12) | st.sampled_from(["a\0b", "\ud800", "🙂", "'; --", "\udcff\0"])
PARTNERS = st.builds(
    Partner,
    name=HOSTILE,
    account_id=st.none() | st.integers(1, 3),
    title=st.none() | HOSTILE,
    company=st.none() | HOSTILE,
    picture=st.none() | HOSTILE,
)
MOMENTS = st.integers(0, 3).map(lambda minutes: NOON + timedelta(minutes=minutes))
POSTED = st.sampled_from([Posted("D1", "1"), Posted("D1", "1"), None])

# A method of the store, and its arguments after the person.
Step = tuple[str, tuple[Any, ...]]


@st.composite
def found(draw: st.DrawFn) -> Match:
    """Draw a match in one of two sessions; a few of them collide by id or by pairing."""
    partner, number = draw(PARTNERS), draw(st.integers(1, 3))
    source = draw(st.sampled_from(Source))
    known = source is Source.BEFORE
    return replace(
        match(partner, draw(st.integers(1, 2)), source=source, received_at=draw(MOMENTS)),
        id=MatchId(f"m{number}"),
        session_id=draw(st.sampled_from(SESSIONS)),
        session_title=draw(HOSTILE),
        partner_key=f"id:{partner.account_id}" if partner.account_id else f"name:{partner.name}",
        raw_time=draw(st.none() | HOSTILE),
        call=draw(st.sampled_from([None, CALL])),
        ends_at=draw(st.none() | MOMENTS),
        settled_at=NOON if known else None,
        outcome="before" if known else None,
    )


IDS = st.integers(1, 3).map(lambda number: MatchId(f"m{number}"))
OF_SESSION = st.sampled_from(SESSIONS)
SEEN = st.builds(
    lambda partner, raw, digest, call: report(
        partner, raw_time=raw, meeting_digest=digest, call=call
    ),
    PARTNERS,
    st.none() | HOSTILE,
    st.sampled_from([None, "d"]),
    st.sampled_from([None, CALL]),
)
STEPS = st.one_of(
    found().map(lambda match: ("matches.add", (match,))),
    st.tuples(st.just("matches.enrich"), st.tuples(IDS, SEEN)),
    st.tuples(
        st.just("matches.record_outcome"),
        st.tuples(IDS, st.sampled_from([SENT, "expired"]), POSTED, MOMENTS),
    ),
    st.tuples(st.just("matches.mark_round_over"), st.tuples(IDS, MOMENTS)),
    st.tuples(
        st.just("matches.mark_answered"),
        st.tuples(st.just(Posted("D1", "1")), st.sampled_from(["pause", "available"])),
    ),
    st.tuples(st.just("links.save"), st.sampled_from([(None,), (7,)])),
    st.tuples(st.just("links.mark_refused"), st.tuples(MOMENTS)),
    st.tuples(
        st.just("links.set_unreachable"), st.tuples(st.sampled_from([None, "user_disabled"]))
    ),
    st.tuples(st.just("availabilities.save"), st.tuples(OF_SESSION)),
    st.tuples(st.just("availabilities.set_state"), st.tuples(OF_SESSION, st.sampled_from(State))),
    st.just(("availabilities.end", ())),
    st.just(("people.forget", ())),
    st.tuples(st.just("matches.get"), st.tuples(IDS)),
    st.just(("availabilities.get", ())),
    st.just(("links.get", ())),
    st.tuples(st.just("wait"), st.tuples(st.integers(1, 11))),
)
# Steps that are taken one after another, each of one call or of several at once.
COURSES = st.lists(st.lists(STEPS, min_size=1, max_size=3), max_size=10)
AT_FIRST: list[Step] = [
    ("matches.add", (replace(match(ZOE, 1, call=CALL), id=MatchId("m1")),)),
    ("matches.record_outcome", (MatchId("m1"), SENT, Posted("D1", "1"), NOON)),
    ("matches.add", (replace(match(YAN, 1), id=MatchId("m2")),)),
]


@dataclass
class Example:
    """A database and a store with caches; every example is about new people."""

    database: Database
    time: float = 0.0
    people: Iterator[int] = field(default_factory=lambda: count(1))
    store: SqlStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = SqlStore(self.database, CIPHER, clock=lambda: self.time)

    async def follow(self, course: list[list[Step]]) -> None:
        person = Person(TeamId("T1"), UserId(f"U{next(self.people)}"))
        await enter(self.store, person)
        for steps in [*([step] for step in AT_FIRST), *course]:
            await asyncio.gather(*(self._take(person, *step) for step in steps))
            assert await seen(self.store, person) == await seen(
                SqlStore(self.database, CIPHER), person
            )

    async def _take(self, person: Person, name: str, given: tuple[Any, ...]) -> None:
        if name == "wait":
            self.time += given[0]
            return
        method = attrgetter(name)(self.store)
        if name == "links.save":
            await enter(self.store, person)
        with suppress(NotLinked):  # forgotten before, or at the same moment
            if name == "matches.add":
                epoch = epoch_of(person)
                await method(replace(given[0], person=person, person_epoch=epoch))
            elif name == "links.save":
                await method(link(person, account_id=given[0]))
            elif name == "links.mark_refused":
                await method(link(person), *given)
            elif name == "availabilities.save":
                await method(availability(person, session_id=given[0]))
            else:
                await method(person, *given)


Seen = tuple[Link | None, Availability | None, list[list[Match]], list[Match | None]]


async def seen(store: SqlStore, person: Person) -> Seen:
    """Return all that a store reads of a person; matches of one time come in any order."""
    by_session = []
    for session in SESSIONS:
        matches = await store.matches.list_for(person, EXPO, session)
        order = [(match.received_at, match.ordinal) for match in matches]
        assert order == sorted(order, reverse=True), "newest first"
        by_session.append(sorted(matches, key=lambda match: match.id))
    single = [await store.matches.get(person, MatchId(f"m{number}")) for number in range(1, 4)]
    return await store.links.get(person), await store.availabilities.get(person), by_session, single


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def example(loop: asyncio.Runner) -> Iterator[Example]:
    database = Database(DatabaseUrl.parse("sqlite://"))
    loop.run(schema.upgrade(database))
    yield Example(database)
    loop.run(database.aclose())


@settings(max_examples=share(120), deadline=None)
@given(COURSES)
def test_cached_reads_equal_uncached_ones(
    loop: asyncio.Runner, example: Example, course: list[list[Step]]
):
    """After every step a store with warm caches reads what one with empty caches does."""
    loop.run(example.follow(course))
