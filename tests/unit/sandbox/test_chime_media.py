"""The sandbox's media plane with audio and video, between two clients by aiortc."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from chime_client import Client, running_call, sources

from slackbot.sandbox.chime import Attendee, MediaPlane, missing_requirement
from slackbot.sandbox.chime.frames import Kind

pytestmark = pytest.mark.skipif(
    bool(missing_requirement()), reason=missing_requirement() or "not skipped"
)


@asynccontextmanager
async def peer() -> AsyncIterator[Any]:
    """Yield a client's peer connection: it sends silence and black video, receives one video."""
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


async def negotiate(client: Client, connection: Any, wanted: int = 0) -> str:
    """Exchange offer and answer; return the answer."""
    from aiortc import RTCSessionDescription

    await connection.setLocalDescription(await connection.createOffer())
    ack = await client.subscribe(connection.localDescription.sdp, camera=True, wanted=(0, wanted))
    (answer,) = ack.body[3]
    assert isinstance(answer, bytes)
    await connection.setRemoteDescription(RTCSessionDescription(answer.decode(), "answer"))
    return answer.decode()


async def wait_for_media(plane: MediaPlane, *attendees: Attendee) -> None:
    """Wait until audio and video of all of them have arrived."""
    async with asyncio.timeout(20):
        legs = [plane.participant(attendee).leg for attendee in attendees]
        while not all(leg and leg.audio_frames > 5 and leg.video_frames > 5 for leg in legs):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def receive_frames(connection: Any, kind: str, count: int) -> None:
    """Wait for `count` frames of the connection's audio or video."""
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

    media.use_loopback_only()


async def test_audio_and_video_arrive():
    """Each receives the other's media, the video under the name that the SDK looks for."""
    async with running_call(None) as here, here.connect(here.ada) as ada, peer() as one:
        await ada.join()
        await negotiate(ada, one)
        async with here.connect(here.priya) as priya, peer() as two:
            assert sources(await priya.join()) == [101]
            answer = await negotiate(priya, two, wanted=101)
            assert "a=msid:v_2" in answer
            await wait_for_media(here.plane, here.ada, here.priya)
            await receive_frames(two, "video", 3)
            await receive_frames(two, "audio", 10)
            await ada.receive(Kind.INDEX, lambda f: sources(f) == [102])
            await negotiate(ada, one, wanted=102)
            await receive_frames(one, "video", 3)


async def test_an_invalid_offer_ends_only_its_own_connection():
    """Junk instead of SDP is refused; somebody else can still join."""
    async with running_call(None) as here:
        for junk in ("", "junk", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"):
            async with here.connect(here.ada) as client:
                await client.join()
                await client.send(Kind.SUBSCRIBE, b"\x22" + bytes([len(junk)]) + junk.encode())
                code = await client.closed()
                assert code == 4400, junk
        async with here.connect(here.priya) as priya, peer() as two:
            await priya.join()
            await negotiate(priya, two)
