from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from accelevents_harness import ALL, EVENT, LIST, running

from slackbot.sandbox.accelevents import Accelevents, Knobs, Session

LIVE = [11645, 11646, 11647, 11648, 11649]


def ids(answer: httpx.Response):
    return [row["sessionId"] for row in answer.json()["data"]]


async def test_without_flags_only_live_sessions_are_listed():
    """The list of networking sessions holds those that are live, and no others."""
    async with running() as here:
        answer = await here.get(LIST, sessionFormat="MEET_UP")
        assert ids(answer) == LIVE
        assert answer.json()["recordsFiltered"] == 5


async def test_without_the_format_other_sessions_are_listed_too():
    """The keynote is live as well: filtering by MEET_UP makes a difference."""
    async with running() as here:
        assert {11640, *LIVE} == set(ids(await here.get(LIST)))


async def test_past_lists_past_sessions_alone():
    """``past=true`` lists only past sessions."""
    async with running() as here:
        assert ids(await here.get(LIST, past="true", sessionFormat="MEET_UP")) == [11651]


async def test_past_and_upcoming_lists_everything():
    """``showPastAndUpcoming=true`` lists past, live and upcoming sessions."""
    async with running() as here:
        listed = ids(await here.get(LIST, **ALL, sessionFormat="MEET_UP"))
        assert {11651, 11645, 11650} < set(listed)
        assert 11640 not in listed


async def test_pages_are_zero_based_and_disjoint():
    """The pages together are the whole list in order; the page after the last is empty."""
    async with running() as here:
        flags = {"showPastAndUpcoming": "true", "sessionFormat": "MEET_UP"}
        pages = [ids(await here.get(LIST, **flags, size=8, page=number)) for number in range(4)]
        whole = ids(await here.get(LIST, **flags, size=100))
        assert whole == [number for page in pages for number in page]
        assert [len(page) for page in pages] == [8, 8, 3, 0]


async def test_the_envelope_is_the_documented_one():
    """Totals, data, error and the two flags have their documented names."""
    async with running() as here:
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
    """The first session is the guide's sample, with the counts of other samples."""
    async with running() as here:
        row = (await here.get(LIST, sessionFormat="MEET_UP")).json()["data"][0]
        assert row["title"] == "First Network Session"
        assert [
            {name: track[name] for name in ("id", "name", "color")} for track in row["tracks"]
        ] == [{"id": 733, "name": "Second track", "color": "#0094ff"}]
        assert (row["capacity"], row["sessionStats"]["registeredUserCount"]) == (40, 12)
        assert {"exihiborList", "streamUrl", "meetingPassword", "format"} < set(row)


async def test_a_session_without_a_capacity_has_no_counts():
    """The field is absent, as in the guide's sample."""
    async with running() as here:
        row = (await here.get(LIST, sessionFormat="MEET_UP")).json()["data"][1]
        assert row["location"] == "Main hall"
        assert "capacity" not in row


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
async def test_times_are_written_in_the_events_zone(zone: str):
    """Start and end are local times of the zone, to the minute, without the zone."""
    async with running(Knobs(zone=zone)) as here:
        row = (await here.get(LIST, sessionFormat="MEET_UP")).json()["data"][0]
        session = here.platform.session(11645)
        expected = [
            moment.astimezone(ZoneInfo(zone)).strftime("%Y/%m/%d %H:%M")
            for moment in (session.starts, session.ends)
        ]
        assert expected == [row["startTime"], row["endTime"]]


async def test_sessions_are_filtered_by_track():
    """``trackIds`` narrows the list."""
    async with running() as here:
        assert ids(await here.get(LIST, **ALL, trackIds="733")) == [11645, 11650]


async def test_my_sessions_are_those_i_joined():
    """A joined session is in the caller's own list, with their ticket id."""
    async with running() as here:
        path = f"{EVENT}/user-session/registered"
        assert ids(await here.get(path)) == []
        await here.join(11646)
        mine = await here.get(path, sessionFormat="MEET_UP", showPastAndUpcoming="true")
        assert ids(mine) == [11646]
        ticket = here.platform.attendee("ada").tickets[0].id
        assert [ticket] == mine.json()["data"][0]["currentUserRegisteredEventTicketId"]
        assert ids(await here.get(path, who="priya")) == []


@pytest.mark.parametrize(
    "query",
    [{"page": "-1"}, {"size": "0"}, {"size": "many"}, {"sessionFormat": "MEETUP"}, {"sizes": "5"}],
)
async def test_malformed_queries_are_400(query: Any):
    """A value out of range and an unknown name are refused, naming the parameter."""
    async with running() as here:
        answer = await here.get(LIST, **query)
        assert answer.status_code == 400
        assert next(iter(query)) in answer.json()["message"]


async def test_sessions_can_be_moved_in_time():
    """A test can make an upcoming session live, past and upcoming again."""
    async with running() as here:
        here.platform.move_session(11650, "live")
        assert 11650 in ids(await here.get(LIST))
        here.platform.move_session(11650, "past")
        assert 11650 in ids(await here.get(LIST, past="true"))
        here.platform.move_session(11650, "upcoming")
        assert here.platform.session(11650).is_upcoming(here.platform.now())


async def test_sessions_can_be_added():
    """A test can add its own session with any title."""
    async with running() as here:
        now = here.platform.now()
        here.platform.event.add(Session(1, "<!here>", now - timedelta(1), now + timedelta(1)))
        row = (await here.get(LIST)).json()["data"][0]
        assert (row["sessionId"], row["title"]) == (1, "<!here>")


async def test_events_can_be_added():
    """Each lists its own sessions, to the same people; another event is not found."""
    async with running() as here:
        now = here.platform.now()
        own = Session(1, "Ice breakers", now - timedelta(1), now + timedelta(1))
        here.platform.add_event("winter", "Winter Fair", [own])
        assert ids(await here.get("/rest/events/winter/session/v2")) == [1]
        assert 1 not in ids(await here.get(LIST, **ALL))
        assert (await here.put("/rest/events/winter/session/1")).status_code == 200
        assert (await here.put(f"{EVENT}/session/1")).status_code == 404
        assert (await here.get("/rest/events/expo/session/v2")).status_code == 404


def test_hostile_names_are_taken_as_they_are():
    """Any text may be a name; handling it safely is the client's task."""
    platform = Accelevents()
    name = "<!channel> <https://x.example|click> *_~`\n\u202e"
    assert name == platform.add_attendee("mallory", name).full_name
    assert platform.attendee("mallory").user_id == 503


def test_an_attendee_is_added_once():
    """A second attendee with the same key is an error."""
    with pytest.raises(ValueError, match="exists already"):
        Accelevents().add_attendee("ada", "Another Ada")
