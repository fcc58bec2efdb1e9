"""Sessions: listing them, finding the one that is meant, joining it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from slackbot.domain.errors import (
    AmbiguousSession,
    NoSuchSession,
    NotLinked,
    OtherEvent,
    SessionError,
    SessionFull,
    SessionNotFound,
    TokenRefused,
)
from slackbot.domain.model import SessionScope
from slackbot.domain.sessions import SessionFilter
from slackbot.services.sessions import View
from tests.harness.fakes import ANA, NOON, link, session
from tests.harness.services import Harness

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
async def test_each_view_shows_its_sessions(harness: Harness, view: View, shown: list[int]):
    """Each view filters by the sessions' times; `mine` has every phase."""
    await harness.linked(OVER, LATER, LIVE)
    harness.platform.registered = [OVER, LATER]
    listing = await harness.sessions.listing(ANA, view)
    assert [s.id for s in listing.sessions] == shown
    assert (listing.event, listing.view, listing.availability) == (link().event, view, None)


async def test_the_platforms_live_list_wins(harness: Harness):
    """The current view merges both lists; a session in both is the live list's."""
    await harness.linked(LIVE, LATER)
    listing = await harness.sessions.listing(ANA, View.CURRENT)
    assert sorted(harness.asked("sessions")) == ["sessions live", "sessions upcoming"]
    assert len(listing.sessions) == 2


async def test_a_listing_has_the_persons_availability(harness: Harness):
    """The availability comes with the sessions, as their buttons depend on it."""
    await harness.available(LIVE)
    listing = await harness.sessions.listing(ANA, View.LIVE)
    assert listing.availability is not None
    assert listing.availability.session_id == LIVE.id


async def test_nobody_lists_without_an_account(harness: Harness):
    """Without a link no call is made; a refused token is noted."""
    with pytest.raises(NotLinked):
        await harness.sessions.listing(ANA, View.LIVE)
    assert harness.journal == []
    await harness.linked()
    harness.platform.errors["registered"] = [TokenRefused(status=401)]
    with pytest.raises(TokenRefused):
        await harness.sessions.listing(ANA, View.MINE)
    kept = await harness.store.links.get(ANA)
    assert kept is not None
    assert kept.refused_at is not None


async def test_live_sessions_are_searched_first(harness: Harness):
    """A live session is found with one call, any other with two."""
    current = await harness.linked(LIVE, LATER)
    assert await harness.sessions.find(current, "coffee") == LIVE
    assert harness.asked("sessions") == ["sessions live"]
    harness.journal.clear()
    assert await harness.sessions.find(current, "mixer") == LATER
    assert harness.asked("sessions") == ["sessions live", "sessions upcoming"]


async def test_the_other_list_is_read_unless_a_live_session_is_certain(harness: Harness):
    """A title that is only similar to a live one's is looked for among the upcoming ones."""
    pizza = session(5, "🍕 Coffee", starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    current = await harness.linked(LIVE, pizza)
    assert await harness.sessions.find(current, "🍕 coffee") == pizza
    assert harness.asked("sessions") == ["sessions live", "sessions upcoming"]
    for certain in ("1", "COFFEE", f"https://x.example/e/{current.event}/portal/schedule/1"):
        harness.journal.clear()
        assert await harness.sessions.find(current, certain) == LIVE
        assert harness.asked("sessions") == ["sessions live"]


async def test_an_unlisted_id_is_for_the_platform_to_judge(harness: Harness):
    """An id may be of a session that is not listed, so it is passed on; words are not."""
    current = await harness.linked(LIVE)
    assert (await harness.sessions.find(current, "77")).id == 77
    with pytest.raises(NoSuchSession):
        await harness.sessions.find(current, "tea")


async def test_the_id_of_a_keynote_is_refused(harness: Harness):
    """Nobody is registered for it, or made available in it."""
    await harness.linked(LIVE)
    harness.platform.others = [session(77, "Opening keynote")]
    for ask in (harness.sessions.join, harness.availabilities.start):
        with pytest.raises(NoSuchSession) as refused:
            await ask(ANA, "77")
        assert refused.value.other == "Opening keynote"
    assert harness.asked("join", "status") == []


async def test_one_of_two_live_sessions_is_not_guessed(harness: Harness):
    """An empty query is ambiguous while two sessions are live; no other list is fetched."""
    current = await harness.linked(LIVE, session(4, "Tea"))
    with pytest.raises(AmbiguousSession):
        await harness.sessions.find(current, "")
    assert harness.asked("sessions") == ["sessions live"]


async def test_joining_registers_and_names_the_session(harness: Harness):
    """The platform registers the person; joining again gives the same result."""
    await harness.linked(LIVE)
    for _ in range(2):
        assert await harness.sessions.join(ANA, "coffee") == LIVE
    assert harness.asked("join") == ["join 1", "join 1"]


@pytest.mark.parametrize("error", [SessionFull(status=406), SessionNotFound(status=404)])
async def test_a_refused_join_names_the_session(harness: Harness, error: SessionFull):
    """A refusal knows the session, so that its sentence can name it."""
    await harness.linked(LIVE)
    harness.platform.errors["join"] = [error]
    with pytest.raises(SessionError) as refused:
        await harness.sessions.join(ANA, "")
    assert (refused.value.session, refused.value.cause) == (LIVE, error)


def test_every_view_but_two_is_a_scope_of_the_platform():
    """A view is requested by its own name, so the names must be equal."""
    assert {view.value for view in View} - {s.value for s in SessionScope} == {"current", "mine"}


async def test_a_filtered_list_counts_what_it_leaves_out(harness: Harness):
    """What the filter does not keep is counted, so that the answer can offer it."""
    await harness.linked(LIVE, LATER)
    listing = await harness.sessions.listing(ANA, View.CURRENT, SessionFilter(words="mixer"))
    assert ([s.id for s in listing.sessions], listing.left_out) == ([2], 1)


async def test_the_link_of_another_event_is_not_searched(harness: Harness):
    """Its id may belong to any session of ours; the event's own links work in any case."""
    current = await harness.linked(LIVE, LATER)
    with pytest.raises(OtherEvent) as refused:
        await harness.sessions.find(current, "https://www.accelevents.com/e/other/portal/1")
    assert refused.value.event == "other"
    assert harness.journal == []
    link_to_it = f"https://www.accelevents.com/e/{current.event.upper()}/portal/schedule/1"
    assert await harness.sessions.find(current, link_to_it) == LIVE
