"""The sandbox's media plane with sound and pictures, between two clients by aiortc."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from chime_phone import Phone, exchange, sources

from slackbot.sandbox.chime import MediaPlane, Pass, what_is_missing
from slackbot.sandbox.chime.frames import Kind

pytestmark = pytest.mark.skipif(bool(what_is_missing()), reason=what_is_missing() or "not skipped")


@asynccontextmanager
async def peer() -> AsyncIterator[Any]:
    """A client's own end: it sends silence and a black picture, and receives one picture."""
    from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection
    from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

    configuration = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
    connection = RTCPeerConnection(configuration)
    connection.addTrack(AudioStreamTrack())
    connection.addTransceiver(VideoStreamTrack(), direction="sendonly")
    connection.addTransceiver("video", direction="recvonly")
    try:
        yield connection
    finally:
        await connection.close()


async def negotiates(phone: Phone, connection: Any, wanted: int = 0) -> str:
    """Offer, answer; gives the answer."""
    from aiortc import RTCSessionDescription

    await connection.setLocalDescription(await connection.createOffer())
    ack = await phone.subscribes(connection.localDescription.sdp, camera=True, wanted=(0, wanted))
    (answer,) = ack.body[3]
    assert isinstance(answer, bytes)
    await connection.setRemoteDescription(RTCSessionDescription(answer.decode(), "answer"))
    return answer.decode()


async def until_it_flows(plane: MediaPlane, *who: Pass) -> None:
    """Until sound and pictures of all of them have come."""
    async with asyncio.timeout(20):
        legs = [plane.seat(holder).leg for holder in who]
        while not all(leg and leg.sounds > 5 and leg.pictures > 5 for leg in legs):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def frames_of(connection: Any, kind: str, count: int) -> None:
    (receiver,) = [
        t.receiver
        for t in connection.getTransceivers()
        if t.kind == kind and t.currentDirection in {"recvonly", "sendrecv"}
    ]
    async with asyncio.timeout(20):
        for _ in range(count):
            await receiver.track.recv()


@pytest.fixture(autouse=True)
def _only_loopback() -> None:
    from slackbot.sandbox.chime import media

    media.stay_on_this_machine()


async def test_sound_and_pictures_arrive():
    """Each hears and sees the other, under the name by which the SDK looks for a picture."""
    async with exchange(None) as here, here.calls(here.ada) as ada, peer() as one:
        await ada.joins()
        await negotiates(ada, one)
        async with here.calls(here.priya) as priya, peer() as two:
            assert sources(await priya.joins()) == [101]
            answer = await negotiates(priya, two, wanted=101)
            assert "a=msid:v_2" in answer
            await until_it_flows(here.plane, here.ada, here.priya)
            await frames_of(two, "video", 3)
            await frames_of(two, "audio", 10)
            await ada.hears(Kind.INDEX, lambda f: sources(f) == [102])
            await negotiates(ada, one, wanted=102)
            await frames_of(one, "video", 3)


async def test_an_offer_that_is_none_ends_only_its_line():
    """Junk instead of SDP is refused; somebody else still gets in."""
    async with exchange(None) as here:
        for junk in ("", "junk", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"):
            async with here.calls(here.ada) as phone:
                await phone.joins()
                await phone.says(Kind.SUBSCRIBE, b"\x22" + bytes([len(junk)]) + junk.encode())
                code = await phone.closed()
                assert code == 4400, junk
        async with here.calls(here.priya) as priya, peer() as two:
            await priya.joins()
            await negotiates(priya, two)
