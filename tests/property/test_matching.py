"""Every pairing is stored and sent once, in whatever order socket and match list report it."""

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
from slackbot.domain import matching
from slackbot.domain.matching import (
    MAX_LATE,
    decided_by_meeting_id,
    find_existing_match,
    missed_reports,
    sort_missed,
)
from slackbot.domain.model import MatchReport, Partner, Person, Source, TeamId, UserId
from slackbot.domain.text import normalize
from slackbot.services.matches import Matches
from tests.harness.fakes import COFFEE, EXPO, NOON, availability, connect, link, match, report, row
from tests.harness.services import Outside, open_store
from tests.harness.sizes import share

PARTNERS = [Partner(name=name, account_id=n) for n, name in enumerate(["Zoë", "Yan", "Xu"], 1)]
ZONE = timedelta(hours=5, minutes=30)


# --- courses of a session ------------------------------------------------------------------------


@dataclass(frozen=True)
class Pairing:
    """A pairing made `at` seconds after noon; the socket reports it at each of `reports`."""

    number: int
    partner: Partner
    at: int
    reports: tuple[int, ...] = ()

    def report(self, evidence: Evidence) -> MatchReport:
        """Return the socket's report, the same each time."""
        moment = NOON + timedelta(seconds=self.at)
        partner = self.partner if evidence.account else replace(self.partner, account_id=None)
        return report(
            partner,
            meeting_digest=f"m{self.number}" if evidence.meeting else None,
            raw_time=f"{moment:%Y/%m/%d %H:%M}" if evidence.time else None,
            round_seconds=evidence.round_seconds,
        )

    def listed(self) -> MatchReport:
        """Return the match list's row, in another time zone and format."""
        return row(
            self.partner, raw_time=f"{NOON + timedelta(seconds=self.at) + ZONE:%d.%m. %H:%M}"
        )


@dataclass(frozen=True)
class Evidence:
    """The details in every report of the socket at this event."""

    meeting: bool
    time: bool
    account: bool
    round_seconds: int | None

    @property
    def round(self) -> int:
        return self.round_seconds or 300


@dataclass(frozen=True)
class Course:
    """One person's session: the pairings, and the times at which the match list is read."""

    evidence: Evidence
    pairings: list[Pairing]
    reads: list[int]
    rng: random.Random = field(repr=False)


@st.composite
def courses(draw: st.DrawFn) -> Course:
    evidence = draw(
        st.builds(
            Evidence, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([None, 60])
        )
    )
    # Without evidence to tell pairings apart, the next one comes a round later.
    closest = 60 if evidence.meeting or evidence.time else evidence.round
    at, pairings = 0, []
    for number in range(draw(st.integers(1, 4))):
        at += closest + draw(st.integers(0, 400))
        first = at + draw(st.integers(0, 59))
        # A meeting identifies the match for ever, everything else for the round.
        latest = first + 4000 if evidence.meeting else at + evidence.round - 1
        repeats = draw(st.lists(st.integers(first, latest), max_size=19))
        reports = draw(st.sampled_from([(), (first, *repeats)]))
        pairings.append(Pairing(number, draw(st.sampled_from(PARTNERS)), at, reports))
    reads = draw(st.lists(st.integers(0, at + 1000), max_size=6))
    return Course(evidence, pairings, reads, draw(st.randoms(use_true_random=False)))


# --- the service ---------------------------------------------------------------------------------


class Submitted:
    """A delivery that counts what is submitted."""

    def __init__(self) -> None:
        self.keys: Counter[str] = Counter()

    async def submit(self, person: Person, match_id: str, *, fresh: bool) -> None:
        self.keys[match_id] += 1


