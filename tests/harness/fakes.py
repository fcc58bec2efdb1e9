"""Hand-written fakes of the outside, and sample values.

Each fake notes its calls in a journal, which several may share, and fails as the test demands.
`tests/contract` checks each of them against the real part. The store has no fake.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from pydantic import SecretStr

from slackbot.aio.deadline import request_seconds, seconds_left
from slackbot.aio.tasks import BackgroundTasks
from slackbot.domain.errors import MessageUnsure, TimedOut
from slackbot.domain.feed_events import (
    FeedConnected,
    FeedDisconnected,
    FeedEvent,
    MatchesReported,
)
from slackbot.domain.model import (
    AttendeeStatus,
    AuthScheme,
    Availability,
    Call,
    Epoch,
    EventSlug,
    FeedHealth,
    Grant,
    Link,
    Match,
    MatchId,
    MatchReport,
    Partner,
    Person,
    Session,
    SessionId,
    SessionScope,
    Source,
    State,
    TeamId,
    UserId,
)
from slackbot.domain.notices import MatchFound, Notice, Remark
from slackbot.domain.personal_data import NOTICE_FIELDS
from slackbot.domain.ports import PendingMatch, Posted
from slackbot.domain.stores import Store
from slackbot.domain.text import digest
from slackbot.services.contact_notices import ContactNotices
from slackbot.services.notices import Notices

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
ANA = Person(TeamId("T1"), UserId("U1"))
BEN = Person(TeamId("T1"), UserId("U2"))
ADMIN = Person(TeamId("T1"), UserId("U9"))
EXPO = EventSlug("expo")
COFFEE, TEA = SessionId(7), SessionId(8)
ZOE = Partner(name="Zoë", account_id=9, title="CTO", company="Ωmega")
YAN = Partner(name="Yan", account_id=10)
CALL = Call({"MeetingId": "m-1"}, {"AttendeeId": "attendee-1", "JoinToken": "j"})

Journal = list[str]


def epoch_of(person: Person) -> Epoch:
    """Return the epoch of a person in the samples; each person has their own."""
    return Epoch(digest(f"{person.team} {person.user}")[:16])


T = TypeVar("T")
Answer = Coroutine[Any, Any, T]


async def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; the test fails after ten seconds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.001)


# --- fakes ---------------------------------------------------------------------------------------


class FakeClock:
    """A clock that stands still; `advance` lets time pass and wakes the sleepers that are due."""

    def __init__(self) -> None:
        self.time = NOON
        self.sleepers: dict[asyncio.Event, datetime] = {}

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float, _reason: str = "") -> None:
        if seconds > 0:
            woken = asyncio.Event()
            self.sleepers[woken] = self.time + timedelta(seconds=seconds)
            try:
                await woken.wait()
            finally:
                self.sleepers.pop(woken, None)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)
        for woken in [woken for woken, due in self.sleepers.items() if due <= self.time]:
            del self.sleepers[woken]
            woken.set()


# Requests that are sent once. The others are sent up to three times, like those of the client.
SENT_ONCE = frozenset({"redeem", "join", "status"})
USUAL_SECONDS = 8.0  # for one request without a deadline


class FakePlatform:
    """A platform with the given lists. `errors` and `gates` are by call; each error comes once.

    Each answer takes `slow` seconds of the clock, or only those to the `slow_calls` if there are
    any. It times out as with the real client.
    """

    slow = 0.0
    slow_calls: frozenset[str] = frozenset()

    grant = Grant(token=SecretStr("granted"), account_id=2, expires_at=None)
    scheme = AuthScheme.BARE

    def __init__(self, journal: Journal, clock: FakeClock | None = None) -> None:
        self.journal, self.clock = journal, clock or FakeClock()
        self.programme: list[Session] = []
        self.registered: list[Session] = []
        self.others: list[Session] = []
        self.listed: list[MatchReport] = []
        self.links: list[Link] = []
        self.errors: defaultdict[str, list[Exception]] = defaultdict(list)
        self.gates: dict[str, asyncio.Event] = {}

    async def _answer(self, line: str, answer: T) -> T:
        name = line.split(maxsplit=1)[0]
        if seconds_left() <= 0:
            raise TimedOut
        self.journal.append(line)
        if self.slow and (name in self.slow_calls or not self.slow_calls):
            await self._answer_slowly(once=name in SENT_ONCE)
        if name in self.gates:
            await self.gates[name].wait()
        if self.errors[name]:
            raise self.errors[name].pop(0)
        return answer

    async def _answer_slowly(self, *, once: bool) -> None:
        for is_last in [True] if once else [False, False, True]:
            seconds = request_seconds(USUAL_SECONDS, once=is_last)
            await self.clock.sleep(min(self.slow, seconds))
            if self.slow <= seconds:
                return
        raise TimedOut

    def redeem(self, event: EventSlug, user_key: str) -> Answer[Grant]:
        return self._answer(f"redeem {event} {user_key}", self.grant)

    def check(self, event: EventSlug, token: SecretStr) -> Answer[AuthScheme]:
        return self._answer(f"check {event} {token.get_secret_value()}", self.scheme)

    def sessions(self, link: Link, scope: SessionScope) -> Answer[list[Session]]:
        now = self.clock.now()
        live = [
            session
            for session in self.programme
            if (session.starts_at or now) <= now
            and (session.ends_at is None or now < session.ends_at)
        ]
        shown = live if scope is SessionScope.LIVE else self.programme
        return self._answer(f"sessions {scope.value}", list(shown))

    def other_sessions(self, link: Link) -> Answer[list[Session]]:
        return self._answer("others", list(self.others))

    def registered_sessions(self, link: Link) -> Answer[list[Session]]:
        return self._answer("registered", list(self.registered))

    def join(self, link: Link, session_id: SessionId) -> Answer[None]:
        return self._answer(f"join {session_id}", None)

    def set_status(self, link: Link, session_id: SessionId, status: AttendeeStatus) -> Answer[None]:
        self.links.append(link)
        return self._answer(f"status {session_id} {status.value}", None)

    def matches(self, link: Link, session_id: SessionId) -> Answer[list[MatchReport]]:
        return self._answer(f"matches {session_id}", list(self.listed))


class FakeFeed:
    """A feed that connects at once while `reachable`, else when the test calls `up`."""

    def __init__(self, clock: FakeClock, journal: Journal) -> None:
        self.clock, self.journal, self.reachable = clock, journal, True
        self.links: dict[Person, Link] = {}
        self.states: dict[Person, FeedHealth] = {}
        self.events: asyncio.Queue[FeedEvent] = asyncio.Queue()

    def open(self, link: Link, session_id: SessionId) -> None:
        if self.links.get(link.person) != link:
            self.journal.append(f"open {session_id}")
            self.links[link.person] = link
            self.states[link.person] = FeedHealth(False, self.clock.now())
            if self.reachable:
                self.up(link.person)

    def up(self, person: Person) -> None:
        self.states[person] = FeedHealth(True, self.clock.now())
        self.events.put_nowait(FeedConnected(person))

    def down(self, person: Person, failure: str = "closed") -> None:
        self.states[person] = FeedHealth(False, self.clock.now(), failure)
        self.events.put_nowait(FeedDisconnected(person, failure))

    def send(self, person: Person, *reports: MatchReport) -> None:
        self.events.put_nowait(MatchesReported(self.links[person], reports))

    def holds(self, person: Person) -> bool:
        return True

    async def publish_health(self, person: Person) -> None: ...

    async def wait_connected(self, person: Person, seconds: float) -> bool:
        for _ in range(int(seconds)):
            if (health := self.health(person)) is None or health.connected:
                return health is not None
            await self.clock.sleep(1)
        return False

    def health(self, person: Person) -> FeedHealth | None:
        return self.states.get(person)

    async def close(self, person: Person) -> None:
        if self.links.pop(person, None) is not None:
            self.states.pop(person)
            self.journal.append("close")


class FakeMessenger:
    """A messenger that keeps what is sent. `errors` come first, one a try; None lets one pass.

    The next `unanswered` messages are accepted, but raise `MessageUnsure`.
    """

    unanswered = 0

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.sent: list[tuple[Person, Notice]] = []
        self.keys: dict[tuple[Person, str | None], Posted] = {}
        self.earlier: dict[tuple[Person, str | None], list[Posted]] = {}  # under the same keys
        self.received: dict[Posted, datetime] = {}  # when the match of a message was received
        self.errors: list[Exception | None] = []

    def _try(self, line: str) -> None:
        self.journal.append(line)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error

    async def send(self, person: Person, notice: Notice, key: str | None = None) -> Posted:
        self._try(f"send {type(notice).__name__}")
        self.sent.append((person, notice))
        posted = Posted(f"D-{person.user}", f"{len(self.sent)}.0")
        whose = person, notice.match.id if isinstance(notice, MatchFound) else key
        if whose in self.keys:
            self.earlier.setdefault(whose, []).append(self.keys[whose])
        self.keys[whose] = posted
        if isinstance(notice, MatchFound):
            self.received[posted] = notice.match.received_at
        if self.unanswered:
            self.unanswered -= 1
            raise MessageUnsure("no_answer")
        return posted

    async def edit(self, person: Person, posted: Posted, notice: Notice) -> None:
        self._try(f"edit {posted.ts} {type(notice).__name__}")

    async def find(
        self, person: Person, key: str, since: datetime | None, earlier: Sequence[str] = ()
    ) -> Posted | None:
        self._try("find")
        posted = self.keys.get((person, key))
        if posted is not None and (since is None or self.received.get(posted, since) >= since):
            return posted
        again = [old for other in earlier for old in self.earlier.get((person, other), [])]
        sent = sum((person, other) in self.keys for other in earlier)
        return again[0] if len(again) + sent > len(earlier) else None


class FakeShared:
    """Shared conversations. `errors` come first, one a try; None lets one pass.

    An error that is `MessageUnsure` is raised after the message was accepted.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.posted: list[tuple[str, Notice]] = []
        self.errors: list[Exception | None] = []

    async def open(self, people: Sequence[Person]) -> str:
        self.journal.append("open_shared")
        self._try()
        return "G-" + "-".join(sorted(person.user for person in people))

    async def post(self, person: Person, channel: str, notice: Notice) -> None:
        self.journal.append("post_shared")
        if self.errors and isinstance(self.errors[0], MessageUnsure):
            self.posted.append((channel, notice))
        self._try()
        self.posted.append((channel, notice))

    def _try(self) -> None:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error


