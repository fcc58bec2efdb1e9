"""Whatever order socket and match list tell in, every pairing is stored and told exactly once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.matching import decided_by_meeting_id, find_existing_match, missed_reports
from slackbot.domain.model import MatchReport, Partner, Person, Source, TeamId, UserId
from slackbot.services.matches import Matches
from tests.harness.fakes import COFFEE, EXPO, NOON, link, match, report, row, wish
from tests.harness.services import Outside, open_store

PARTNERS = [Partner(name=name, account_id=n) for n, name in enumerate(["Zoë", "Yan", "Xu"], 1)]
ZONE = timedelta(hours=5, minutes=30)


# --- a session as it may go ----------------------------------------------------------------------


@dataclass(frozen=True)
class Pairing:
    """Made `at` so many seconds after noon; the socket tells of it at the `tellings`."""

    number: int
    partner: Partner
    at: int
    tellings: tuple[int, ...] = ()

    def told(self, knows: Knows) -> MatchReport:
        """What the socket says, each time the same."""
        moment = NOON + timedelta(seconds=self.at)
        partner = self.partner if knows.account else replace(self.partner, account_id=None)
        return report(
            partner,
            meeting_digest=f"m{self.number}" if knows.meeting else None,
            raw_time=f"{moment:%Y/%m/%d %H:%M}" if knows.time else None,
            round_seconds=knows.round_seconds,
        )

    def listed(self) -> MatchReport:
        """The match list's row, by another clock and in another format."""
        return row(
            self.partner, raw_time=f"{NOON + timedelta(seconds=self.at) + ZONE:%d.%m. %H:%M}"
        )


@dataclass(frozen=True)
class Knows:
    """What the platform's socket tells at this event, in each of its tellings."""

    meeting: bool
    time: bool
    account: bool
    round_seconds: int | None

    @property
    def round(self) -> int:
        return self.round_seconds or 300


@dataclass(frozen=True)
class Course:
    """One person's way through a session: its pairings, and when the match list is read."""

    knows: Knows
    pairings: list[Pairing]
    reads: list[int]
    rng: random.Random = field(repr=False)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    knows = draw(
        st.builds(Knows, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([None, 60]))
    )
    # Without anything to know a pairing again by, the next one comes a round later.
    closest = 60 if knows.meeting or knows.time else knows.round
    at, pairings = 0, []
    for number in range(draw(st.integers(1, 4))):
        at += closest + draw(st.integers(0, 400))
        first = at + draw(st.integers(0, 59))
        # A meeting is known for ever; the rest holds as long as the round.
        latest = first + 4000 if knows.meeting else at + knows.round - 1
        repeats = draw(st.lists(st.integers(first, latest), max_size=19))
        tellings = draw(st.sampled_from([(), (first, *repeats)]))
        pairings.append(Pairing(number, draw(st.sampled_from(PARTNERS)), at, tellings))
    reads = draw(st.lists(st.integers(0, at + 1000), max_size=6))
    return Course(knows, pairings, reads, draw(st.randoms(use_true_random=False)))


# --- the ledger that hears of it -----------------------------------------------------------------


class Submitted:
    """Where a real ledger hands its matches on to."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()

    async def submit(self, person: Person, match_id: str, *, fresh: bool) -> None:
        self.keys[match_id] += 1


@dataclass
class Ledger:
    """The real ledger and store, one person after another."""

    outside: Outside
    delivery: Submitted
    matches: Matches
    people: Iterator[int] = field(default_factory=lambda: count(1))

    async def follow(self, course: Course) -> None:
        """Live through the course; at no time is more known than happened, at its end all is."""
        person = Person(TeamId("T1"), UserId(f"U{next(self.people)}"))
        self.delivery.keys.clear()
        await self.outside.store.links.save(link(person))
        moments = [(at, -1) for at in course.reads]
        moments += [(at, pairing.number) for pairing in course.pairings for at in pairing.tellings]
        for at, number in [*sorted(moments, key=lambda moment: moment[0]), (10_000, -1)]:
            self.outside.clock.time = NOON + timedelta(seconds=at)
            if number < 0:
                await self._read(person, course, at)
            else:
                seen = course.pairings[number].told(course.knows)
                await self.matches.receive(person, EXPO, [seen])
            assert len(self.delivery.keys) <= sum(pairing.at <= at for pairing in course.pairings)
        kept = await self.outside.store.matches.list_for(person, EXPO, COFFEE)
        assert {match.id for match in kept} == set(self.delivery.keys)
        made = Counter(pairing.partner.name for pairing in course.pairings)
        assert Counter(match.partner.name for match in kept) == made

    async def _read(self, person: Person, course: Course, at: int) -> None:
        rows = [pairing.listed() for pairing in course.pairings if pairing.at <= at]
        course.rng.shuffle(rows)
        self.outside.platform.listed = rows
        await self.matches.reconcile(link(person), wish(person))


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def ledger(loop: asyncio.Runner) -> Iterator[Ledger]:
    closing = AsyncExitStack()
    outside = Outside.around(loop.run(closing.enter_async_context(open_store())))
    delivery = Submitted()
    matches = Matches(
        platform=outside.platform,
        store=outside.store,
        feed=outside.feed,
        delivery=delivery,
        clock=outside.clock,
        background=BackgroundTasks(),
    )
    yield Ledger(outside, delivery, matches)
    loop.run(closing.aclose())


@settings(max_examples=40, deadline=None)
@given(course=courses())
def test_every_pairing_is_stored_and_told_once(
    loop: asyncio.Runner, ledger: Ledger, course: Course
):
    """Told 0 to 20 times, with whatever evidence, between any reads of a list in any order."""
    loop.run(ledger.follow(course))


# --- counting ------------------------------------------------------------------------------------

TIMES = st.none() | st.sampled_from(["10:00", "10:05", "15:30", "04.05.2026 17:00"])
ROWS = st.lists(
    st.builds(lambda who, raw: row(who, raw_time=raw), st.sampled_from(PARTNERS), TIMES)
)
KNOWN = st.lists(st.tuples(st.sampled_from(PARTNERS), TIMES, st.sampled_from(Source)))


@given(ROWS, KNOWN)
def test_untold_is_what_goes_beyond_the_known(listed: list[MatchReport], known: list[tuple]):
    """For each partner exactly as many rows as the list has more than are known, and only those."""
    matches = [
        match(who, ordinal, raw_time=raw, source=source)
        for ordinal, (who, raw, source) in enumerate(known, 1)
    ]
    new = missed_reports(listed, matches)
    counted = Counter(seen.partner.name for seen in listed)
    counted.subtract(Counter(who.name for who, _, _ in known))
    assert Counter(seen.partner.name for seen in new) == +counted
    assert not Counter(map(repr, new)) - Counter(map(repr, listed))


@given(
    st.lists(st.tuples(st.sampled_from([*PARTNERS, Partner(name="Yan")]), st.booleans())),
    st.sampled_from(PARTNERS),
    st.booleans(),
    st.integers(-3600, 3600),
)
def test_where_meetings_decide_it_does_not_matter_since_when_somebody_waits(
    before: list[tuple[Partner, bool]], partner: Partner, meets: bool, since: int
):
    """So that need not be looked up then."""
    known = [
        match(who, ordinal, meeting_digest=f"m{ordinal}" if told else None)
        for ordinal, (who, told) in enumerate(before, 1)
    ]
    seen = report(partner, meeting_digest="m1" if meets else None)
    if decided_by_meeting_id(seen, known):
        moment = NOON + timedelta(seconds=since)
        assert find_existing_match(seen, known, NOON, moment) == find_existing_match(
            seen, known, NOON, None
        )
