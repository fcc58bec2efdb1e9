"""A session that somebody has joined is announced once, in time, and only while they can act."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from slackbot.domain.errors import ServerFailed, TokenRefused
from slackbot.domain.files import FileKind
from slackbot.domain.model import Person, Session
from slackbot.domain.notices import SessionReminder
from slackbot.domain.preferences import NoticeKind, Preferences
from slackbot.services.files import Files, FileSigner
from slackbot.services.preferences import PersonalPreferences
from slackbot.services.reminders import READ_AGE, TICK_SECONDS, Reminders
from tests.harness.fakes import ANA, BEN, COFFEE, EXPO, NOON, TEA, epoch_of, link, session
from tests.harness.services import Harness

AT = NOON + timedelta(minutes=40)
TEN = timedelta(minutes=10)


def evening(starts_at: datetime = AT, **changes: object) -> Session:
    """Return Tea, which opens in forty minutes, on the roof."""
    times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}
    return session(**{"id": TEA, "title": "Tea", "location": "Roof", **times, **changes})


def reminders_of(harness: Harness) -> Reminders:
    """Return the service of another process."""

    async def no_zone(_: object) -> None:
        return None

    files = Files(
        people=harness.store.people,
        clock=harness.clock,
        signer=FileSigner([bytes(32)]),
        page="https://bot.example/files",
        makers={},
    )
    made = Reminders(
        store=harness.store,
        platform=harness.platform,
        delivery=harness.delivery,
        clock=harness.clock,
        preferences=PersonalPreferences(harness.store, harness.clock, no_zone),
        files=files,
    )
    harness.notices.review = made.review
    return made


@pytest.fixture
async def reminders(harness: Harness) -> Reminders:
    """Ana, who has joined Tea in the event hub."""
    await harness.linked(evening())
    harness.platform.registered = [evening()]
    return reminders_of(harness)


async def pass_minutes(harness: Harness, reminders: Reminders, minutes: float) -> None:
    """Let this time pass, with a tick of the service every quarter of a minute."""
    for _ in range(round(minutes * 60 / TICK_SECONDS)):
        await reminders.tick(ANA.team)
        await harness.quiet()
        harness.clock.advance(TICK_SECONDS)


def sent(harness: Harness) -> list[SessionReminder]:
    return [notice for notice in harness.sent() if isinstance(notice, SessionReminder)]


async def test_a_joined_session_is_announced_once(harness: Harness, reminders: Reminders):
    """Ten minutes before, with its facts and its calendar entry; a second process sends nothing."""
    await pass_minutes(harness, reminders, 30)
    assert sent(harness) == []
    await pass_minutes(harness, reminders, 1)
    (notice,) = sent(harness)
    assert (notice.title, notice.place, notice.left, notice.minutes) == ("Tea", "Roof", "10", "10")
    assert notice.starts == AT.isoformat()
    request = FileSigner([bytes(32)]).read(notice.calendar.rpartition("/")[2], harness.clock.now())
    assert (request.kind, request.subject) == (FileKind.CALENDAR, f"{TEA} {EXPO}")
    await pass_minutes(harness, reminders_of(harness), 15)
    assert len(sent(harness)) == 1


async def test_one_bad_row_stops_nobody_else(harness: Harness, reminders: Reminders):
    """A person of whom something cannot be read gets no reminder, and others get theirs."""

    async def no_zone(person: Person) -> None:
        raise RuntimeError(person)

    preferences = PersonalPreferences(harness.store, harness.clock, no_zone)
    reminders = replace(reminders, preferences=preferences)
    quiet = Preferences(person=ANA, person_epoch=epoch_of(ANA), quiet_from=1, quiet_to=2)
    await harness.store.preferences.save(quiet)
    await harness.linked(evening(), person=BEN)
    await pass_minutes(harness, reminders, 31)
    assert sent(harness) == []
    assert [type(notice) for notice in harness.sent(BEN)] == [SessionReminder]


async def test_people_set_the_time(harness: Harness, reminders: Reminders):
    """An hour before, at once if that has passed; none for whom it is 0 or the kind is off."""
    chosen = Preferences(person=ANA, person_epoch=epoch_of(ANA), reminder_minutes=0)
    await harness.store.preferences.save(chosen)
    await pass_minutes(harness, reminders, 2)
    muted = replace(chosen, reminder_minutes=60, muted=frozenset({NoticeKind.REMINDER}))
    await harness.store.preferences.save(muted)
    await pass_minutes(harness, reminders, 2)
    assert sent(harness) == []
    await harness.store.preferences.save(replace(chosen, reminder_minutes=60))
    await pass_minutes(harness, reminders, 1)
    assert [notice.left for notice in sent(harness)] == ["36"]


async def test_a_session_that_is_moved_is_announced_again(harness: Harness, reminders: Reminders):
    """At its new time. One that moved just before its reminder has only the later one."""
    await pass_minutes(harness, reminders, 29)
    later = AT + timedelta(minutes=30)
    harness.platform.registered = [evening(later)]
    await pass_minutes(harness, reminders, 5)
    assert sent(harness) == []
    await pass_minutes(harness, reminders, 30)
    assert [notice.starts for notice in sent(harness)] == [later.isoformat()]


async def cancel(harness: Harness) -> None:
    harness.platform.registered = []


async def leave(harness: Harness) -> None:
    await harness.store.people.forget(ANA)


async def lose_login(harness: Harness) -> None:
    await harness.store.links.mark_refused(link(), NOON)


async def be_refused(harness: Harness) -> None:
    harness.platform.errors["registered"] = [TokenRefused()] * 9


async def want_quiet(harness: Harness) -> None:
    hours = {"quiet_from": 12 * 60, "quiet_to": 14 * 60}
    await harness.store.preferences.save(
        Preferences(person=ANA, person_epoch=epoch_of(ANA), **hours)
    )


@pytest.mark.parametrize("change", [cancel, leave, lose_login, be_refused, want_quiet])
async def test_nobody_is_reminded_in_vain(
    harness: Harness, reminders: Reminders, change: Callable[[Harness], Awaitable[None]]
):
    """Not of a session that they are not in any more, without a login, or in quiet hours."""
    await pass_minutes(harness, reminders, 29)
    await change(harness)
    await pass_minutes(harness, reminders, 20)
    assert sent(harness) == []


async def test_a_platform_that_does_not_answer_delays(harness: Harness, reminders: Reminders):
    """The reminder is sent as soon as the platform says that the session is as planned."""
    await pass_minutes(harness, reminders, 29)
    harness.platform.errors["registered"] = [ServerFailed()] * 9
    await pass_minutes(harness, reminders, 1.5)
    assert sent(harness) == []
    await harness.pass_time(120)
    assert [notice.left for notice in sent(harness)] in (["8"], ["9"])


@pytest.mark.parametrize("error", [ServerFailed(), TokenRefused(), None])
async def test_a_read_that_is_lost_is_made_again(
    harness: Harness, reminders: Reminders, error: Exception | None
):
    """In a minute, if the platform failed or the process ended; a refused login only later."""
    harness.clock.time = AT - TEN + timedelta(seconds=30)
    if error is not None:
        harness.platform.errors["registered"] = [error]
        await reminders.tick(ANA.team)
    else:
        now = harness.clock.now()
        assert await harness.store.plans.claim_reads(ANA.team, now, now - READ_AGE, 1) == [ANA]
    await pass_minutes(harness, reminders, 1)
    assert sent(harness) == []
    await pass_minutes(harness, reminders, 0.5)
    is_refused = isinstance(error, TokenRefused)
    assert [notice.left for notice in sent(harness)] == ([] if is_refused else ["8"])


async def test_a_late_reminder_is_none(harness: Harness, reminders: Reminders):
    """While the platform is away until the start, nothing is sent, and nothing afterwards."""
    await pass_minutes(harness, reminders, 29)
    harness.platform.errors["registered"] = [ServerFailed()] * 500
    await pass_minutes(harness, reminders, 2)
    await harness.pass_time(3600)
    harness.platform.errors["registered"] = []
    await harness.pass_time(600)
    assert sent(harness) == []


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(minutes=32), timedelta(days=1)])
async def test_a_clock_that_jumps_sends_one_at_most(
    harness: Harness, reminders: Reminders, jump: timedelta
):
    """Back and forth: one reminder, or none if the session has begun meanwhile."""
    await pass_minutes(harness, reminders, 1)
    harness.clock.time += jump
    await pass_minutes(harness, reminders, 2)
    due = jump == timedelta(minutes=32)
    assert len(sent(harness)) == due
    harness.clock.time = AT - TEN
    await pass_minutes(harness, reminders, 1)
    harness.clock.time = NOON
    await pass_minutes(harness, reminders, 45)
    assert len(sent(harness)) == 1


async def test_people_ask_for_a_reminder(harness: Harness, reminders: Reminders):
    """Of a session that they have not joined; not this time, and after all; not of an open one."""
    harness.platform.registered = []
    asked = await reminders.ask(link(), evening())
    assert asked is not None
    assert asked.minutes == 10
    assert asked.calendar.startswith("https://bot.example/files/")
    off = await reminders.cancel(link(), TEA)
    assert off is not None
    await pass_minutes(harness, reminders, 31)
    assert sent(harness) == []
    await reminders.ask(link(), evening())
    await pass_minutes(harness, reminders, 1)
    assert [notice.joined for notice in sent(harness)] == ["False"]
    assert await reminders.ask(link(), evening(NOON - TEN)) is None
    assert await reminders.ask(link(), replace(evening(), starts_at=None)) is None
    assert await reminders.cancel(link(), COFFEE) is None


async def test_a_reminder_at_another_event_is_cancelled(harness: Harness, reminders: Reminders):
    """The button of an event that is not active any more is about a session of that event."""
    await reminders.ask(link(), evening())
    summit = link(event="summit")
    await harness.store.links.save(summit)
    assert await reminders.cancel(summit, TEA) is None
    assert await reminders.cancel(summit, TEA, EXPO) is not None
    plan = await harness.store.plans.get(ANA, EXPO, TEA)
    assert plan is not None
    assert not plan.is_wanted


async def test_a_full_session_is_not_announced(harness: Harness, reminders: Reminders):
    """To somebody who asked for it, but has no place."""
    harness.platform.registered = []
    await reminders.ask(link(), evening())
    harness.platform.programme = [evening(capacity=2, taken=2)]
    await pass_minutes(harness, reminders, 35)
    assert sent(harness) == []


async def test_a_session_joined_here_is_remembered(harness: Harness, reminders: Reminders):
    """At once, and without another request."""
    harness.platform.programme = [evening()]
    await harness.sessions.register(link(), evening())
    plan = await harness.store.plans.get(ANA, EXPO, TEA)
    assert plan is not None
    assert plan.joined
    assert harness.asked("registered") == []


async def test_the_platform_is_asked_now_and_then(harness: Harness, reminders: Reminders):
    """Once in a quarter of an hour for each person, whatever the number of processes."""
    harness.platform.registered = []
    both = (reminders, reminders_of(harness))
    for _ in range(round(READ_AGE.total_seconds() / TICK_SECONDS) * 2):
        for each in both:
            await each.tick(ANA.team)
        harness.clock.advance(TICK_SECONDS)
    assert len(harness.asked("registered")) == 2
