"""Calendar entries: two parsers read the same session, in every zone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from slackbot.domain.model import EventSlug, SessionId
from slackbot.domain.plans import PlannedSession
from slackbot.domain.text import sanitize
from slackbot.services.calendar_entries import CalendarEntries
from tests.harness.fakes import ANA, EXPO, NOON, TEA, FakeClock, epoch_of
from tests.harness.services import open_store
from tests.harness.sizes import share

# The nights in which the clocks change in Berlin and in New York, and a common day.
MOMENTS = [
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC),
    datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
    NOON,
]
ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia"]
HOSTILE = st.text(max_size=80) | st.sampled_from([
    "BEGIN:VALARM\r\nEND:VALARM", "a;b,c\\n", "x" * 500, "\u2028", "Zoë ☕", "", "END:VCALENDAR",
])  # fmt: skip


class OnePlan:
    """A store of one planned session."""

    def __init__(self, plan: PlannedSession | None) -> None:
        self.plans, self._plan = self, plan

    async def get(self, *_: object) -> PlannedSession | None:
        return self._plan


def planned(starts_at: datetime, title: str = "Tea", location: str | None = None) -> PlannedSession:
    return PlannedSession(
        person=ANA,
        person_epoch=epoch_of(ANA),
        event=EXPO,
        session_id=TEA,
        session_title=title,
        location=location,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
    )


def url_of(event: EventSlug, session_id: SessionId) -> str:
    return f"https://hub.example/e/{event}/{session_id}"


def entry(plan: PlannedSession | None) -> bytes | None:
    """Return the file of a plan."""
    made = CalendarEntries(OnePlan(plan), FakeClock(), url_of, lambda _: "Expo")  # type: ignore[arg-type]
    file = asyncio.run(made.make(ANA, f"{TEA} {EXPO}"))
    return file.body if file is not None else None


@settings(max_examples=share(100), deadline=None)
@given(st.sampled_from(MOMENTS), HOSTILE, st.none() | HOSTILE)
def test_two_parsers_read_the_same(starts_at: datetime, title: str, location: str | None):
    """The times, also in nights when the clocks change, and whatever the title is."""
    body = entry(planned(starts_at, title, location))
    assert body is not None
    (first,) = icalendar.Calendar.from_ical(body).walk("VEVENT")
    second = vobject.readOne(body.decode()).vevent
    for zone in map(ZoneInfo, ZONES):
        expected = [starts_at.astimezone(zone), (starts_at + timedelta(hours=3)).astimezone(zone)]
        read = [first["dtstart"].dt.astimezone(zone), first["dtend"].dt.astimezone(zone)]
        assert [f"{at:%c %z}" for at in read] == [f"{at:%c %z}" for at in expected]
        other = [second.dtstart.value.astimezone(zone), second.dtend.value.astimezone(zone)]
        assert [f"{at:%c %z}" for at in other] == [f"{at:%c %z}" for at in expected]
    shown = sanitize(title) or "Expo"
    assert str(first["summary"]) == second.summary.value == shown
    assert str(first["url"]) == second.url.value == url_of(EXPO, TEA)
    assert len(icalendar.Calendar.from_ical(body).subcomponents) == 1
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")


def test_the_same_session_keeps_its_id():
    """So that a calendar replaces the entry of a session that was moved."""
    bodies = [entry(planned(at)) for at in MOMENTS]
    ids = {str(icalendar.Calendar.from_ical(b).walk("VEVENT")[0]["uid"]) for b in bodies if b}
    assert ids == {f"{TEA}.{EXPO}@slackbot"}
    for end in (None, NOON, NOON - timedelta(hours=1)):
        open_end = entry(replace(planned(NOON), ends_at=end))
        assert open_end is not None
        assert b"DTEND:20260504T130000Z" in open_end
    assert entry(None) is None


async def test_an_entry_is_its_persons():
    """A session that they have not planned has no entry."""
    async with open_store() as store:
        await store.plans.save([planned(NOON)])
        entries = CalendarEntries(store, FakeClock(), url_of, lambda _: "Expo")
        found = await entries.make(ANA, f"{TEA} {EXPO}")
        assert found is not None
        assert (found.name, found.media_type) == (
            f"session-{TEA}.ics",
            "text/calendar; charset=utf-8",
        )
        assert await entries.make(ANA, f"{TEA} other") is None
