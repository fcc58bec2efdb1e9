"""A client of the media plane at frame level, and a running media plane."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from slackbot.sandbox.chime import Attendee, Chime, MediaPlane
from slackbot.sandbox.chime.frames import Frame, Kind, Subscription, Track, read, write
from slackbot.sandbox.chime.meeting import Leg, Meeting, OpenLeg, Participant
from slackbot.sandbox.chime.protobuf import Fields, block, number, parse
from slackbot.sandbox.serving import serving


class SilentLeg:
    """A leg without media, for tests of signalling."""

    audio_frames = video_frames = 0

    async def answer(self, request: Subscription) -> tuple[str, list[Track]]:
        return request.offer, []

    async def close(self) -> None:
        return None


def silent_leg(_meeting: Meeting, _participant: Participant) -> Leg:
    return SilentLeg()


@dataclass
class Client:
    """One signalling connection; `received` lists the frames received."""

    connection: ClientConnection
    received: list[Frame] = field(default_factory=list)

    async def send(self, kind: Kind, body: bytes = b"") -> None:
        await self.connection.send(write(kind, body))

    async def receive(self, kind: Kind, matches: Callable[[Frame], object] = bool) -> Frame:
        """Wait for the next frame of this kind that matches."""
        while True:
            data = await asyncio.wait_for(self.connection.recv(), 10)
            self.received.append(read(data if isinstance(data, bytes) else data.encode()))
            if self.received[-1].kind is kind and matches(self.received[-1]):
                return self.received[-1]

    async def join(self, session: int = 1) -> Frame:
        """Join, and return the INDEX."""
        await self.send(Kind.JOIN, number(1, 2) + number(6, session))
        await self.receive(Kind.JOIN_ACK)
        return await self.receive(Kind.INDEX)

    async def subscribe(self, offer: str, *, camera: bool, wanted: tuple[int, ...] = ()) -> Frame:
        """Send an offer, and return the SUBSCRIBE_ACK."""
        label = block(4, "AmazonChimeExpressVideo") + number(9, 2)
        body = number(1, 3 if camera else 1) + (block(2, label) if camera else b"")
        body += block(4, offer) + b"".join(number(3, stream) for stream in wanted)
        await self.send(Kind.SUBSCRIBE, body)
        return await self.receive(Kind.SUBSCRIBE_ACK)

    async def closed(self) -> int:
        """Wait for the end of the connection; return the close code, 1006 without a close frame."""
        try:
            while True:
                data = await asyncio.wait_for(self.connection.recv(), 10)
                self.received.append(read(data if isinstance(data, bytes) else data.encode()))
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006


@dataclass
class Call:
    """A running media plane with one meeting of two attendees."""

    plane: MediaPlane
    chime: Chime
    ada: Attendee
    priya: Attendee

    @asynccontextmanager
    async def connect(
        self, who: Attendee, *, token: str = "", meeting: str = ""
    ) -> AsyncIterator[Client]:
        """Open a signalling connection, by default to their meeting with their token."""
        url = f"{self.chime.media_url}/control/{meeting or who.meeting_id}"
        protocols = [Subprotocol("_aws_wt_session"), Subprotocol(token or who.join_token)]
        async with connect(
            url.replace("http", "ws", 1), subprotocols=protocols, proxy=None
        ) as connection:
            yield Client(connection)


@asynccontextmanager
async def running_call(open_leg: OpenLeg | None = silent_leg) -> AsyncIterator[Call]:
    """Run a media plane; `open_leg` None opens WebRTC legs."""
    chime = Chime()
    plane = MediaPlane(chime.attendee_of, *([open_leg] if open_leg else []))
    async with serving(plane.app) as chime.media_url:
        meeting = chime.create_meeting("round-1")
        for name in ("ada", "priya"):
            chime.create_attendee(meeting, name)
        ada, priya = chime.attendees.values()
        try:
            yield Call(plane, chime, ada, priya)
        finally:
            await plane.aclose()


def sources(index: Frame) -> list[Any]:
    """Return the video streams in an INDEX."""
    return [parse(source)[1][0] for source in index.body.get(2, []) if isinstance(source, bytes)]


def people(info: Frame) -> list[Fields]:
    """Return the entries of an AUDIO_STREAM_ID_INFO."""
    return [parse(entry) for entry in info.body.get(1, []) if isinstance(entry, bytes)]
