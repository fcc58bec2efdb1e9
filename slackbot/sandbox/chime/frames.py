"""Signalling frames by name: what a client says, and what the service answers.

A frame on the line is one byte, 5, and then an `SdkSignalFrame`: a time, a kind, and a body in the
field that belongs to the kind. Names of kinds and fields are those of amazon-chime-sdk-js.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from slackbot.sandbox.chime.wire import Fields, WireError, block, number, numbers, parse

_RTC = b"\x05"
_DUPLEX = 3
_RECEIVE = 1
_VIDEO = 2
_AUDIO_LABEL = "AmazonChimeExpressAudio"
_CAMERA_LABEL = "AmazonChimeExpressVideo"
VIDEO_LIMIT = 25  # pictures that one client may receive, as the service has it
DEVICE_TAKEN_OVER, MEETING_ENDED = 301, 410


class Kind(IntEnum):
    """Kinds of frames that are spoken here."""

    JOIN = 1
    JOIN_ACK = 2
    SUBSCRIBE = 3
    SUBSCRIBE_ACK = 4
    INDEX = 5
    LEAVE = 9
    LEAVE_ACK = 10
    AUDIO_CONTROL = 16
    AUDIO_STREAM_ID_INFO = 18
    PING_PONG = 19
    AUDIO_STATUS = 20


_BODY = {
    Kind.JOIN: 4,
    Kind.JOIN_ACK: 5,
    Kind.SUBSCRIBE: 6,
    Kind.SUBSCRIBE_ACK: 7,
    Kind.INDEX: 8,
    Kind.LEAVE: 11,
    Kind.LEAVE_ACK: 12,
    Kind.AUDIO_CONTROL: 17,
    Kind.AUDIO_STREAM_ID_INFO: 19,
    Kind.PING_PONG: 20,
    Kind.AUDIO_STATUS: 21,
}


@dataclass(frozen=True)
class Frame:
    """One frame as it came; `kind` None is one that is not spoken here."""

    kind: Kind | None
    body: Fields

    def number(self, field: int) -> int:
        """A number of the body; 0, the default of the format, when it is not there."""
        return _number(self.body, field)


def read(data: bytes) -> Frame:
    """A frame from the line. Raises `WireError`."""
    if not data.startswith(_RTC):
        raise WireError("the type byte is not 5")
    head = parse(data[1:])
    kind = _number(head, 2)
    if kind not in set(Kind):
        return Frame(None, {})
    return Frame(Kind(kind), parse(_bytes(head, _BODY[Kind(kind)])))


def write(kind: Kind, body: bytes = b"") -> bytes:
    """A frame for the line."""
    milliseconds = int(time.time() * 1000)
    return _RTC + number(1, milliseconds) + number(2, kind) + block(_BODY[kind], body)


# What a client asks for.


@dataclass(frozen=True)
class Subscription:
    """What one client sends and wants to receive, with its SDP offer.

    `camera` is the label of its camera's track, None while it sends no picture; `wanted` are the
    streams for the video sections of the offer in their order, 0 for none.
    """

    offer: str
    camera: str | None
    wanted: tuple[int, ...]
    muted: bool


def subscription(frame: Frame) -> Subscription:
    """The body of a SUBSCRIBE. Raises `WireError`."""
    body = frame.body
    sends = frame.number(1) == _DUPLEX
    cameras = [label for label in map(_camera_label, body.get(2, [])) if label is not None]
    return Subscription(
        offer=_text(body, 4),
        camera=cameras[0] if sends and cameras else None,
        wanted=tuple(_packed(body, 3)),
        muted=bool(frame.number(7)),
    )


def _camera_label(stream: int | bytes) -> str | None:
    if isinstance(stream, int):
        raise WireError("a stream is a message")
    fields = parse(stream)
    label = _text(fields, 4) or _CAMERA_LABEL
    is_video = _number(fields, 9, default=_VIDEO) == _VIDEO
    return label if is_video and label != _AUDIO_LABEL else None


# What the service says.


@dataclass(frozen=True)
class Camera:
    """A picture that can be received."""

    stream: int
    attendee_id: str
    external_user_id: str


@dataclass(frozen=True)
class Voice:
    """Somebody in the meeting."""

    stream: int
    attendee_id: str
    external_user_id: str
    muted: bool


@dataclass(frozen=True)
class Track:
    """Where in the answer a stream is: its section's `mid`, and the SSRC it is sent with."""

    stream: int
    ssrc: int
    mid: str


