"""Leaving a session: repeated until the platform confirms it, so that nobody waits for a ghost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from slackbot.domain.errors import (
    PlatformError,
    ServerFailed,
    SessionNotFound,
    SessionNotLive,
    TimedOut,
    TokenRefused,
    Unreachable,
)
from slackbot.domain.model import Departure, EventSlug, SessionId, State
from slackbot.services import leaving
from slackbot.services.leaving import MAX_AGE
from tests.harness.fakes import ANA, BEN, NOON, TEA, link, report, session, until
from tests.harness.services import Harness, Outside

LEFT = "status 7 LEFT"
AVAILABLE = "status 7 CHECK_IN_AVAILABLE"
MOVED = ["status 8 CHECK_IN_AVAILABLE"]


@pytest.fixture
async def repeating(harness: Harness) -> AsyncIterator[None]:
    """The repetition of departures of people who stay linked."""
    running = asyncio.create_task(harness.leaving.run(ANA.team))
    yield
    running.cancel()


async def move(harness: Harness, *errors: PlatformError) -> None:
    """Move from one session to the other while leaving the first meets these errors."""
    await harness.available(session(), session(TEA, "Tea"))
    harness.platform.errors["status"] = [errors[0]]
    await harness.availabilities.start(ANA, "tea")
    harness.platform.errors["status"] = list(errors[1:])
    await harness.let_run()


# --- people who stay linked ----------------------------------------------------------------------


async def test_a_process_that_dies_holds_up_only_what_it_has_begun(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
):
    """Departures that wait for their turn there are repeated elsewhere at once."""
    await move(harness, TimedOut())
    team = ANA.team
    monkeypatch.setattr(leaving, "TRIES_AT_ONCE", 0)
    dying = asyncio.create_task(replace(harness.leaving).run(team))
    await harness.let_run()
    assert harness.asked("status") == [LEFT, *MOVED]
    dying.cancel()
    elsewhere = asyncio.create_task(harness.leaving.run(team))
    await harness.let_run()
    elsewhere.cancel()
    assert harness.asked("status") == [LEFT, *MOVED, LEFT]


async def test_a_session_that_was_moved_from_is_left_in_the_end(harness: Harness, repeating: None):
    """An unconfirmed LEFT is repeated, and then no more."""
    await move(harness, TimedOut(), Unreachable(), ServerFailed(status=500))
    await harness.pass_time(60, step=1)
    assert harness.asked("status") == [LEFT, *MOVED, LEFT, LEFT, LEFT]
    assert await harness.store.departures.list_of(ANA) == []
    kept = await harness.store.availabilities.get(ANA)
    assert kept is not None
    assert (kept.session_id, kept.state) == (TEA, State.AVAILABLE)


async def test_a_round_is_left_once_it_is_over(harness: Harness, repeating: None):
    """Until then, leaving might end the call; afterwards the platform may pair them again."""
    await harness.available()
    harness.feed.send(ANA, report(round_seconds=120))
    await harness.quiet()
    await harness.availabilities.pause(ANA)
    await harness.pass_time(119, step=1)
    assert harness.asked("status") == []
    await harness.pass_time(10, step=1)
    assert harness.asked("status") == [LEFT]
    assert await harness.store.departures.list_of(ANA) == []


async def test_who_is_back_by_the_end_of_the_round_stays(harness: Harness, repeating: None):
    """They changed their mind in the call."""
    await harness.available()
    harness.feed.send(ANA, report(round_seconds=120))
    await harness.quiet()
    await harness.availabilities.pause(ANA)
    await harness.availabilities.start(ANA, "")
    await harness.pass_time(130, step=1)
    assert harness.asked("status") == [AVAILABLE]


async def test_after_a_round_a_pause_leaves_at_once(harness: Harness):
    """And is repeated if the platform does not confirm it, as is any other."""
    await harness.available()
    harness.feed.send(ANA, report(round_seconds=120))
    await harness.pass_time(121)
    harness.journal.clear()
    harness.platform.errors["status"] = [TimedOut()]
    status = await harness.availabilities.pause(ANA)
    assert (harness.asked("status"), status.confirmed) == ([LEFT], False)
    await harness.pass_time(120)
    assert harness.asked("status") == [LEFT, LEFT]
    assert await harness.store.availabilities.get(ANA) is None


async def test_a_departure_outlives_the_process(harness: Harness, outside: Outside):
    """The next process repeats it, with the link as it is then."""
    await move(harness, TimedOut())
    await harness.aclose()
    await outside.store.links.save(link(credential_digest="e" * 64))
    again = Harness(outside)
    again.journal.clear()
    running = asyncio.create_task(again.leaving.run(ANA.team))
    await again.pass_time(5)
    running.cancel()
    assert again.asked("status") == [LEFT]
    assert outside.platform.links[-1].credential_digest == "e" * 64
    await again.aclose()


async def test_two_processes_repeat_it_once(outside: Outside):
    """Each departure that is due is claimed by one of them."""
    runs = [Harness(outside), Harness(outside)]
    await move(runs[0], TimedOut())
    outside.journal.clear()
    running = [asyncio.create_task(run.leaving.run(ANA.team)) for run in runs]
    await runs[0].pass_time(30)
    assert runs[0].asked("status") == [LEFT]
    for task in running:
        task.cancel()
    for run in runs:
        await run.aclose()


async def test_back_in_the_session_it_is_not_left(harness: Harness, repeating: None):
    """Who is available there again takes the departure back."""
    await move(harness, TimedOut(), *[Unreachable()] * 20)
    await harness.pass_time(5)
    harness.platform.errors["status"] = []
    await harness.availabilities.start(ANA, "coffee")
    harness.journal.clear()
    await harness.pass_time(120, step=1)
    assert harness.asked("status") == []


async def test_left_that_arrives_after_the_return_is_made_up_for(harness: Harness):
    """The person came back while LEFT was under way elsewhere: AVAILABLE is set again."""
    await harness.available()
    back = await harness.store.availabilities.get(ANA)
    assert back is not None
    await harness.store.availabilities.end(ANA)
    await harness.store.departures.add(departure := left(), NOON)
    harness.platform.gates["status"] = asyncio.Event()
    retry = asyncio.create_task(harness.leaving._retry(departure))
    await until(lambda: harness.asked("status"))
    await harness.leaving.come_back(ANA, departure.session_id)
    await harness.store.availabilities.save(back)
    harness.platform.gates["status"].set()
    await retry
    assert harness.asked("status") == [LEFT, AVAILABLE]


def left() -> Departure:
    return Departure(
        person=ANA,
        person_epoch=link().person_epoch,
        event=link().event,
        session_id=SessionId(7),
        left_at=NOON,
    )


@pytest.mark.parametrize("error", [SessionNotLive(status=407), SessionNotFound(status=404)])
async def test_a_session_that_is_over_needs_no_leaving(
    harness: Harness, repeating: None, error: PlatformError
):
    """The platform says that there is nothing to leave: that confirms it."""
    await move(harness, error)
    await harness.pass_time(60, step=1)
    assert harness.asked("status") == [LEFT, *MOVED]


async def test_a_departure_has_an_end(harness: Harness, repeating: None):
    """A platform that never confirms is asked ever more rarely, and for half a day."""
    await move(harness, *[Unreachable()] * 1_000)
    await harness.pass_time(MAX_AGE.total_seconds() + 600, step=60)
    assert 20 < len(harness.asked("status")) < 200
    assert await harness.store.departures.list_of(ANA) == []


async def test_a_departure_waits_for_an_accepted_token(harness: Harness, repeating: None):
    """With a refused token nothing is tried until the person connects again."""
    await move(harness, TimedOut())
    await harness.store.links.mark_refused(link(), NOON)
    harness.journal.clear()
    await harness.pass_time(30)
    assert harness.asked("status") == []
    await harness.store.links.save(link(credential_digest="e" * 64))
    await harness.pass_time(60)
    assert harness.asked("status").count(LEFT) == 1


async def test_whom_no_message_reaches_leaves_surely(harness: Harness, repeating: None):
    """The availability of an unreachable person ends, and LEFT is repeated."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    await harness.monitor.end_unreachable(ANA)
    await harness.pass_time(10)
    assert harness.asked("status") == [LEFT, LEFT]


