"""Sessions: which are listed, which is meant, and joining it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.domain.errors import (
    AmbiguousSession,
    NoSuchSession,
    NotLinked,
    SessionFull,
    SessionNotFound,
    TokenRefused,
)
from slackbot.domain.model import SessionScope
from slackbot.services.sessions import View
from tests.fakes import ANA, NOON, link, session
from tests.workbench import Bench

HOUR = timedelta(hours=1)
LIVE = session(1, "Coffee")
LATER = session(2, "Evening mixer", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
OVER = session(3, "Warm-up", starts_at=NOON - 2 * HOUR, ends_at=NOON - HOUR)


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (View.CURRENT, [1, 2]),
        (View.LIVE, [1]),
        (View.UPCOMING, [2]),
        (View.PAST, [3]),
        (View.MINE, [2, 3]),
    ],
)
async def test_each_view_shows_its_sessions(bench: Bench, view: View, shown: list[int]):
    """By the times, whatever else the platform's list holds; one's own in every phase."""
    await bench.linked(OVER, LATER, LIVE)
    bench.platform.registered = [OVER, LATER]
    listing = await bench.sessions.listing(ANA, view)
    assert [s.id for s in listing.sessions] == shown
    assert (listing.event, listing.view, listing.availability) == (link().event, view, None)


async def test_what_the_platform_calls_live_wins(bench: Bench):
    """The current view asks for both lists; of one session in both, the live list's is shown."""
    await bench.linked(LIVE, LATER)
    listing = await bench.sessions.listing(ANA, View.CURRENT)
    assert sorted(bench.asked("sessions")) == ["sessions live", "sessions upcoming"]
    assert len(listing.sessions) == 2


async def test_a_listing_knows_where_the_person_stands(bench: Bench):
    """The buttons of a card depend on it, so it comes with the sessions."""
    await bench.available(LIVE)
    listing = await bench.sessions.listing(ANA, View.LIVE)
    assert listing.availability is not None
    assert listing.availability.session_id == LIVE.id


async def test_nobody_lists_without_an_account(bench: Bench):
    """Without a link nothing is asked; a token refused on the way is noted."""
    with pytest.raises(NotLinked):
        await bench.sessions.listing(ANA, View.LIVE)
    assert bench.journal == []
    await bench.linked()
    bench.platform.errors["registered"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await bench.sessions.listing(ANA, View.MINE)
    kept = await bench.store.link(ANA)
    assert kept is not None
    assert kept.refused_at is not None


async def test_live_sessions_are_looked_through_first(bench: Bench):
    """A session that is live is found with one call, any other with a second."""
    current = await bench.linked(LIVE, LATER)
    assert await bench.sessions.find(current, "coffee") == LIVE
    assert bench.asked("sessions") == ["sessions live"]
    bench.journal.clear()
    assert await bench.sessions.find(current, "mixer") == LATER
    assert bench.asked("sessions") == ["sessions live", "sessions upcoming"]


async def test_an_id_that_no_list_has_is_for_the_platform_to_judge(bench: Bench):
    """It may be a session that lists leave out, so the id is passed on; words are not."""
    current = await bench.linked(LIVE)
    assert (await bench.sessions.find(current, "77")).id == 77
    with pytest.raises(NoSuchSession):
        await bench.sessions.find(current, "tea")


async def test_two_live_sessions_are_not_guessed_between(bench: Bench):
    """Saying nothing while two are live asks which; no further list is fetched."""
    current = await bench.linked(LIVE, session(4, "Tea"))
    with pytest.raises(AmbiguousSession):
        await bench.sessions.find(current, "")
    assert bench.asked("sessions") == ["sessions live"]


async def test_joining_registers_and_names_the_session(bench: Bench):
    """The platform is asked to register; joining again gives the same answer."""
    await bench.linked(LIVE)
    for _ in range(2):
        assert await bench.sessions.join(ANA, "coffee") == LIVE
    assert bench.asked("join") == ["join 1", "join 1"]


@pytest.mark.parametrize("error", [SessionFull(status=406), SessionNotFound(status=404)])
async def test_a_refused_join_names_the_session(bench: Bench, error: SessionFull):
    """The sentence about a refusal can say which session it was."""
    await bench.linked(LIVE)
    bench.platform.errors["join"] = [error]
    with pytest.raises(type(error)) as refused:
        await bench.sessions.join(ANA, "")
    assert refused.value.session == LIVE


def test_every_view_but_two_is_a_scope_of_the_platform():
    """A view is asked for by its own name, so the names must be the same."""
    assert {view.value for view in View} - {s.value for s in SessionScope} == {"current", "mine"}
