"""The media plane as one ASGI application: it checks join tokens and speaks signalling frames.

A browser opens ``/control/{meeting}`` with the subprotocols ``_aws_wt_session, <JoinToken>``:

    browser                            media plane
    JOIN                               JOIN_ACK, INDEX
    SUBSCRIBE (SDP offer)              SUBSCRIBE_ACK (SDP answer); AUDIO_STREAM_ID_INFO to all,
                                       INDEX to the others
    AUDIO_CONTROL (muted or not)       AUDIO_STREAM_ID_INFO to all
    PING_PONG                          PING_PONG
    LEAVE                              LEAVE_ACK

Close codes are guesses at the service's own, except 4410: the SDK knows it as the meeting's end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from slackbot.sandbox.chime import frames
from slackbot.sandbox.chime.api import Attendee
from slackbot.sandbox.chime.connection import Connection
from slackbot.sandbox.chime.frames import Frame, Kind
from slackbot.sandbox.chime.meeting import Leg, Meeting, OpenLeg, Participant

_SUBPROTOCOL = "_aws_wt_session"
BAD_FRAME, REFUSED, ENDED = 4400, 4403, 4410
AttendeeOf = Callable[[str], Attendee | None]


def missing_requirement() -> str:
    """Return the reason that media is unavailable, naming what to install; empty if available."""
    names = [name for name in ("aiortc", "aioice", "av") if find_spec(name) is None]
    return f"{names[0]} is not installed (`pip install {names[0]}`)" if names else ""


def _webrtc_leg(meeting: Meeting, participant: Participant) -> Leg:
    """Open a leg by aiortc, which is only imported here."""
    from slackbot.sandbox.chime import media

    media.use_loopback_only()

    def others() -> list[media.WebRtcLeg]:
        legs = [other.leg for other in meeting.others(participant)]
        return [leg for leg in legs if isinstance(leg, media.WebRtcLeg)]

    return media.WebRtcLeg(participant.video_stream, others)


@dataclass
class Knobs:
    """Faults that a test may set."""

    relay_mute: bool = True  # False: AUDIO_CONTROL is ignored


class MediaPlane:
    """All meetings. `attendee_of` returns the attendee of a join token.

    `refused` counts connections without a valid token, `telemetry` the SDK's event reports;
    `problems` describes frames that could not be read.
    """

    def __init__(self, attendee_of: AttendeeOf, open_leg: OpenLeg = _webrtc_leg) -> None:
        self.knobs = Knobs()
        self.refused = 0
        self.telemetry = 0
        self.problems: list[str] = []
        self.meetings: dict[str, Meeting] = {}
        self._attendee_of = attendee_of
        self._open_leg = open_leg
        self.app: ASGIApp = Starlette(
            routes=[
                WebSocketRoute("/control/{meeting}", self._control),
                Route("/v1/client-events", self._events, methods=["POST", "OPTIONS"]),
            ]
        )

    def participant(self, attendee: Attendee) -> Participant:
        """Return the participant of an attendee."""
        return self._meeting(attendee.meeting_id).participant(attendee)

    async def end(self, meeting_id: str) -> None:
        """End a meeting, as its owner can at any time."""
        await self._meeting(meeting_id).end()

    async def aclose(self) -> None:
        """Hang up on everybody."""
        for meeting in self.meetings.values():
            for participant in meeting.participants.values():
                if participant.connection is not None:
                    participant.connection.cut()
                    await meeting.disconnected(participant, participant.connection)

    def _meeting(self, meeting_id: str) -> Meeting:
        return self.meetings.setdefault(meeting_id, Meeting(self._open_leg))

    async def _events(self, _: Request) -> Response:
        self.telemetry += 1
        return Response(headers={"Access-Control-Allow-Origin": "*"})

    async def _control(self, socket: WebSocket) -> None:
        offered = socket.scope["subprotocols"]
        attendee = self._attendee_of(offered[1]) if len(offered) == 2 else None
        await socket.accept(_SUBPROTOCOL if _SUBPROTOCOL in offered else None)
        connection = Connection(socket)
        if attendee is None or attendee.meeting_id != socket.path_params["meeting"]:
            self.refused += 1
            await connection.close(REFUSED, "forbidden")
        elif self._meeting(attendee.meeting_id).over:
            await connection.close(ENDED, "meeting ended")
        else:
            meeting = self._meeting(attendee.meeting_id)
            await self._serve(meeting, meeting.participant(attendee), connection)

    async def _serve(
        self, meeting: Meeting, participant: Participant, connection: Connection
    ) -> None:
        try:
            async for data in connection.frames():
                await self._on_frame(meeting, participant, connection, frames.read(data))
        except ValueError as error:  # includes ProtobufError and OfferError
            self.problems.append(f"{type(error).__name__}: {error}")
            await connection.close(BAD_FRAME, "bad frame")
        finally:
            await meeting.disconnected(participant, connection)

    async def _on_frame(
        self, meeting: Meeting, participant: Participant, connection: Connection, frame: Frame
    ) -> None:
        if frame.kind is not None:
            participant.received.append(frame.kind.name)
        if frame.kind is Kind.JOIN:
            await meeting.join(participant, connection, frame.number(6))
        elif frame.kind is Kind.PING_PONG and frame.number(1) == 1:  # may come before JOIN
            await connection.send(frames.pong(frame.number(2)))
        elif participant.connection is not connection:
            return  # has not joined, or was replaced
        elif frame.kind is Kind.SUBSCRIBE:
            await meeting.subscribe(participant, frames.subscription(frame))
        elif frame.kind is Kind.AUDIO_CONTROL and self.knobs.relay_mute:
            participant.muted = bool(frame.number(1))
            await meeting.send_audio_streams()
        elif frame.kind is Kind.LEAVE:
            participant.left = True
            await connection.send(frames.write(Kind.LEAVE_ACK))
