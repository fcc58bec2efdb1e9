import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
import socketio
from accelevents_harness import FIRST, Listener, running

from slackbot.sandbox.accelevents import SHAPES, Knobs

REFUSED = socketio.exceptions.ConnectionError


def as_text(payload: Any):
    """Return an event's payload as one string to search in."""
    return payload if isinstance(payload, str) else json.dumps(payload)


async def test_both_sides_are_notified_of_a_match():
    """Each gets the other's name, the same meeting, and a Chime attendee of their own."""
    async with running() as here:
        ada, priya = await here.listen("ada"), await here.listen("priya")
        await here.available("ada", "priya")
        to_ada, to_priya = await ada.next(), await priya.next()
        assert (
            to_ada["matchedAttendee"]["fullName"],
            to_priya["matchedAttendee"]["fullName"],
        ) == ("Priya Raman", "Ada Example")
        assert to_ada["meeting"] == to_priya["meeting"]
        assert to_ada["attendee"] != to_priya["attendee"]
        assert (to_ada["sessionId"], to_ada["meetingDurationInSeconds"]) == (FIRST, 300)


async def test_the_chime_objects_are_well_formed():
    """Ids are UUIDs, media URLs are secure and under chime.aws, the attendee has a join token."""
    async with running() as here:
        ada = await here.listen("ada")
        await here.platform.pair("ada", "priya")
        event = await ada.next()
        meeting, attendee = event["meeting"]["Meeting"], event["attendee"]["Attendee"]
        assert meeting["MeetingId"] == str(UUID(meeting["MeetingId"]))
        assert attendee["AttendeeId"] == str(UUID(attendee["AttendeeId"]))
        urls = [url for url in meeting["MediaPlacement"].values() if "://" in url]
        hosts = {url.split("/")[2].split(":")[0] for url in urls}
        assert {"wss", "https"} == {url.split(":")[0] for url in urls}
        assert all(host.endswith(".chime.aws") for host in hosts)
        assert 2 <= len(attendee["ExternalUserId"]) <= 64
        assert 2 <= len(attendee["JoinToken"]) <= 2048


async def test_the_event_comes_before_the_answer():
    """The person who completes a pair can be notified before their own call returns."""
    async with running() as here:
        priya = await here.listen("priya")
        await here.available("ada", "priya")
        assert [sent.connections for sent in here.platform.sent if sent.attendee == "priya"] == [1]
        await priya.next()


async def test_an_event_without_a_socket_is_lost():
    """Somebody who is not connected finds the match only in the match list."""
    async with running() as here:
        await here.listen("ada")
        await here.available("ada", "priya")
        late = await here.listen("priya")
        await here.platform.emit("priya", {"marker": True})
        assert await late.next() == {"marker": True}
        assert [sent.connections for sent in here.platform.sent if sent.attendee == "priya"] == [
            0,
            1,
        ]
        assert len(await here.matches("priya")) == 1


async def test_every_open_connection_is_notified():
    """Two sockets of one person both receive the event."""
    async with running() as here:
        one, two = await here.listen("ada"), await here.listen("ada")
        await here.platform.pair("ada", "priya")
        assert await one.next() == await two.next()


@pytest.mark.parametrize("shape", SHAPES)
async def test_each_shape_reaches_both_sockets(shape: Any):
    """In every shape both sides get session, partner and, if it has one, their call."""
    async with running(Knobs(shape=shape)) as here:
        ada, priya = await here.listen("ada"), await here.listen("priya")
        await here.available("ada", "priya")
        (pairing,) = here.platform.pairings
        for listener, who, partner in (
            (ada, "ada", "Priya Raman"),
            (priya, "priya", "Ada Example"),
        ):
            event = as_text(await listener.next())
            assert partner in event
            assert str(FIRST) in event
            assert (pairing.chime_attendees[who]["JoinToken"] in event) == (shape != "no_call")
            assert pairing.chime_attendees[pairing.partner_of(who)]["JoinToken"] not in event


async def test_shapes_differ_as_their_names_say():
    """Each shape has the trait it is named after."""
    async with running() as here:
        ada = await here.listen("ada")
        await here.platform.pair("ada", "priya")
        events = {"wrapped": await ada.next()}
        for shape in SHAPES:
            here.platform.knobs.shape = shape
            await here.platform.send_again(only="ada")
            events[shape] = await ada.next()
        assert "MeetingId" in events["bare"]["meeting"]
        assert "MeetingId" in json.loads(events["json_string"]["meeting"])["Meeting"]
        assert "sessionId" in json.loads(events["payload_string"])
        assert "audioHostUrl" in events["lower_camel"]["meeting"]["mediaPlacement"]
        assert events["list_of_partners"]["matchedAttendees"][0]["userIdOfMatch"] == 502
        assert "Meeting" in events["nested"]["data"]["chime"]["meetingInfo"]
        assert {"fullName", "JoinToken", "SignalingUrl"} < set(events["flat"])
        assert "SignalingUrl" in events["flat_urls"]["meeting"]
        assert "matTimeDate" not in events["no_time"]["matchedAttendee"]
        assert "meetingDurationInSeconds" not in events["no_round"]


