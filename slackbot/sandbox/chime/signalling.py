"""The media plane as one ASGI application: join tokens in, signalling frames out.

A browser opens ``/control/{meeting}`` with the subprotocols ``_aws_wt_session, <JoinToken>``:

    browser                            here
    JOIN                               JOIN_ACK, INDEX
    SUBSCRIBE (SDP offer)              SUBSCRIBE_ACK (SDP answer); AUDIO_STREAM_ID_INFO to all,
                                       INDEX to the others
    AUDIO_CONTROL (muted or not)       AUDIO_STREAM_ID_INFO to all
    PING_PONG                          PING_PONG
    LEAVE                              LEAVE_ACK

Closing codes are guesses at the service's own, except 4410: the SDK knows it as the meeting's end.
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
from slackbot.sandbox.chime.api import Pass
from slackbot.sandbox.chime.frames import Frame, Kind
from slackbot.sandbox.chime.line import Line
from slackbot.sandbox.chime.meeting import Leg, Meeting, OpenLeg, Seat

_SUBPROTOCOL = "_aws_wt_session"
BAD_FRAME, REFUSED, ENDED = 4400, 4403, 4410
HolderOf = Callable[[str], Pass | None]


def what_is_missing() -> str:
    """Why media cannot flow here, as what to install; empty when it can."""
    names = [name for name in ("aiortc", "aioice", "av") if find_spec(name) is None]
    return f"the Python package {names[0]} is not installed" if names else ""


def _webrtc_leg(meeting: Meeting, seat: Seat) -> Leg:
    """A leg by aiortc, which is only imported here."""
    from slackbot.sandbox.chime import media

    media.stay_on_this_machine()

    def others() -> list[media.Leg]:
        return [o.leg for o in meeting.others(seat) if isinstance(o.leg, media.Leg)]

    return media.Leg(seat.camera_stream, others)


@dataclass
class Dials:
    """What a test may break: whether a mute is taken note of and told to the others."""

    relay_mute: bool = True


class MediaPlane:
    """All meetings. `holder_of` finds the pass of a join token.

    `refused` counts connections without a pass to their meeting, `telemetry` requests to where
    the SDK would send its reports, `problems` says which frames could not be read.
    """

    def __init__(self, holder_of: HolderOf, open_leg: OpenLeg = _webrtc_leg) -> None:
        self.dials = Dials()
        self.refused = 0
        self.telemetry = 0
        self.problems: list[str] = []
        self.meetings: dict[str, Meeting] = {}
        self._holder_of = holder_of
        self._open_leg = open_leg
        self.app: ASGIApp = Starlette(
            routes=[
                WebSocketRoute("/control/{meeting}", self._control),
                Route("/v1/client-events", self._events, methods=["POST", "OPTIONS"]),
            ]
        )

    def seat(self, holder: Pass) -> Seat:
        """The seat that belongs to a pass."""
        return self._meeting(holder.meeting_id).seat_of(holder)

    async def end(self, meeting_id: str) -> None:
        """End a meeting, as its owner may at any time."""
        await self._meeting(meeting_id).end()

    async def aclose(self) -> None:
        """Hang up on everybody."""
        for meeting in self.meetings.values():
            for seat in meeting.seats.values():
                if seat.line is not None:
                    seat.line.cut()
                    await meeting.line_ended(seat, seat.line)

    def _meeting(self, meeting_id: str) -> Meeting:
        return self.meetings.setdefault(meeting_id, Meeting(self._open_leg))

    async def _events(self, _: Request) -> Response:
        self.telemetry += 1
        return Response(headers={"Access-Control-Allow-Origin": "*"})

    async def _control(self, socket: WebSocket) -> None:
        offered = socket.scope["subprotocols"]
        holder = self._holder_of(offered[1]) if len(offered) == 2 else None
        await socket.accept(_SUBPROTOCOL if _SUBPROTOCOL in offered else None)
        line = Line(socket)
        if holder is None or holder.meeting_id != socket.path_params["meeting"]:
            self.refused += 1
            await line.close(REFUSED, "forbidden")
        elif self._meeting(holder.meeting_id).over:
            await line.close(ENDED, "meeting ended")
        else:
            await self._serve(self._meeting(holder.meeting_id), self.seat(holder), line)

    async def _serve(self, meeting: Meeting, seat: Seat, line: Line) -> None:
        try:
            async for data in line.frames():
                await self._on_frame(meeting, seat, line, frames.read(data))
        except ValueError as error:  # WireError and OfferError are such
            self.problems.append(f"{type(error).__name__}: {error}")
            await line.close(BAD_FRAME, "bad frame")
        finally:
            await meeting.line_ended(seat, line)

    async def _on_frame(self, meeting: Meeting, seat: Seat, line: Line, frame: Frame) -> None:
        if frame.kind is not None:
            seat.heard.append(frame.kind.name)
        if frame.kind is Kind.JOIN:
            await meeting.join(seat, line, frame.number(6))
        elif frame.kind is Kind.PING_PONG and frame.number(1) == 1:  # comes before JOIN, too
            await line.send(frames.pong(frame.number(2)))
        elif seat.line is not line:
            return  # has not joined, or was replaced
        elif frame.kind is Kind.SUBSCRIBE:
            await meeting.subscribe(seat, frames.subscription(frame))
        elif frame.kind is Kind.AUDIO_CONTROL and self.dials.relay_mute:
            seat.muted = bool(frame.number(1))
            await meeting.tell_voices()
        elif frame.kind is Kind.LEAVE:
            seat.said_goodbye = True
            await line.send(frames.write(Kind.LEAVE_ACK))
