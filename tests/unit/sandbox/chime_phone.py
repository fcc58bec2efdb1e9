"""A client of the media plane at the level of frames, and the plane it calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from slackbot.sandbox.chime import Chime, MediaPlane, Pass
from slackbot.sandbox.chime.frames import Frame, Kind, Subscription, Track, read, write
from slackbot.sandbox.chime.meeting import Leg, Meeting, OpenLeg, Seat
from slackbot.sandbox.chime.wire import Fields, block, number, parse
from slackbot.sandbox.serving import serving


class Silent:
    """A leg without media, for what is about signalling alone."""

    sounds = pictures = 0

    async def answer(self, asked: Subscription) -> tuple[str, list[Track]]:
        return asked.offer, []

    async def close(self) -> None:
        return None


def silent_leg(_meeting: Meeting, _seat: Seat) -> Leg:
    return Silent()


@dataclass
class Phone:
    """One connection; `heard` are the frames that came."""

    line: ClientConnection
    heard: list[Frame] = field(default_factory=list)

    async def says(self, kind: Kind, body: bytes = b"") -> None:
        await self.line.send(write(kind, body))

    async def hears(self, kind: Kind, fits: Callable[[Frame], object] = bool) -> Frame:
        """The next frame of this kind that fits."""
        while True:
            data = await asyncio.wait_for(self.line.recv(), 10)
            self.heard.append(read(data if isinstance(data, bytes) else data.encode()))
            if self.heard[-1].kind is kind and fits(self.heard[-1]):
                return self.heard[-1]

    async def joins(self, session: int = 1) -> Frame:
        """Join; what can be seen."""
        await self.says(Kind.JOIN, number(1, 2) + number(6, session))
        await self.hears(Kind.JOIN_ACK)
        return await self.hears(Kind.INDEX)

    async def subscribes(self, offer: str, *, camera: bool, wanted: tuple[int, ...] = ()) -> Frame:
        """Send an offer; the answer."""
        label = block(4, "AmazonChimeExpressVideo") + number(9, 2)
        body = number(1, 3 if camera else 1) + (block(2, label) if camera else b"")
        body += block(4, offer) + b"".join(number(3, stream) for stream in wanted)
        await self.says(Kind.SUBSCRIBE, body)
        return await self.hears(Kind.SUBSCRIBE_ACK)

    async def closed(self) -> int:
        """Wait for the end of the line; the closing code, 1006 when there was none."""
        try:
            while True:
                data = await asyncio.wait_for(self.line.recv(), 10)
                self.heard.append(read(data if isinstance(data, bytes) else data.encode()))
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006


@dataclass
class Exchange:
    """A plane at its address, with one meeting and a pass for each of two people."""

    plane: MediaPlane
    chime: Chime
    ada: Pass
    priya: Pass

    @asynccontextmanager
    async def calls(self, who: Pass, *, token: str = "", meeting: str = "") -> AsyncIterator[Phone]:
        url = f"{self.chime.media_url}/control/{meeting or who.meeting_id}"
        protocols = [Subprotocol("_aws_wt_session"), Subprotocol(token or who.token)]
        async with connect(
            url.replace("http", "ws", 1), subprotocols=protocols, proxy=None
        ) as line:
            yield Phone(line)


@asynccontextmanager
async def exchange(open_leg: OpenLeg | None = silent_leg) -> AsyncIterator[Exchange]:
    """A plane that runs; `open_leg` None is the real one."""
    chime = Chime()
    plane = MediaPlane(chime.holder_of, *([open_leg] if open_leg else []))
    async with serving(plane.app) as chime.media_url:
        meeting = chime.meeting("round-1")
        for name in ("ada", "priya"):
            chime.attendee(meeting, name)
        ada, priya = chime.passes.values()
        try:
            yield Exchange(plane, chime, ada, priya)
        finally:
            await plane.aclose()


def sources(index: Frame) -> list[Any]:
    """The streams that an INDEX offers."""
    return [parse(source)[1][0] for source in index.body.get(2, []) if isinstance(source, bytes)]


def people(info: Frame) -> list[Fields]:
    """The entries of an AUDIO_STREAM_ID_INFO."""
    return [parse(entry) for entry in info.body.get(1, []) if isinstance(entry, bytes)]
