from datetime import UTC, datetime
from typing import Any

import pytest
from accelevents_visit import EVENT, FIRST, visit

from slackbot.sandbox.accelevents import Dials


async def test_a_status_change_is_200_with_an_empty_body():
    """As documented: void."""
    async with visit() as here:
        await here.join(FIRST)
        answer = await here.say("CHECK_IN_AVAILABLE")
        assert (answer.status_code, answer.content) == (200, b"")
        assert here.world.status_of("ada") == "CHECK_IN_AVAILABLE"


async def test_two_available_people_are_paired_at_once():
    """The second one's call makes the pair; both are in a meeting when it returns."""
    async with visit() as here:
        await here.available("ada")
        assert here.world.pairings == []
        await here.available("priya")
        assert here.world.pairings[0].sides == ("ada", "priya")
        assert {"IN_MEETING"} == {here.world.status_of(who) for who in ("ada", "priya")}


async def test_pairs_are_made_in_the_order_of_waiting():
    """Four people, two pairs: first with second, third with fourth."""
    async with visit() as here:
        for who in ("kim", "lee"):
            here.world.add_attendee(who, who.title())
        await here.available("lee", "ada", "priya", "kim")
        assert [p.sides for p in here.world.pairings] == [("lee", "ada"), ("priya", "kim")]


async def test_saying_it_twice_keeps_the_place():
    """Available twice is available once: nobody is paired with themselves."""
    async with visit() as here:
        await here.available("ada", "ada")
        assert here.world.networking.waiting_in(FIRST) == ["ada"]


@pytest.mark.parametrize("status", ["LEFT", "REGISTERED", "IN_MEETING", "PAST_SESSION_CHECK_IN"])
async def test_any_other_status_ends_the_waiting(status: Any):
    """Who said something else is not paired any more."""
    async with visit() as here:
        await here.available("ada")
        await here.say(status)
        await here.available("priya")
        assert here.world.pairings == []
        assert status == here.world.status_of("ada")


async def test_one_person_waits_in_one_session():
    """Available elsewhere, no longer available here."""
    async with visit() as here:
        await here.available("ada")
        await here.available("ada", session_id=11646)
        await here.available("priya")
        assert here.world.pairings == []


async def test_the_same_two_may_meet_again():
    """A second round is a second pairing, with a meeting of its own."""
    async with visit() as here:
        await here.available("ada", "priya")
        await here.available("ada", "priya")
        one, two = here.world.pairings
        assert one.meeting["MeetingId"] != two.meeting["MeetingId"]
        assert len(await here.matches("ada")) == 2


async def test_both_match_lists_have_the_documented_fields():
    """Each sees the other, under the documented names."""
    async with visit() as here:
        await here.available("ada", "priya")
        (row,) = await here.matches("ada")
        time = here.world.pairings[0].at.strftime("%Y/%m/%d %H:%M")
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
    """The time in the list may be written differently from the time in the event."""
    now = datetime(2030, 5, 1, 9, 30, 15, tzinfo=UTC)
    dials = Dials(list_zone="America/New_York", list_time_format="%d/%m/%Y %H:%M:%S")
    async with visit(dials, now=lambda: now) as here:
        await here.world.pair("ada", "priya")
        assert (await here.matches())[0]["matTimeDate"] == "01/05/2030 05:30:15"


async def test_the_match_list_may_come_in_an_envelope():
    """By dial, the rows are in the envelope of the other lists."""
    async with visit(Dials(matches_envelope=True)) as here:
        await here.world.pair("ada", "priya")
        assert (await here.matches())["data"][0]["userIdOfMatch"] == 502


@pytest.mark.parametrize("query", [{}, {"status": "READY"}, {"status": "LEFT", "state": "LEFT"}])
async def test_a_malformed_status_is_400(query: Any):
    """No status, an unknown one, a parameter too many."""
    async with visit() as here:
        await here.join(FIRST)
        path = f"{EVENT}/user-session/{FIRST}/status"
        assert (await here.put(path, **query)).status_code == 400


async def test_who_did_not_join_is_not_registered():
    """Status and matches of a session that was not joined: 4068910."""
    async with visit() as here:
        status = await here.say("CHECK_IN_AVAILABLE")
        assert (status.status_code, status.json()["errorCode"]) == (406, 4068910)
        assert (await here.matches())["errorCode"] == 4068910


async def test_status_and_matches_of_an_unknown_session_are_not_found():
    """404800 for both."""
    async with visit() as here:
        assert (await here.say("LEFT", session_id=999)).json()["errorCode"] == 404800
        assert (await here.matches(session_id=999))["errorCode"] == 404800


async def test_nobody_is_available_after_the_end():
    """When the session is over, availability is refused and nobody waits."""
    async with visit() as here:
        await here.available("ada")
        here.world.move_session(FIRST, "past")
        assert here.world.networking.waiting_in(FIRST) == []
        late = await here.say("CHECK_IN_AVAILABLE")
        assert (late.status_code, late.json()["errorCode"]) == (407, 4072002)
        assert (await here.say("LEFT")).status_code == 200


async def test_method_and_path_of_two_calls_are_settings():
    """The undocumented request lines can be others, also while running."""
    async with visit(Dials(status_request="POST /rest/s/{session_id}")) as here:
        await here.join(FIRST)
        headers, available = here.headers(), {"status": "CHECK_IN_AVAILABLE"}
        moved = await here.http.post(f"/rest/s/{FIRST}", headers=headers, params=available)
        assert moved.status_code == 200
        assert (await here.say("LEFT")).status_code == 404
        here.world.dials.matches_request = "GET /rest/events/{event}/met/{session_id}"
        assert (await here.get(f"{EVENT}/met/{FIRST}")).json() == []
