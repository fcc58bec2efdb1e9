"""What a store has at hand is what the database has, whatever was done in whatever order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from slackbot.storage import migrations as schema
from slackbot.storage.database import Database
from slackbot.storage.encryption import Cipher
from slackbot.storage.store import SqlStore
from tests.harness.fakes import CALL, COFFEE, EXPO, NOON, TEA, YAN, ZOE, link, match, report, wish

VAULT = Cipher([bytes(range(32))])
SESSIONS = [COFFEE, TEA, COFFEE]
"""As they are read: one is at hand at a time, which is then read first, as it was left."""
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

Step = tuple[str, tuple[Any, ...]]
"""A method of the store, and what follows the person."""


@st.composite
def found(draw: st.DrawFn) -> Match:
    """A match in one of two sessions; a few of them collide by id or by pairing."""
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
    found().map(lambda it: ("add_match", (it,))),
    st.tuples(st.just("enrich_match"), st.tuples(IDS, SEEN)),
    st.tuples(
        st.just("record_outcome"),
        st.tuples(IDS, st.sampled_from(["told", "expired"]), POSTED, MOMENTS),
    ),
    st.tuples(st.just("mark_over"), st.tuples(IDS, MOMENTS)),
    st.tuples(
        st.just("mark_answered"),
        st.tuples(st.just(Posted("D1", "1")), st.sampled_from(["pause", "available"])),
    ),
    st.tuples(st.just("save_link"), st.sampled_from([(None,), (7,)])),
    st.tuples(st.just("mark_refused"), st.tuples(MOMENTS)),
    st.tuples(st.just("mark_reachable"), st.tuples(st.sampled_from([None, "user_disabled"]))),
    st.tuples(st.just("save_availability"), st.tuples(OF_SESSION)),
    st.tuples(st.just("set_state"), st.tuples(OF_SESSION, st.sampled_from(State))),
    st.just(("end_availability", ())),
    st.just(("forget", ())),
    st.tuples(st.just("matches"), st.tuples(st.just(EXPO), OF_SESSION)),
    st.tuples(st.just("match"), st.tuples(IDS)),
    st.just(("availability", ())),
    st.just(("link", ())),
    st.tuples(st.just("wait"), st.tuples(st.integers(1, 11))),
)
COURSES = st.lists(st.lists(STEPS, min_size=1, max_size=3), max_size=10)
"""Steps that are taken one after another, each of one or of several at once."""
AT_FIRST: list[Step] = [
    ("add_match", (replace(match(ZOE, 1, call=CALL), id=MatchId("m1")),)),
    ("record_outcome", (MatchId("m1"), "told", Posted("D1", "1"), NOON)),
    ("add_match", (replace(match(YAN, 1), id=MatchId("m2")),)),
]


@dataclass
class Shelf:
    """One database, with the store that remembers; every example is about new people."""

    database: Database
    time: float = 0.0
    people: Iterator[int] = field(default_factory=lambda: count(1))
    store: SqlStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = SqlStore(self.database, VAULT, clock=lambda: self.time)

    async def follow(self, course: list[list[Step]]) -> None:
        person = Person(TeamId("T1"), UserId(f"U{next(self.people)}"))
        for steps in [*([step] for step in AT_FIRST), *course]:
            await asyncio.gather(*(self._take(person, *step) for step in steps))
            assert await seen(self.store, person) == await seen(
                SqlStore(self.database, VAULT), person
            )

    async def _take(self, person: Person, name: str, given: tuple[Any, ...]) -> None:
        if name == "wait":
            self.time += given[0]
            return
        method = getattr(self.store, name)
        if name == "add_match":
            await method(replace(given[0], person=person))
        elif name == "save_link":
            await method(link(person, account_id=given[0]))
        elif name == "save_availability":
            await method(wish(person, session_id=given[0]))
        else:
            await method(person, *given)


Seen = tuple[Link | None, Availability | None, list[list[Match]], list[Match | None]]


async def seen(store: SqlStore, person: Person) -> Seen:
    """All that a store tells of somebody; of matches of one moment the order is nobody's."""
    by_session = []
    for session in SESSIONS:
        matches = await store.matches(person, EXPO, session)
        order = [(it.received_at, it.ordinal) for it in matches]
        assert order == sorted(order, reverse=True), "newest first"
        by_session.append(sorted(matches, key=lambda it: it.id))
    single = [await store.match(person, MatchId(f"m{number}")) for number in range(1, 4)]
    return await store.link(person), await store.availability(person), by_session, single


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def shelf(loop: asyncio.Runner) -> Iterator[Shelf]:
    database = Database("sqlite://")
    loop.run(schema.upgrade(database))
    yield Shelf(database)
    loop.run(database.aclose())


@settings(max_examples=120, deadline=None)
@given(COURSES)
def test_what_is_at_hand_is_what_is_stored(
    loop: asyncio.Runner, shelf: Shelf, course: list[list[Step]]
):
    """After every step a store that remembers tells what one does that reads all anew."""
    loop.run(shelf.follow(course))


@settings(max_examples=60, deadline=None)
@given(found())
def test_a_match_at_hand_is_as_its_row_gives_it(loop: asyncio.Runner, shelf: Shelf, made: Match):
    """The match that is told at once is the match that is told after a restart: same texts."""

    async def both() -> None:
        person = Person(TeamId("T2"), UserId(f"U{next(shelf.people)}"))
        assert await shelf.store.add_match(replace(made, person=person))
        at_hand = await shelf.store.match(person, made.id)
        assert at_hand is not None
        assert at_hand == await SqlStore(shelf.database, VAULT).match(person, made.id)

    loop.run(both())