# --- people who are deleted ----------------------------------------------------------------------


async def test_a_disconnect_is_repeated_from_memory(harness: Harness):
    """Nothing is kept of the person; LEFT is repeated all the same, with the deleted token."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut(), Unreachable()]
    assert await harness.accounts.disconnect(ANA)
    assert not await harness.leaving.confirms(ANA, 1.0)
    assert await harness.store.links.get(ANA) is None
    await harness.pass_time(30, step=1)
    assert harness.asked("status") == [LEFT] * 3
    assert harness.clock.sleepers == {}


async def test_whoever_connects_again_is_not_left(harness: Harness):
    """A LEFT of before that is repeated from memory ends with their return."""
    await harness.available()
    harness.platform.errors["status"] = [Unreachable()] * 3
    await harness.accounts.disconnect(ANA)
    await harness.let_run()
    harness.platform.errors["status"] = []
    await harness.available()
    harness.journal.clear()
    await harness.pass_time(120, step=1)
    assert harness.asked("status") == []


async def test_a_confirmed_disconnect_is_said_once(harness: Harness):
    """The first answer is a yes: the person hears nothing of it."""
    await harness.available()
    await harness.accounts.disconnect(ANA)
    assert await harness.leaving.confirms(ANA, 1.0)
    await harness.pass_time(30, step=1)
    assert harness.asked("status") == [LEFT]


async def test_a_platform_that_does_not_answer_confirms_nothing(harness: Harness):
    """The answer to the disconnect does not wait for it."""
    await harness.available()
    harness.platform.gates["status"] = asyncio.Event()
    await harness.accounts.disconnect(ANA)
    assert not await harness.leaving.confirms(ANA, 0.01)
    harness.platform.gates["status"].set()
    await harness.quiet()


async def test_a_disconnect_leaves_every_session(harness: Harness):
    """Also the one that was moved from and is not confirmed yet; not the one of a meeting."""
    await move(harness, TimedOut())
    harness.journal.clear()
    await harness.accounts.disconnect(ANA)
    await harness.quiet()
    assert sorted(harness.asked("status")) == [LEFT, "status 8 LEFT"]
    await harness.available()
    harness.feed.send(ANA, report())
    await harness.quiet()
    await harness.accounts.disconnect(ANA)
    await harness.quiet()
    assert harness.asked("status") == []


async def test_a_refused_token_is_not_tried_again(harness: Harness):
    """The platform does not know the person any more: nothing can be left with this token."""
    await harness.available()
    harness.platform.errors["status"] = [Unreachable(), TokenRefused(status=401)]
    await harness.accounts.disconnect(ANA)
    await harness.pass_time(60)
    assert harness.asked("status") == [LEFT] * 2


async def test_another_account_leaves_with_the_old_one(harness: Harness):
    """The new link cannot leave for the old account, so that is kept in memory until it has."""
    await harness.available()
    harness.platform.errors["status"] = [TimedOut()]
    harness.platform.grant = replace(harness.platform.grant, account_id=99)
    magic = "https://www.accelevents.com/e/expo/portal?userKey=a1b2c3d4e5f6a7b8"
    assert (await harness.accounts.connect(ANA, "expo", magic)).account_id == 99
    await harness.pass_time(30, step=1)
    assert harness.asked("status") == [LEFT] * 2
    assert {used.account_id for used in harness.platform.links[-2:]} == {link().account_id}


async def test_the_end_of_the_process_does_not_wait(harness: Harness):
    """What is repeated from memory is given up at the end."""
    await harness.available()
    harness.platform.errors["status"] = [Unreachable()] * 100
    await harness.accounts.disconnect(ANA)
    await harness.pass_time(30)
    await asyncio.wait_for(harness.leaving.aclose(), 1)
    assert harness.clock.sleepers == {}


async def test_a_removed_workspace_leaves_what_is_unconfirmed_too(harness: Harness):
    """Somebody who changed the session just before the app was removed is in neither."""
    await move(harness, TimedOut())
    harness.journal.clear()
    await harness.accounts.forget_workspace(ANA.team)
    await harness.pass_time(1)
    assert sorted(harness.asked("status")) == ["status 7 LEFT", f"status {TEA} LEFT"]


async def test_a_removed_workspace_leaves_all_its_sessions(harness: Harness):
    """Everybody who was available is taken out of the pool, with a link that is deleted."""
    for person in (ANA, BEN):
        await harness.available(person=person)
    harness.platform.errors["status"] = [TimedOut()]
    await harness.accounts.forget_workspace(ANA.team)
    await harness.pass_time(20)
    assert harness.asked("status") == [LEFT] * 3
    assert {used.person for used in harness.platform.links[-3:]} == {ANA, BEN}


async def test_a_removed_workspace_leaves_who_is_available_first(harness: Harness):
    """Their partners would wait; of the departures, even very many are left too."""
    await harness.linked(person=BEN)
    epoch = link(BEN).person_epoch
    many = [
        replace(left(), person=BEN, person_epoch=epoch, session_id=SessionId(number))
        for number in range(100, 160)
    ]
    for each in many:
        await harness.store.departures.add(each, NOON)
    await harness.available()
    await harness.accounts.forget_workspace(ANA.team)
    await harness.pass_time(10)
    asked = harness.asked("status")
    assert asked[0] == LEFT
    assert sorted(asked[1:]) == sorted(f"status {each.session_id} LEFT" for each in many)


@pytest.mark.parametrize("removed", ["person", "workspace"])
async def test_an_old_events_session_is_not_left_with_a_new_link(harness: Harness, removed: str):
    """The link is for another event, whose platform does not know the session."""
    await harness.linked()
    await harness.store.departures.add(
        replace(left(), event=EventSlug("last-year"), session_id=SessionId(99)), NOON
    )
    await harness.available()
    if removed == "person":
        await harness.accounts.disconnect(ANA)
    else:
        await harness.accounts.forget_workspace(ANA.team)
    await harness.pass_time(10)
    assert harness.asked("status") == [LEFT]