@dataclass
class Service:
    """The real service and store, used for one person after another."""

    outside: Outside
    delivery: Submitted
    matches: Matches
    people: Iterator[int] = field(default_factory=lambda: count(1))

    async def follow(self, course: Course) -> None:
        """Play the course: never more matches than pairings so far, and all at the end."""
        person = Person(TeamId("T1"), UserId(f"U{next(self.people)}"))
        self.delivery.keys.clear()
        await connect(self.outside.store, link(person))
        moments = [(at, -1) for at in course.reads]
        moments += [(at, pairing.number) for pairing in course.pairings for at in pairing.reports]
        for at, number in [*sorted(moments, key=lambda moment: moment[0]), (10_000, -1)]:
            self.outside.clock.time = NOON + timedelta(seconds=at)
            if number < 0:
                await self._read(person, course, at)
            else:
                new = course.pairings[number].report(course.evidence)
                await self.matches.receive(link(person), [new])
            assert len(self.delivery.keys) <= sum(pairing.at <= at for pairing in course.pairings)
        kept = await self.outside.store.matches.list_for(person, EXPO, COFFEE)
        assert {match.id for match in kept} == set(self.delivery.keys)
        made = Counter(pairing.partner.name for pairing in course.pairings)
        assert Counter(match.partner.name for match in kept) == made

    async def _read(self, person: Person, course: Course, at: int) -> None:
        rows = [pairing.listed() for pairing in course.pairings if pairing.at <= at]
        course.rng.shuffle(rows)
        self.outside.platform.listed = rows
        await self.matches.reconcile(link(person), availability(person))


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def service(loop: asyncio.Runner) -> Iterator[Service]:
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
    yield Service(outside, delivery, matches)
    loop.run(closing.aclose())


@settings(max_examples=share(40), deadline=None)
@given(course=courses())
def test_every_pairing_is_stored_and_sent_once(
    loop: asyncio.Runner, service: Service, course: Course
):
    """With 0 to 20 reports of each, any evidence, and any reads of a list in any order."""
    loop.run(service.follow(course))


# --- counting ------------------------------------------------------------------------------------

TIMES = st.none() | st.sampled_from(["10:00", "10:05", "15:30", "04.05.2026 17:00"])
ROWS = st.lists(
    st.builds(lambda who, raw: row(who, raw_time=raw), st.sampled_from(PARTNERS), TIMES)
)
KNOWN = st.lists(st.tuples(st.sampled_from(PARTNERS), TIMES, st.sampled_from(Source)))


@given(ROWS, KNOWN)
def test_missed_reports_are_the_surplus(listed: list[MatchReport], known: list[tuple]):
    """For each partner exactly as many rows are new as the list has more than are known."""
    matches = [
        match(who, ordinal, raw_time=raw, source=source)
        for ordinal, (who, raw, source) in enumerate(known, 1)
    ]
    new = missed_reports(listed, matches)
    counted = Counter(row.partner.name for row in listed)
    counted.subtract(Counter(who.name for who, _, _ in known))
    assert Counter(row.partner.name for row in new) == +counted
    assert not Counter(map(repr, new)) - Counter(map(repr, listed))


NAMESAKES = [
    *PARTNERS,
    Partner(name="Zoë"),
    Partner(name=" ZOË ", account_id=7),
    Partner(name="Xu"),
]
ANYBODY = st.lists(st.sampled_from(NAMESAKES), max_size=12)
# A list has the ids of all or of nobody.
LISTED = st.tuples(ANYBODY, st.booleans()).map(
    lambda drawn: [who for who in drawn[0] if (who.account_id is not None) is drawn[1]]
)


