"""Who is in a meeting, and what everybody is told when that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from slackbot.sandbox.chime import frames
from slackbot.sandbox.chime.api import Pass
from slackbot.sandbox.chime.frames import Camera, Subscription, Track, Voice
from slackbot.sandbox.chime.line import Line

_CAMERAS = 100  # a camera's stream is its owner's voice's and this


class Leg(Protocol):
    """The media connection of a seat, as `media.Leg` makes it."""

    sounds: int
    pictures: int

    async def answer(self, asked: Subscription) -> tuple[str, list[Track]]:
        """Answer an offer with SDP and the streams that it sends."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


@dataclass
class Seat:
    """One attendee. `present` from the first subscription on; `heard` are the kinds of frames."""

    holder: Pass
    stream: int
    line: Line | None = None
    leg: Leg | None = None
    audio_session: int = 0
    muted: bool = False
    camera_on: bool = False
    present: bool = False
    said_goodbye: bool = False
    heard: list[str] = field(default_factory=list)

    @property
    def camera_stream(self) -> int:
        """The number of their picture."""
        return self.stream + _CAMERAS

    async def told(self, frame: bytes) -> None:
        """Tell them something, if they are connected."""
        if self.line is not None:
            await self.line.send(frame)


OpenLeg = Callable[["Meeting", Seat], Leg]


class Meeting:
    """The seats of one meeting, in the order in which they were first taken."""

    def __init__(self, open_leg: OpenLeg) -> None:
        self._open_leg = open_leg
        self.seats: dict[str, Seat] = {}
        self.over = False

    def seat_of(self, holder: Pass) -> Seat:
        """The seat of a pass, made when it is first asked for."""
        return self.seats.setdefault(holder.attendee_id, Seat(holder, len(self.seats) + 1))

    def others(self, seat: Seat) -> list[Seat]:
        """Everybody else who is there."""
        return [other for other in self.seats.values() if other is not seat and other.present]

    async def join(self, seat: Seat, line: Line, audio_session: int) -> None:
        """Somebody has connected: for the first time, again, or from another device."""
        before, seat.line = seat.line, line
        if before is not None:
            if audio_session != seat.audio_session:
                await before.send(frames.audio_status(frames.DEVICE_TAKEN_OVER))
            await before.close(1000, "replaced")
        await self._goes(seat, dropped=True)
        seat.audio_session, seat.said_goodbye = audio_session, False
        await line.send(frames.join_ack())
        await line.send(self._index(seat))

    async def subscribe(self, seat: Seat, asked: Subscription) -> None:
        """Somebody says what they send and want. Raises `ValueError` for a useless offer."""
        leg = seat.leg or self._open_leg(self, seat)
        seat.leg = leg
        answer, tracks = await leg.answer(asked)
        if seat.leg is not leg:
            return  # they have connected anew meanwhile
        await seat.told(
            frames.subscribe_ack(answer, tracks, camera=asked.camera, stream=seat.camera_stream)
        )
        sends = asked.camera is not None
        changed = seat.camera_on != sends or not seat.present
        seat.present, seat.camera_on, seat.muted = True, sends, asked.muted
        await self.tell_voices()
        if changed:
            await self._tell_index(self.others(seat))

    async def tell_voices(self) -> None:
        """Tell everybody who is there and who is muted."""
        there = [seat for seat in self.seats.values() if seat.present]
        told = frames.voices(
            Voice(s.stream, s.holder.attendee_id, s.holder.external_user_id, s.muted) for s in there
        )
        for seat in there:
            await seat.told(told)

    async def line_ended(self, seat: Seat, line: Line) -> None:
        """A connection is gone; it may have been replaced before."""
        if seat.line is line:
            seat.line = None
            await self._goes(seat, dropped=not seat.said_goodbye)

    async def end(self) -> None:
        """End the meeting for everybody."""
        self.over = True
        for seat in self.seats.values():
            await seat.told(frames.audio_status(frames.MEETING_ENDED))
            if seat.line is not None:
                await seat.line.close(4410, "meeting ended")

    async def _goes(self, seat: Seat, *, dropped: bool) -> None:
        was_there, leg = seat.present, seat.leg
        seat.present = seat.camera_on = False
        seat.leg = None
        if leg is not None:
            await leg.close()
        for other in self.others(seat) if was_there else []:
            await other.told(frames.gone(seat.stream, dropped=dropped))
        if was_there:
            await self._tell_index(self.others(seat))

    async def _tell_index(self, seats: list[Seat]) -> None:
        for seat in seats:
            await seat.told(self._index(seat))

    def _index(self, seat: Seat) -> bytes:
        others = self.others(seat)
        cameras = [
            Camera(o.camera_stream, o.holder.attendee_id, o.holder.external_user_id)
            for o in others
            if o.camera_on
        ]
        return frames.index(cameras, len(others) + 1)
