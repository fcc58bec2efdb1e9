import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
import socketio
from accelevents_visit import FIRST, Ears, visit

from slackbot.sandbox.accelevents import SHAPES, Dials

REFUSED = socketio.exceptions.ConnectionError


def facts(payload: Any):
    """All that an event says, as one flat string to look things up in."""
    return payload if isinstance(payload, str) else json.dumps(payload)


async def test_both_sides_hear_of_a_match():
    """Each is told of the other, with one meeting and a pass of their own."""
    async with visit() as here:
        ada, priya = await here.listen("ada"), await here.listen("priya")
        await here.available("ada", "priya")
        told, also_told = await ada.next(), await priya.next()
        assert (
            told["matchedAttendee"]["fullName"],
            also_told["matchedAttendee"]["fullName"],
        ) == ("Priya Raman", "Ada Example")
        assert told["meeting"] == also_told["meeting"]
        assert told["attendee"] != also_told["attendee"]
        assert (told["sessionId"], told["meetingDurationInSeconds"]) == (FIRST, 300)


async def test_the_chime_objects_are_well_formed():
    """Ids are UUIDs, media URLs are secure and under chime.aws, the pass has a join token."""
    async with visit() as here:
        ada = await here.listen("ada")
        await here.world.pair("ada", "priya")
        told = await ada.next()
        meeting, attendee = told["meeting"]["Meeting"], told["attendee"]["Attendee"]
        assert meeting["MeetingId"] == str(UUID(meeting["MeetingId"]))
        assert attendee["AttendeeId"] == str(UUID(attendee["AttendeeId"]))
        urls = [url for url in meeting["MediaPlacement"].values() if "://" in url]
        hosts = {url.split("/")[2].split(":")[0] for url in urls}
        assert {"wss", "https"} == {url.split(":")[0] for url in urls}
        assert all(host.endswith(".chime.aws") for host in hosts)
        assert 2 <= len(attendee["ExternalUserId"]) <= 64
        assert 2 <= len(attendee["JoinToken"]) <= 2048


async def test_the_event_comes_before_the_answer():
    """Who says available second can be told before their own call returns."""
    async with visit() as here:
        priya = await here.listen("priya")
        await here.available("ada", "priya")
        assert [sent.connections for sent in here.world.sent if sent.attendee == "priya"] == [1]
        await priya.next()


async def test_who_is_not_connected_is_not_told():
    """The event of somebody without a socket is lost; only the match list has it."""
    async with visit() as here:
        await here.listen("ada")
        await here.available("ada", "priya")
        late = await here.listen("priya")
        await here.world.emit("priya", {"marker": True})
        assert await late.next() == {"marker": True}
        assert [sent.connections for sent in here.world.sent if sent.attendee == "priya"] == [0, 1]
        assert len(await here.matches("priya")) == 1


async def test_every_open_connection_is_told():
    """Two sockets of one person both hear the event."""
    async with visit() as here:
        one, two = await here.listen("ada"), await here.listen("ada")
        await here.world.pair("ada", "priya")
        assert await one.next() == await two.next()


@pytest.mark.parametrize("shape", SHAPES)
async def test_each_shape_reaches_both_sockets(shape: Any):
    """In every shape both sides get session, partner and, where it has one, their call."""
    async with visit(Dials(shape=shape)) as here:
        ada, priya = await here.listen("ada"), await here.listen("priya")
        await here.available("ada", "priya")
        (pairing,) = here.world.pairings
        for ears, who, partner in ((ada, "ada", "Priya Raman"), (priya, "priya", "Ada Example")):
            told = facts(await ears.next())
            assert partner in told
            assert str(FIRST) in told
            assert (pairing.passes[who]["JoinToken"] in told) == (shape != "no_call")
            assert pairing.passes[pairing.partner_of(who)]["JoinToken"] not in told


async def test_shapes_differ_where_they_say():
    """The traits by which the shapes are named."""
    async with visit() as here:
        ada = await here.listen("ada")
        await here.world.pair("ada", "priya")
        told = {"wrapped": await ada.next()}
        for shape in SHAPES:
            here.world.dials.shape = shape
            await here.world.send_again(only="ada")
            told[shape] = await ada.next()
        assert "MeetingId" in told["bare"]["meeting"]
        assert "MeetingId" in json.loads(told["json_string"]["meeting"])["Meeting"]
        assert "sessionId" in json.loads(told["payload_string"])
        assert "audioHostUrl" in told["lower_camel"]["meeting"]["mediaPlacement"]
        assert told["list_of_partners"]["matchedAttendees"][0]["userIdOfMatch"] == 502
        assert "Meeting" in told["nested"]["data"]["chime"]["meetingInfo"]
        assert {"fullName", "JoinToken", "SignalingUrl"} < set(told["flat"])
        assert "SignalingUrl" in told["flat_urls"]["meeting"]
        assert "matTimeDate" not in told["no_time"]["matchedAttendee"]
        assert "meetingDurationInSeconds" not in told["no_round"]


