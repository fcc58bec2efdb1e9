"""The participants of a meeting, and the frames sent to them when something changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from slackbot.sandbox.chime import frames
from slackbot.sandbox.chime.api import Attendee
from slackbot.sandbox.chime.connection import Connection
from slackbot.sandbox.chime.frames import AudioStream, Subscription, Track, VideoSource

_VIDEO_STREAMS = 100  # a participant's video stream id is the audio stream id plus this


class Leg(Protocol):
    """The media connection of a participant; `media.WebRtcLeg` is the real one.

    The counters are of frames received from the participant.
    """

    audio_frames: int
    video_frames: int

    async def answer(self, request: Subscription) -> tuple[str, list[Track]]:
        """Return the SDP answer to an offer, and the streams that it sends."""
        ...

    async def close(self) -> None:
        """Hang up."""
        ...


@dataclass
class Participant:
    """One attendee of a meeting, `present` from the first subscription on.

    `stream` is the audio stream id; `received` lists the kinds of frames received.
    """

    attendee: Attendee
    stream: int
    connection: Connection | None = None
    leg: Leg | None = None
    audio_session: int = 0
    muted: bool = False
    camera_on: bool = False
    present: bool = False
    left: bool = False
    received: list[str] = field(default_factory=list)

    @property
    def video_stream(self) -> int:
        """The id of their video stream."""
        return self.stream + _VIDEO_STREAMS

    async def send(self, frame: bytes) -> None:
        """Send a frame if they are connected."""
        if self.connection is not None:
            await self.connection.send(frame)


OpenLeg = Callable[["Meeting", Participant], Leg]


class Meeting:
    """One meeting, with its participants in the order in which they first joined."""

    def __init__(self, open_leg: OpenLeg) -> None:
        self._open_leg = open_leg
        self.participants: dict[str, Participant] = {}
        self.over = False

    def participant(self, attendee: Attendee) -> Participant:
        """Return the participant of an attendee, created on first use."""
        new = Participant(attendee, len(self.participants) + 1)
        return self.participants.setdefault(attendee.attendee_id, new)

    def others(self, participant: Participant) -> list[Participant]:
        """Return all other participants present."""
        return [p for p in self.participants.values() if p is not participant and p.present]

    async def join(
        self, participant: Participant, connection: Connection, audio_session: int
    ) -> None:
        """Handle a JOIN: the first one, a reconnect, or another device taking over."""
        before, participant.connection = participant.connection, connection
        if before is not None:
            if audio_session != participant.audio_session:
                await before.send(frames.audio_status(frames.DEVICE_TAKEN_OVER))
            await before.close(1000, "replaced")
        await self._remove(participant, dropped=True)
        participant.audio_session, participant.left = audio_session, False
        await connection.send(frames.join_ack())
        await connection.send(self._index(participant))

    async def subscribe(self, participant: Participant, request: Subscription) -> None:
        """Handle a SUBSCRIBE. Raise `ValueError` for an offer that cannot be answered."""
        leg = participant.leg or self._open_leg(self, participant)
        participant.leg = leg
        answer, tracks = await leg.answer(request)
        if participant.leg is not leg:
            return  # they have reconnected meanwhile
        await participant.send(
            frames.subscribe_ack(
                answer, tracks, camera=request.camera, stream=participant.video_stream
            )
        )
        sends = request.camera is not None
        changed = participant.camera_on != sends or not participant.present
        participant.present, participant.camera_on, participant.muted = True, sends, request.muted
        await self.send_audio_streams()
        if changed:
            await self._send_index(self.others(participant))

    async def send_audio_streams(self) -> None:
        """Send everybody the list of those present, with their mute state."""
        present = [p for p in self.participants.values() if p.present]
        frame = frames.audio_streams(
            AudioStream(p.stream, p.attendee.attendee_id, p.attendee.external_user_id, p.muted)
            for p in present
        )
        for participant in present:
            await participant.send(frame)

    async def disconnected(self, participant: Participant, connection: Connection) -> None:
        """Handle the end of a connection, which may have been replaced before."""
        if participant.connection is connection:
            participant.connection = None
            await self._remove(participant, dropped=not participant.left)

    async def end(self) -> None:
        """End the meeting for everybody."""
        self.over = True
        for participant in self.participants.values():
            await participant.send(frames.audio_status(frames.MEETING_ENDED))
            if participant.connection is not None:
                await participant.connection.close(4410, "meeting ended")

    async def _remove(self, participant: Participant, *, dropped: bool) -> None:
        was_present, leg = participant.present, participant.leg
        participant.present = participant.camera_on = False
        participant.leg = None
        if leg is not None:
            await leg.close()
        for other in self.others(participant) if was_present else []:
            await other.send(frames.stream_ended(participant.stream, dropped=dropped))
        if was_present:
            await self._send_index(self.others(participant))

    async def _send_index(self, participants: list[Participant]) -> None:
        for participant in participants:
            await participant.send(self._index(participant))

    def _index(self, participant: Participant) -> bytes:
        others = self.others(participant)
        cameras = [
            VideoSource(p.video_stream, p.attendee.attendee_id, p.attendee.external_user_id)
            for p in others
            if p.camera_on
        ]
        return frames.index(cameras, len(others) + 1)