# The work of a notice: True searches first. It returns False if its person or match is gone.
Work = Callable[[bool], Answer[bool]]


class FakeDelivery:
    """A delivery that runs in tasks, at once. Its rows outlive its process, which `die` ends."""

    notices: Notices
    contacts: ContactNotices | None

    def __init__(self, clock: FakeClock, background: BackgroundTasks) -> None:
        self.clock, self.background = clock, background
        self.rows: dict[str, Work | None] = {}  # None once it is finished
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def launch(self, notices: Notices, contacts: ContactNotices | None = None) -> None:
        self.notices, self.contacts = notices, contacts

    def die(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        self.tasks.clear()

    def _start(self, name: str, work: Work, *, look: bool) -> None:
        async def run() -> None:
            if await work(look):
                self.rows[name] = None
            else:
                self.rows.pop(name, None)

        if name not in self.rows:
            self.rows[name] = work
            self.tasks[name] = self.background.start(run(), "deliver")

    def _is_running(self, name: str) -> bool:
        return name in self.tasks and not self.tasks[name].done()

    def _start_again(self, name: str, work: Work, *, look: bool) -> None:
        while name in self.rows:
            if self._is_running(name):
                return
            name += "-again"
        self._start(name, work, look=look)

    def _deliver(self, person: Person, match_id: MatchId) -> Work:
        return lambda look: self.notices.deliver(
            person, match_id, look_first=look, sleep=self.clock.sleep
        )

    async def submit(self, person: Person, match_id: MatchId, *, fresh: bool) -> None:
        look = not fresh or match_id in self.rows
        self._start_again(match_id, self._deliver(person, match_id), look=look)

    async def finish(self, person: Person, match_id: MatchId) -> None:
        def work(_: bool) -> Answer[bool]:
            return self.notices.finish(person, match_id, sleep=self.clock.sleep)

        self._start_again(f"{match_id}-over", work, look=False)

    async def contact(self, kind: str, person: Person, match_id: MatchId, key: str) -> None:
        assert self.contacts is not None
        send = {"swap": self.contacts.swap, "report": self.contacts.report}[kind]

        def work(look: bool) -> Answer[bool]:
            return send(person, match_id, look_first=look, sleep=self.clock.sleep)

        self._start_again(key, work, look=False)

    async def remark(self, person: Person, key: str, remark: Remark) -> None:
        def work(look: bool) -> Answer[bool]:
            return self.notices.remark(person, key, remark, look_first=look, sleep=self.clock.sleep)

        self._start(key, work, look=False)

    async def recover(self, pending: Sequence[PendingMatch]) -> None:
        for name, work in list(self.rows.items()):
            if work is not None and not self._is_running(name):
                self._start(f"{name}-again", work, look=True)
                self.rows[name] = None
        for person, match_id in pending:
            await self.submit(person, match_id, fresh=False)

    async def stored(self, epoch: str) -> list[dict[str, Any]]:
        at = self.clock.now()
        return [
            dict(zip(NOTICE_FIELDS, (name, "remark", "PENDING", at, []), strict=True))
            for name in self.rows
            if name.startswith(f"{epoch}-")
        ]

    async def forget(self, epoch: str) -> None:
        for name in [name for name in self.rows if name.startswith(f"{epoch}-")]:
            if self._is_running(name):
                self.tasks.pop(name).cancel()
            del self.rows[name]


async def enter(store: Store, *people: Person) -> None:
    """Let these people be known to the store, as if they had begun to connect."""
    for person in people:
        await store.people.enter_workspace(person.team, NOON)
        await store.people.enter(person, epoch_of(person), NOON)


async def connect(store: Store, *links: Link) -> None:
    """Let the people of these links be known to the store, and save the links."""
    for made in links:
        await enter(store, made.person)
        await store.links.save(made)


# --- sample values -------------------------------------------------------------------------------


def link(person: Person = ANA, **changes: Any) -> Link:
    made = Link(
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        token=SecretStr("the-token"),
        auth_scheme=AuthScheme.BARE,
        linked_at=NOON,
        credential_digest="d" * 64,
        account_id=2,
    )
    return replace(made, **changes)


def session(number: int = COFFEE, title: str = "Coffee", **changes: Any) -> Session:
    """Return a session that is live for another hour."""
    hour = timedelta(hours=1)
    made = Session(
        id=SessionId(number), title=title, starts_at=NOON - hour, ends_at=NOON + hour, capacity=40
    )
    return replace(made, **changes)


def availability(person: Person = ANA, **changes: Any) -> Availability:
    made = Availability(
        person=person,
        person_epoch=epoch_of(person),
        event=EXPO,
        session_id=COFFEE,
        session_title="Coffee",
        state=State.AVAILABLE,
        since=NOON,
        session_ends_at=NOON + timedelta(hours=1),
        baseline_at=NOON,
    )
    return replace(made, **changes)


def report(partner: Partner = ZOE, **changes: Any) -> MatchReport:
    """Return a report of the socket, without evidence unless given."""
    return replace(MatchReport(partner=partner, session_id=COFFEE), **changes)


def row(partner: Partner = ZOE, minute: int = 0, **changes: Any) -> MatchReport:
    """Return a row of the match list, in another time zone and format than the socket's."""
    return replace(MatchReport(partner=partner, raw_time=f"04.05.2026 17:{minute:02}"), **changes)


def match(partner: Partner = ZOE, ordinal: int = 1, **changes: Any) -> Match:
    key = f"id:{partner.account_id}" if partner.account_id else f"name:{partner.name.casefold()}"
    person = changes.pop("person", ANA)
    made = Match(
        id=MatchId(f"{key}/{ordinal}"),
        person=person,
        person_epoch=epoch_of(person),
        account="2",
        event=EXPO,
        session_id=COFFEE,
        session_title="Coffee",
        partner=partner,
        partner_key=key,
        ordinal=ordinal,
        source=Source.SOCKET,
        received_at=NOON,
    )
    return replace(made, **changes)