@given(LISTED, ANYBODY, st.randoms(use_true_random=False))
def test_rows_are_accounted_for_in_any_order(
    listed: list[Partner], known: list[Partner], rng: random.Random
):
    """As many rows are new as the list has more, ids or not, and a repeated read finds none."""
    rows = [row(who, minute) for minute, who in enumerate(listed)]
    matches = [match(who, ordinal) for ordinal, who in enumerate(known, 1)]
    rng.shuffle(rows)
    new = missed_reports(rows, matches)
    assert not Counter(map(repr, new)) - Counter(map(repr, rows))
    for name in {normalize(who.name) for who in listed}:
        surplus = sum(normalize(who.name) == name for who in listed)
        surplus -= sum(normalize(who.name) == name for who in known)
        assert sum(normalize(one.partner.name) == name for one in new) >= surplus
    stored = [match(one.partner, ordinal, raw_time=one.raw_time) for ordinal, one in enumerate(new)]
    rng.shuffle(rows)
    assert missed_reports(rows, [*stored, *matches]) == []


def test_the_cost_of_a_comparison_grows_with_the_rows(monkeypatch: pytest.MonkeyPatch):
    """Each name is normalized a few times, however many others there are."""
    calls = Counter[str]()

    def counting(text: str) -> str:
        calls[text] += 1
        return normalize(text)

    monkeypatch.setattr(matching, "normalize", counting)
    partners = [Partner(name=f"Guest {n}", account_id=n) for n in range(1, 3_000)]
    known = [match(who) for who in partners[1_000:]]
    assert len(missed_reports([row(who) for who in partners], known)) == 1_000
    assert max(calls.values()) <= 4


@st.composite
def baselines(draw: st.DrawFn) -> tuple[list[int], list[int], list[int]]:
    """Return pairings before and after the baseline, by minute, and those it did not show."""
    before = draw(st.lists(st.integers(1, 100), unique=True, max_size=20))
    after = draw(st.lists(st.integers(101, 200), unique=True, max_size=MAX_LATE))
    hidden = draw(st.lists(st.sampled_from(before), unique=True)) if before else []
    # The newest is shown: without it nothing says which rows are older.
    return before, after, [minute for minute in hidden if minute != max(before)]


@given(baselines(), st.randoms(use_true_random=False), st.sampled_from([timedelta(), -7 * ZONE]))
def test_a_baseline_is_whole_in_the_end(
    course: tuple[list[int], list[int], list[int]], rng: random.Random, zone: timedelta
):
    """Whatever a lagging list showed at first, in any order and zone: only later rows are late."""
    before, after, hidden = course

    def listed(minute: int) -> MatchReport:
        moment = NOON + zone + timedelta(minutes=minute)
        return row(rng.choice(PARTNERS), raw_time=str(minute), matched_at=moment)

    rows = {minute: listed(minute) for minute in [*before, *after]}
    known = []
    for minute in set(before) - set(hidden):
        one = rows[minute]
        values = {"raw_time": one.raw_time, "matched_at": one.matched_at, "source": Source.BEFORE}
        known.append(match(one.partner, len(known), **values))
    shown = list(rows.values())
    rng.shuffle(shown)
    missed = sort_missed(missed_reports(shown, known), known, NOON + timedelta(hours=4))
    assert {int(one.raw_time or 0) for one in missed.late} == set(after)
    assert {int(one.raw_time or 0) for one in missed.before} == set(hidden)
    assert not missed.skipped


@given(
    st.lists(st.tuples(st.sampled_from([*PARTNERS, Partner(name="Yan")]), st.booleans())),
    st.sampled_from(PARTNERS),
    st.booleans(),
    st.integers(-3600, 3600),
)
def test_since_does_not_matter_if_meetings_decide(
    before: list[tuple[Partner, bool]], partner: Partner, meets: bool, since: int
):
    """`since` changes nothing, and need not be read, if meetings alone decide."""
    known = [
        match(who, ordinal, meeting_digest=f"m{ordinal}" if met else None)
        for ordinal, (who, met) in enumerate(before, 1)
    ]
    new = report(partner, meeting_digest="m1" if meets else None)
    if decided_by_meeting_id(new, known):
        moment = NOON + timedelta(seconds=since)
        with_since = find_existing_match(new, known, NOON, moment)
        assert with_since == find_existing_match(new, known, NOON, None)