async def test_time_and_round_can_be_left_out_of_any_shape():
    """The dials for time and round hold for the shape in use."""
    async with visit(Dials(with_time=False, round_seconds=None, shape="flat")) as here:
        ada = await here.listen("ada")
        await here.world.pair("ada", "priya")
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
async def test_the_token_is_looked_for_where_the_dial_says(
    forms: Any, auth: Any, header: Any, query: Any
):
    """A token in another place than the accepted ones does not connect."""
    async with visit(Dials(socket_auth=forms)) as here:
        token = here.world.token_for("ada")
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
    """No token, an unknown one, something else altogether: no connection."""
    async with visit() as here:
        with pytest.raises(REFUSED):
            await here.listen("ada", auth=auth)
        assert here.world.sockets == []


async def test_a_revoked_token_cannot_come_back():
    """An open socket stays after a revocation; once dropped it is refused."""
    async with visit() as here:
        token = here.world.token_for("ada")
        ears = await here.listen("ada", auth={"token": token})
        here.world.revoke("ada")
        await here.world.drop_sockets("ada")
        await asyncio.wait_for(ears.gone.wait(), 10)
        with pytest.raises(REFUSED):
            await here.listen("ada", auth={"token": token})


async def test_long_polling_works_too():
    """A client without WebSocket is told as well, and can be dropped."""
    async with visit() as here:
        ada = await here.listen("ada", transports=["polling"])
        assert here.world.sockets[0].transport == "polling"
        await here.world.pair("ada", "priya")
        assert (await ada.next())["matchedAttendee"]["userIdOfMatch"] == 502
        await here.world.drop_sockets()
        await asyncio.wait_for(ada.gone.wait(), 10)


async def test_another_path_and_namespace():
    """Where the sockets live is a matter of the constructor."""
    async with visit(socket_path="/live/sockets", namespace="/networking") as here:
        ears = Ears()
        ears.client.on("*", ears._hear, namespace="/networking")
        await ears.client.connect(
            here.url,
            auth={"token": here.world.token_for("ada")},
            transports=["websocket"],
            socketio_path="/live/sockets",
            namespaces=["/networking"],
        )
        await here.world.pair("ada", "priya")
        assert (await ears.next())["matchedAttendee"]["userIdOfMatch"] == 502
        await ears.client.disconnect()


async def test_a_hello_may_be_needed():
    """With the dial set, a connection is told only after it has said its hello."""
    async with visit(Dials(hello="subscribe")) as here:
        ada = await here.listen("ada")
        await here.world.pair("ada", "priya")
        await ada.client.emit("subscribe", {"sessionId": FIRST})
        await asyncio.wait_for(here.world.connected("ada"), 10)
        await here.world.send_again()
        assert (await ada.next())["matchedAttendee"]["userIdOfMatch"] == 502
        assert (
            here.world.heard[0].event,
            here.world.heard[0].data,
        ) == ("subscribe", {"sessionId": FIRST})
        assert [sent.connections for sent in here.world.sent if sent.attendee == "ada"] == [0, 1]


async def test_event_names_are_a_dial():
    """Matches travel under the name that is set, raw payloads under any."""
    async with visit(Dials(event_name="match.found")) as here:
        ada = await here.listen("ada")
        await here.world.pair("ada", "priya")
        await here.world.emit("ada", ["anything", None], event="noise")
        names = [(await asyncio.wait_for(ada.heard.get(), 10))[0] for _ in range(2)]
        assert names == ["match.found", "noise"]


async def test_the_socket_has_a_zone_of_its_own():
    """One moment, written once in the list's zone and once in the socket's."""
    dials = Dials(list_zone="Asia/Tokyo", socket_zone="America/New_York")
    async with visit(dials) as here:
        ada = await here.listen("ada")
        await here.world.pair("ada", "priya")
        told = (await ada.next())["matchedAttendee"]["matTimeDate"]
        assert told != (await here.matches())[0]["matTimeDate"]
