from datetime import UTC, datetime
from typing import Any

import pytest
from accelevents_harness import EVENT, FIRST, running

from slackbot.sandbox.accelevents import Knobs


async def test_a_status_change_is_200_with_an_empty_body():
    """The response is void, as documented."""
    async with running() as here:
        await here.join(FIRST)
        answer = await here.set_status("CHECK_IN_AVAILABLE")
        assert (answer.status_code, answer.content) == (200, b"")
        assert here.platform.status_of("ada") == "CHECK_IN_AVAILABLE"


async def test_two_available_people_are_paired_at_once():
    """The second one's call makes the pair; both are in a meeting when it returns."""
    async with running() as here:
        await here.available("ada")
        assert here.platform.pairings == []
        await here.available("priya")
        assert here.platform.pairings[0].sides == ("ada", "priya")
        assert {"IN_MEETING"} == {here.platform.status_of(who) for who in ("ada", "priya")}


async def test_pairs_are_made_in_the_order_of_waiting():
    """Four people, two pairs: first with second, third with fourth."""
    async with running() as here:
        for who in ("kim", "lee"):
            here.platform.add_attendee(who, who.title())
        await here.available("lee", "ada", "priya", "kim")
        assert [p.sides for p in here.platform.pairings] == [("lee", "ada"), ("priya", "kim")]


async def test_being_available_twice_keeps_the_place():
    """Available twice is available once: nobody is paired with themselves."""
    async with running() as here:
        await here.available("ada", "ada")
        assert here.platform.networking.waiting_in(FIRST) == ["ada"]


@pytest.mark.parametrize("status", ["LEFT", "REGISTERED", "IN_MEETING", "PAST_SESSION_CHECK_IN"])
async def test_any_other_status_ends_the_waiting(status: Any):
    """Somebody with another status is no longer paired."""
    async with running() as here:
        await here.available("ada")
        await here.set_status(status)
        await here.available("priya")
        assert here.platform.pairings == []
        assert status == here.platform.status_of("ada")


async def test_one_person_waits_in_one_session():
    """Being available in a second session ends it in the first."""
    async with running() as here:
        await here.available("ada")
        await here.available("ada", session_id=11646)
        await here.available("priya")
        assert here.platform.pairings == []


async def test_the_same_two_may_meet_again():
    """A second round is a second pairing with its own meeting."""
    async with running() as here:
        await here.available("ada", "priya")
        await here.available("ada", "priya")
        one, two = here.platform.pairings
        assert one.meeting["MeetingId"] != two.meeting["MeetingId"]
        assert len(await here.matches("ada")) == 2


async def test_both_match_lists_have_the_documented_fields():
    """Each sees the other under the documented names."""
    async with running() as here:
        await here.available("ada", "priya")
        (row,) = await here.matches("ada")
        time = here.platform.pairings[0].at.strftime("%Y/%m/%d %H:%M")
        assert {
            "userIdOfMatch": 502,
            "fullName": "Priya Raman",
            "profileImage": "https://images.accelevents.example/priya-raman.png",
            "matTimeDate": time,
            "title": "Product lead",
            "company": "Northwind",
            "sessionId": FIRST,
            "matchStarted": True,
        } == row
        assert [row["userIdOfMatch"] for row in await here.matches("priya")] == [501]


async def test_the_match_list_has_its_own_zone_and_format():
    """The time in the list may have another format than the time in the event."""
    now = datetime(2030, 5, 1, 9, 30, 15, tzinfo=UTC)
    knobs = Knobs(list_zone="America/New_York", list_time_format="%d/%m/%Y %H:%M:%S")
    async with running(knobs, now=lambda: now) as here:
        await here.platform.pair("ada", "priya")
        assert (await here.matches())[0]["matTimeDate"] == "01/05/2030 05:30:15"


async def test_the_match_list_may_come_in_an_envelope():
    """With the knob set, the rows are in the envelope of the other lists."""
    async with running(Knobs(matches_envelope=True)) as here:
        await here.platform.pair("ada", "priya")
        assert (await here.matches())["data"][0]["userIdOfMatch"] == 502


@pytest.mark.parametrize("query", [{}, {"status": "READY"}, {"status": "LEFT", "state": "LEFT"}])
async def test_a_malformed_status_is_400(query: Any):
    """No status, an unknown one, a parameter too many."""
    async with running() as here:
        await here.join(FIRST)
        path = f"{EVENT}/user-session/{FIRST}/status"
        assert (await here.put(path, **query)).status_code == 400


async def test_status_and_matches_need_a_registration():
    """Both are 4068910 in a session that was not joined."""
    async with running() as here:
        status = await here.set_status("CHECK_IN_AVAILABLE")
        assert (status.status_code, status.json()["errorCode"]) == (406, 4068910)
        assert (await here.matches())["errorCode"] == 4068910


async def test_status_and_matches_of_an_unknown_session_are_not_found():
    """Both are 404800."""
    async with running() as here:
        assert (await here.set_status("LEFT", session_id=999)).json()["errorCode"] == 404800
        assert (await here.matches(session_id=999))["errorCode"] == 404800


async def test_nobody_is_available_after_the_end():
    """Once the session is over, availability is refused and nobody waits."""
    async with running() as here:
        await here.available("ada")
        here.platform.move_session(FIRST, "past")
        assert here.platform.networking.waiting_in(FIRST) == []
        late = await here.set_status("CHECK_IN_AVAILABLE")
        assert (late.status_code, late.json()["errorCode"]) == (407, 4072002)
        assert (await here.set_status("LEFT")).status_code == 200


async def test_method_and_path_of_two_calls_are_knobs():
    """The undocumented request lines can be changed, even while running."""
    async with running(Knobs(status_request="POST /rest/s/{session_id}")) as here:
        await here.join(FIRST)
        headers, available = here.headers(), {"status": "CHECK_IN_AVAILABLE"}
        moved = await here.http.post(f"/rest/s/{FIRST}", headers=headers, params=available)
        assert moved.status_code == 200
        assert (await here.set_status("LEFT")).status_code == 404
        here.platform.knobs.matches_request = "GET /rest/events/{event}/met/{session_id}"
        assert (await here.get(f"{EVENT}/met/{FIRST}")).json() == []