async def test_time_and_round_can_be_left_out_of_any_shape():
    """The knobs for time and round apply to the shape in use."""
    async with running(Knobs(with_time=False, round_seconds=None, shape="flat")) as here:
        ada = await here.listen("ada")
        await here.platform.pair("ada", "priya")
        assert not {"matTimeDate", "meetingDurationInSeconds"} & set(await ada.next())


@pytest.mark.parametrize(
    ("forms", "auth", "header", "query"),
    [
        ({"auth"}, True, False, False),
        ({"header"}, False, True, False),
        ({"query"}, False, False, True),
        ({"auth", "header", "query"}, True, True, True),
    ],
)
async def test_the_token_is_accepted_only_where_the_knob_says(
    forms: Any, auth: Any, header: Any, query: Any
):
    """A token in any other place does not connect."""
    async with running(Knobs(socket_auth=forms)) as here:
        token = here.platform.token_for("ada")
        ways = [
            {"auth": {"token": token}},
            {"auth": None, "headers": {"Authorization": token}},
            {"auth": None, "url": f"{here.url}?token={token}"},
        ]
        for way, admitted in zip(ways, (auth, header, query), strict=True):
            if admitted:
                await here.listen("ada", **way)
            else:
                with pytest.raises(REFUSED):
                    await here.listen("ada", **way)


@pytest.mark.parametrize("auth", [None, {}, {"token": "made-up"}, {"token": 7}, "made-up"])
async def test_a_bad_token_is_refused(auth: Any):
    """No token, an unknown one, something else entirely: no connection."""
    async with running() as here:
        with pytest.raises(REFUSED):
            await here.listen("ada", auth=auth)
        assert here.platform.sockets == []


async def test_a_revoked_token_cannot_reconnect():
    """An open socket stays after a revocation; once dropped it is refused."""
    async with running() as here:
        token = here.platform.token_for("ada")
        listener = await here.listen("ada", auth={"token": token})
        here.platform.revoke("ada")
        await here.platform.drop_sockets("ada")
        await asyncio.wait_for(listener.gone.wait(), 10)
        with pytest.raises(REFUSED):
            await here.listen("ada", auth={"token": token})


async def test_long_polling_works_too():
    """A client without WebSocket is notified as well, and can be dropped."""
    async with running() as here:
        ada = await here.listen("ada", transports=["polling"])
        assert here.platform.sockets[0].transport == "polling"
        await here.platform.pair("ada", "priya")
        assert (await ada.next())["matchedAttendee"]["userIdOfMatch"] == 502
        await here.platform.drop_sockets()
        await asyncio.wait_for(ada.gone.wait(), 10)


async def test_another_path_and_namespace():
    """Path and namespace of the sockets are constructor arguments."""
    async with running(socket_path="/live/sockets", namespace="/networking") as here:
        listener = Listener()
        listener.client.on("*", listener.receive, namespace="/networking")
        await listener.client.connect(
            here.url,
            auth={"token": here.platform.token_for("ada")},
            transports=["websocket"],
            socketio_path="/live/sockets",
            namespaces=["/networking"],
        )
        await here.platform.pair("ada", "priya")
        assert (await listener.next())["matchedAttendee"]["userIdOfMatch"] == 502
        await listener.client.disconnect()


async def test_a_hello_may_be_required():
    """With the knob set, a connection is notified only after it has sent its hello."""
    async with running(Knobs(hello="subscribe")) as here:
        ada = await here.listen("ada")
        await here.platform.pair("ada", "priya")
        await ada.client.emit("subscribe", {"sessionId": FIRST})
        await asyncio.wait_for(here.platform.connected("ada"), 10)
        await here.platform.send_again()
        assert (await ada.next())["matchedAttendee"]["userIdOfMatch"] == 502
        assert (
            here.platform.received[0].event,
            here.platform.received[0].data,
        ) == ("subscribe", {"sessionId": FIRST})
        assert [sent.connections for sent in here.platform.sent if sent.attendee == "ada"] == [0, 1]


async def test_the_event_name_is_a_knob():
    """Matches are sent under the name set, raw payloads under any."""
    async with running(Knobs(event_name="match.found")) as here:
        ada = await here.listen("ada")
        await here.platform.pair("ada", "priya")
        await here.platform.emit("ada", ["anything", None], event="noise")
        names = [(await asyncio.wait_for(ada.events.get(), 10))[0] for _ in range(2)]
        assert names == ["match.found", "noise"]


async def test_the_socket_has_its_own_time_zone():
    """One time is written in the list's zone and in the socket's."""
    knobs = Knobs(list_zone="Asia/Tokyo", socket_zone="America/New_York")
    async with running(knobs) as here:
        ada = await here.listen("ada")
        await here.platform.pair("ada", "priya")
        time = (await ada.next())["matchedAttendee"]["matTimeDate"]
        assert time != (await here.matches())[0]["matTimeDate"]
