from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from accelevents_visit import ALL, EVENT, LIST, visit

from slackbot.sandbox.accelevents import Accelevents, Dials, Session

LIVE = [11645, 11646, 11647, 11648, 11649]


def ids(answer: httpx.Response):
    return [row["sessionId"] for row in answer.json()["data"]]


async def test_without_flags_only_live_sessions_are_listed():
    """The list of networking sessions holds what runs now, and nothing else."""
    async with visit() as here:
        answer = await here.get(LIST, sessionFormat="MEET_UP")
        assert ids(answer) == LIVE
        assert answer.json()["recordsFiltered"] == 5


async def test_without_the_format_other_sessions_are_listed_too():
    """The keynote is live as well: asking for MEET_UP makes a difference."""
    async with visit() as here:
        assert {11640, *LIVE} == set(ids(await here.get(LIST)))


async def test_past_lists_past_sessions_alone():
    """``past=true`` leaves only what is over."""
    async with visit() as here:
        assert ids(await here.get(LIST, past="true", sessionFormat="MEET_UP")) == [11651]


async def test_past_and_upcoming_lists_everything():
    """``showPastAndUpcoming=true`` has sessions over, live and to come."""
    async with visit() as here:
        listed = ids(await here.get(LIST, **ALL, sessionFormat="MEET_UP"))
        assert {11651, 11645, 11650} < set(listed)
        assert 11640 not in listed


async def test_pages_are_zero_based_and_disjoint():
    """All pages together are the whole list, in order, and the page after the last is empty."""
    async with visit() as here:
        flags = {"showPastAndUpcoming": "true", "sessionFormat": "MEET_UP"}
        pages = [ids(await here.get(LIST, **flags, size=8, page=number)) for number in range(4)]
        whole = ids(await here.get(LIST, **flags, size=100))
        assert whole == [number for page in pages for number in page]
        assert [len(page) for page in pages] == [8, 8, 3, 0]


async def test_the_envelope_is_the_documented_one():
    """Totals, data, error and the two flags, under their documented names."""
    async with visit() as here:
        body = (await here.get(LIST, sessionFormat="MEET_UP", size=1)).json()
        assert [
            body[name]
            for name in (
                "recordsTotal",
                "recordsFiltered",
                "error",
                "pastSession",
                "upComingSession",
            )
        ] == [21, 5, None, True, True]
        assert {"recordsTotal", "recordsFiltered", "data", "error", "pastSession"} < set(body)


async def test_a_row_has_the_fields_of_the_guide():
    """The first session is the guide's sample, with counts as other samples have them."""
    async with visit() as here:
        row = (await here.get(LIST, sessionFormat="MEET_UP")).json()["data"][0]
        assert row["title"] == "First Network Session"
        assert [
            {name: track[name] for name in ("id", "name", "color")} for track in row["tracks"]
        ] == [{"id": 733, "name": "Second track", "color": "#0094ff"}]
        assert (row["capacity"], row["sessionStats"]["registeredUserCount"]) == (40, 12)
        assert {"exihiborList", "streamUrl", "meetingPassword", "format"} < set(row)


async def test_a_session_that_knows_no_counts_leaves_them_out():
    """Where the guide's sample has no capacity, there is none to read."""
    async with visit() as here:
        row = (await here.get(LIST, sessionFormat="MEET_UP")).json()["data"][1]
        assert row["location"] == "Main hall"
        assert "capacity" not in row


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
async def test_times_are_written_in_the_events_zone(zone: str):
    """Start and end are local times of the chosen zone, to the minute, without the zone."""
    async with visit(Dials(zone=zone)) as here:
        row = (await here.get(LIST, sessionFormat="MEET_UP")).json()["data"][0]
        session = here.world.session(11645)
        expected = [
            moment.astimezone(ZoneInfo(zone)).strftime("%Y/%m/%d %H:%M")
            for moment in (session.starts, session.ends)
        ]
        assert expected == [row["startTime"], row["endTime"]]


async def test_tracks_can_be_asked_for():
    """``trackIds`` narrows the list."""
    async with visit() as here:
        assert ids(await here.get(LIST, **ALL, trackIds="733")) == [11645, 11650]


async def test_my_sessions_are_those_i_joined():
    """After a join the session is in my own list, with my ticket's number on it."""
    async with visit() as here:
        path = f"{EVENT}/user-session/registered"
        assert ids(await here.get(path)) == []
        await here.join(11646)
        mine = await here.get(path, sessionFormat="MEET_UP", showPastAndUpcoming="true")
        assert ids(mine) == [11646]
        ticket = here.world.attendee("ada").tickets[0].id
        assert [ticket] == mine.json()["data"][0]["currentUserRegisteredEventTicketId"]
        assert ids(await here.get(path, who="priya")) == []


@pytest.mark.parametrize(
    "query",
    [{"page": "-1"}, {"size": "0"}, {"size": "many"}, {"sessionFormat": "MEETUP"}, {"sizes": "5"}],
)
async def test_malformed_queries_are_400(query: Any):
    """A value out of range, and a name that does not exist, are refused and named."""
    async with visit() as here:
        answer = await here.get(LIST, **query)
        assert answer.status_code == 400
        assert next(iter(query)) in answer.json()["message"]


async def test_sessions_can_be_moved_in_time():
    """A session that was to come is listed as live, and as past, when a test says so."""
    async with visit() as here:
        here.world.move_session(11650, "live")
        assert 11650 in ids(await here.get(LIST))
        here.world.move_session(11650, "past")
        assert 11650 in ids(await here.get(LIST, past="true"))
        here.world.move_session(11650, "upcoming")
        assert here.world.session(11650).is_upcoming(here.world.now())


async def test_sessions_can_be_added():
    """A test may bring a session of its own, with any title."""
    async with visit() as here:
        now = here.world.now()
        here.world.event.add(Session(1, "<!here>", now - timedelta(1), now + timedelta(1)))
        row = (await here.get(LIST)).json()["data"][0]
        assert (row["sessionId"], row["title"]) == (1, "<!here>")


def test_hostile_names_are_taken_as_they_are():
    """Any text may be a name: it is the reader's task to be careful."""
    world = Accelevents()
    name = "<!channel> <https://x.example|click> *_~`\n\u202e"
    assert name == world.add_attendee("mallory", name).full_name
    assert world.attendee("mallory").user_id == 503


def test_an_attendee_is_added_once():
    """A second attendee under the same key is a mistake of the test."""
    with pytest.raises(ValueError, match="exists already"):
        Accelevents().add_attendee("ada", "Another Ada")