def join_ack() -> bytes:
    """No TURN servers, and SDP as plain text."""
    return write(Kind.JOIN_ACK, number(2, VIDEO_LIMIT) + number(3, 0))


def index(cameras: Iterable[Camera], participants: int) -> bytes:
    """All pictures of the others."""
    return write(
        Kind.INDEX, number(1, 0) + b"".join(map(_source, cameras)) + number(4, participants)
    )


def _source(camera: Camera) -> bytes:
    return block(
        2,
        number(1, camera.stream)
        + number(2, 15)  # frames a second
        + number(3, 600)  # kbit/s at most
        + number(6, camera.stream)
        + number(7, 400_000)  # bit/s on average
        + block(8, camera.attendee_id)
        + number(9, _VIDEO)
        + block(10, camera.external_user_id)
        + number(11, 640)
        + number(12, 360),
    )


def subscribe_ack(
    answer: str, tracks: Iterable[Track], *, camera: str | None, stream: int
) -> bytes:
    """The SDP answer; `stream` is given to the client's own camera if it sends one."""
    body = number(1, _DUPLEX if camera else _RECEIVE)
    if camera:
        body += block(2, block(1, camera) + number(2, stream) + number(3, stream))
    body += block(3, answer)
    for track in tracks:
        told = number(1, track.stream) + number(2, track.ssrc) + block(3, f"v_{track.mid}")
        body += block(4, told)
    return write(Kind.SUBSCRIBE_ACK, body)


def voices(people: Iterable[Voice]) -> bytes:
    """Who is there, and who is muted."""
    return write(Kind.AUDIO_STREAM_ID_INFO, b"".join(block(1, _voice(p)) for p in people))


def _voice(voice: Voice) -> bytes:
    return (
        number(1, voice.stream)
        + block(2, voice.attendee_id)
        + number(3, voice.muted)
        + block(4, voice.external_user_id)
    )


def gone(stream: int, *, dropped: bool) -> bytes:
    """Somebody is there no more: a stream without an attendee. `dropped`: without a word."""
    return write(Kind.AUDIO_STREAM_ID_INFO, block(1, number(1, stream) + number(5, dropped)))


def pong(ping_id: int) -> bytes:
    """The answer to a ping."""
    return write(Kind.PING_PONG, number(1, 2) + number(2, ping_id))


def audio_status(status: int) -> bytes:
    """`DEVICE_TAKEN_OVER` or `MEETING_ENDED`."""
    return write(Kind.AUDIO_STATUS, number(1, status))


def _number(fields: Fields, field: int, default: int = 0) -> int:
    value = fields.get(field, [default])[-1]
    if not isinstance(value, int):
        raise WireError(f"field {field} is no number")
    return value


def _bytes(fields: Fields, field: int) -> bytes:
    value = fields.get(field, [b""])[-1]
    if not isinstance(value, bytes):
        raise WireError(f"field {field} is no block")
    return value


def _text(fields: Fields, field: int) -> str:
    try:
        return _bytes(fields, field).decode()
    except UnicodeDecodeError as error:
        raise WireError(f"field {field} is no text") from error


def _packed(fields: Fields, field: int) -> Iterable[int]:
    """Numbers that stand one by one, or several in one block of varints."""
    for value in fields.get(field, []):
        if isinstance(value, int):
            yield value
        else:
            yield from numbers(value)
