"""People's Home, drawn when they open it, press a button in it, or when their state changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

import structlog

from slackbot.aio.tasks import BackgroundTasks, every
from slackbot.aio.ttl_cache import TtlCache
from slackbot.domain.errors import MessageDelayed, MessageError, MessageRefused
from slackbot.domain.model import Person
from slackbot.domain.ports import Clock
from slackbot.domain.stores import Store, StoreUnavailable
from slackbot.domain.surfaces import Home
from slackbot.services.dashboard import Dashboard, Dashboards
from slackbot.services.programmes import CHANGED, READ_SECONDS
from slackbot.services.scheduler import HOME_AGE
from slackbot.slack.blocks.errors import defect_card
from slackbot.slack.blocks.home import home
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.blocks.message import Message, Part
from slackbot.slack.outbound.queue import Rank
from slackbot.slack.outbound.retry import send_with_retry
from slackbot.slack.outbound.views import HASH_CONFLICT, Views

log = structlog.get_logger(__name__)
T = TypeVar("T")

# Attempts with the hash of the last known view. After these, Home is replaced whatever it shows.
HASH_TRIES: Final = 3
# Seconds between these attempts, in which another process stores the hash of what it published.
HASH_PAUSE_SECONDS: Final = 0.1
# Seconds before another attempt if the database does not respond.
RETRY_SECONDS: Final = 5.0
# How long one read or write of the database may take while somebody waits for Home.
DATABASE_SECONDS: Final = 3.0
# How long an answer stays in Home, in seconds, and how many answers do.
ANSWER_SECONDS: Final = 600.0
MAX_ANSWERS: Final = 1000
# Lists in Home that are read again at the same time.
ASKED_AT_ONCE: Final = 4
# Seconds between searches for Homes that time has changed, and how many are drawn for each.
DUE_SECONDS: Final = 5.0
DUE_AT_ONCE: Final = 500

# Runs the command of a pressed button again.
Again = Callable[[], asyncio.Task[Message]]


@dataclass(eq=False, slots=True)
class _Answer:
    """What a press in Home has opened there, until it is closed."""

    message: Message
    again: Again
    # That of the dashboard with which it was drawn first.
    login: tuple[object, ...] | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class Homes:
    """Draws Homes. Those that change while they wait for Slack are drawn once, as they are then."""

    dashboards: Dashboards
    views: Views
    store: Store
    clock: Clock
    background: BackgroundTasks
    slash: str
    links: HubLinks

    def __post_init__(self) -> None:
        self._answers = TtlCache[Person, _Answer](seconds=ANSWER_SECONDS, capacity=MAX_ANSWERS)
        self._asking = asyncio.Semaphore(ASKED_AT_ONCE)
        # Open Homes of people who have left. Nothing of them is stored.
        self._left_open = TtlCache[Person, Home](
            seconds=HOME_AGE.total_seconds(), capacity=MAX_ANSWERS
        )
        # Those in the queue because of a press, and those whose state has changed.
        self._pressed: set[Person] = set()
        self._changed: set[Person] = set()
        # When time changes a Home that this process has drawn, and the hash of that view.
        self._due: dict[Person, tuple[datetime, str]] = {}

    async def run(self) -> None:
        """Draw Homes again when a session in them starts or ends, until cancelled."""
        await every(
            DUE_SECONDS,
            self.draw_due,
            name="homes",
            expected=(StoreUnavailable,),
            sleep=self.clock.sleep,
        )

    async def draw_due(self) -> None:
        """Draw the Homes that time has changed, unless another process has drawn them since."""
        now = self.clock.now()
        due = [person for person, (at, _) in self._due.items() if at <= now][:DUE_AT_ONCE]
        found = await self.store.surfaces.get_many(due, now - HOME_AGE) if due else {}
        for person in due:
            _, drawn = self._due.pop(person)
            opened = found[person].home if person in found else None
            if opened is not None and opened.view_hash == drawn:
                self.refresh(opened)

    async def open(self, person: Person, view_hash: str | None) -> None:
        """Draw Home for somebody who has opened it. `view_hash` is that of the view they see."""
        await self.record(person, view_hash)
        self._answers.invalidate(person)
        await self._draw(person, None)

    async def record(self, person: Person, view_hash: str | None) -> None:
        """Record that the person has Home open, so that it is drawn again after changes."""
        opened = Home(person=person, opened_at=self.clock.now(), view_hash=view_hash)
        try:
            await _in_time(self.store.surfaces.open_home(opened))
        except Exception as error:  # noqa: BLE001 - Home is drawn anyway
            log.warning("home_not_recorded", reason=type(error).__name__)

    async def show(self, person: Person, answer: Message, again: Again) -> None:
        """Draw Home with the answer to a button that was pressed there.

        It stays until the next press. A list is read `again` when the person's state changes.
        """
        if answer.about is Part.STATUS:
            self._answers.invalidate(person)
        else:
            self._answers.put(person, _Answer(answer, again))
        await self._draw(person, answer)

    async def _draw(self, person: Person, answer: Message | None) -> None:
        """Draw Home for somebody who waits for it.

        If the database does not respond, the answer is all that is drawn.
        """
        with suppress(StoreUnavailable):
            await _in_time(self.dashboards.refresh(person))

        async def publish() -> None:
            try:
                await self._publish(person)
            except MessageError:
                raise
            except Exception as error:  # noqa: BLE001 - the last resort, so that Home is drawn
                defect = defect_card(error)
                await self.views.publish(person, (answer or defect).home_view(), None)

        async def send() -> None:
            self._pressed.add(person)
            await self.views.publish_home(person, Rank.ANSWER, publish)

        try:
            await send_with_retry(send)
        finally:
            self._pressed.discard(person)

    def left_open(self, person: Person) -> Home | None:
        """Return the Home that this process last drew for somebody who has left."""
        return self._left_open.peek(person)

    def refresh(self, opened: Home) -> None:
        """Draw an open Home again, because the person's state has changed.

        A Home that waits in the queue is drawn with what is so when its turn comes.
        """
        person = opened.person
        if person not in self._changed and person not in self._pressed:
            self._changed.add(person)
            self.background.start(self._refresh(opened), "refresh_home")

    async def _refresh(self, opened: Home) -> None:
        person = opened.person

        async def publish() -> None:
            await self.dashboards.refresh(person, CHANGED)
            await self._publish(person)

        again_after = 0.0
        try:
            await self._ask_again(person)
            await self.views.publish_home(person, Rank.HOME, publish)
        except MessageDelayed as error:
            again_after = error.seconds
        except StoreUnavailable:
            again_after = RETRY_SECONDS
        except MessageError as error:
            log.info("home_not_drawn", reason=error.reason)
        finally:
            self._changed.discard(person)
        if again_after:
            await self.clock.sleep(again_after)
            if self.clock.now() - opened.opened_at < HOME_AGE:
                self.refresh(opened)

    async def _ask_again(self, person: Person) -> None:
        """Read the list that the person has opened in Home again, if they have."""
        answer = self._answers.peek(person)
        if answer is None or answer.message.about not in {Part.SESSIONS, Part.MATCHES}:
            return
        async with self._asking:
            asked = answer.again()
            await asyncio.wait({asked}, timeout=READ_SECONDS)
        if asked.done() and asked.result().about is answer.message.about:
            answer.message = asked.result()

    async def _publish(self, person: Person) -> None:
        """Publish what is so now, also if somebody else has published since it was read."""
        self._changed.discard(person)
        self._pressed.discard(person)
        for attempt in range(HASH_TRIES + 1):
            known = await _in_time(self.store.surfaces.get_home(person))
            dashboard = await _in_time(self.dashboards.read(person))
            answer, now = self._answer(person, dashboard), self.clock.now()
            view = home(dashboard, self.slash, now, self.links, answer).home_view()
            expected = known.view_hash if known is not None and attempt < HASH_TRIES else None
            try:
                published = await self.views.publish(person, view, expected)
            except MessageRefused as error:
                if error.reason != HASH_CONFLICT or expected is None:
                    raise
                await self.clock.sleep(HASH_PAUSE_SECONDS)
            else:
                next_change = dashboard.next_change(now)
                if next_change is not None and next_change - now < HOME_AGE:
                    self._due[person] = next_change, published
                with suppress(StoreUnavailable):  # the next view is drawn whatever Home shows
                    if known is not None:
                        await self.store.surfaces.save_hash(person, published)
                    elif dashboard.link is not None:
                        await self.record(person, published)
                    else:
                        left = Home(person=person, opened_at=now, view_hash=published)
                        self._left_open.put(person, left)
                return

    def _answer(self, person: Person, dashboard: Dashboard) -> Message | None:
        """Return the answer that Home shows, which ends when the person's login changes."""
        answer = self._answers.peek(person)
        if answer is None:
            return None
        if answer.login not in {None, dashboard.login}:
            self._answers.invalidate(person)
            return None
        answer.login = dashboard.login
        return answer.message


async def _in_time(work: Awaitable[T]) -> T:
    """Wait for the database, but not for as long as somebody who waits for Home would not.

    Raises:
        StoreUnavailable: It did not respond.
    """
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            return await work
    except TimeoutError:
        raise StoreUnavailable("the database is too slow") from None
