"""Signalling frames: those a client sends, and those the service answers with.

A frame is the byte 5, followed by an `SdkSignalFrame`: a time, a kind, and a body in the field
that belongs to the kind. Names of kinds and fields are those of amazon-chime-sdk-js.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from slackbot.sandbox.chime.protobuf import (
    Fields,
    ProtobufError,
    block,
    number,
    numbers,
    parse,
)

_RTC = b"\x05"
_DUPLEX = 3
_RECEIVE = 1
_VIDEO = 2
_AUDIO_LABEL = "AmazonChimeExpressAudio"
_CAMERA_LABEL = "AmazonChimeExpressVideo"
VIDEO_LIMIT = 25  # video streams that one client may receive, as at the service
DEVICE_TAKEN_OVER, MEETING_ENDED = 301, 410  # audio status codes


class Kind(IntEnum):
    """The supported kinds of frames."""

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
    """One received frame; `kind` is None if it is not supported."""

    kind: Kind | None
    body: Fields

    def number(self, field: int) -> int:
        """Return a number of the body; 0, the format's default, if absent."""
        return _number(self.body, field)


def read(data: bytes) -> Frame:
    """Decode a frame. Raise `ProtobufError` if it is invalid."""
    if not data.startswith(_RTC):
        raise ProtobufError("the type byte is not 5")
    head = parse(data[1:])
    kind = _number(head, 2)
    if kind not in set(Kind):
        return Frame(None, {})
    return Frame(Kind(kind), parse(_bytes(head, _BODY[Kind(kind)])))


def write(kind: Kind, body: bytes = b"") -> bytes:
    """Encode a frame."""
    milliseconds = int(time.time() * 1000)
    return _RTC + number(1, milliseconds) + number(2, kind) + block(_BODY[kind], body)


# From the client.


@dataclass(frozen=True)
class Subscription:
    """The streams that a client sends and wants to receive, with its SDP offer.

    `camera` is the label of its camera's track, None while it sends no video; `wanted` lists the
    streams for the video sections of the offer in order, 0 for none.
    """

    offer: str
    camera: str | None
    wanted: tuple[int, ...]
    muted: bool


def subscription(frame: Frame) -> Subscription:
    """Decode the body of a SUBSCRIBE. Raise `ProtobufError` if it is invalid."""
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
        raise ProtobufError("a stream is a message")
    fields = parse(stream)
    label = _text(fields, 4) or _CAMERA_LABEL
    is_video = _number(fields, 9, default=_VIDEO) == _VIDEO
    return label if is_video and label != _AUDIO_LABEL else None


# From the service.


@dataclass(frozen=True)
class VideoSource:
    """A video stream that can be received."""

    stream: int
    attendee_id: str
    external_user_id: str


@dataclass(frozen=True)
class AudioStream:
    """The audio stream of an attendee who is present."""

    stream: int
    attendee_id: str
    external_user_id: str
    muted: bool


@dataclass(frozen=True)
class Track:
    """The place of a stream in the answer: its section's `mid`, and its SSRC."""

    stream: int
    ssrc: int
    mid: str


def join_ack() -> bytes:
    """Return a JOIN_ACK without TURN servers, for SDP as plain text."""
    return write(Kind.JOIN_ACK, number(2, VIDEO_LIMIT) + number(3, 0))


def index(sources: Iterable[VideoSource], participants: int) -> bytes:
    """Return an INDEX of the others' video sources."""
    return write(
        Kind.INDEX, number(1, 0) + b"".join(map(_source, sources)) + number(4, participants)
    )


def _source(source: VideoSource) -> bytes:
    return block(
        2,
        number(1, source.stream)
        + number(2, 15)  # frames per second
        + number(3, 600)  # kbit/s at most
        + number(6, source.stream)
        + number(7, 400_000)  # bit/s on average
        + block(8, source.attendee_id)
        + number(9, _VIDEO)
        + block(10, source.external_user_id)
        + number(11, 640)
        + number(12, 360),
    )


def subscribe_ack(
    answer: str, tracks: Iterable[Track], *, camera: str | None, stream: int
) -> bytes:
    """Return a SUBSCRIBE_ACK; `stream` is the id of the client's own video, if it sends one."""
    body = number(1, _DUPLEX if camera else _RECEIVE)
    if camera:
        body += block(2, block(1, camera) + number(2, stream) + number(3, stream))
    body += block(3, answer)
    for track in tracks:
        body += block(
            4, number(1, track.stream) + number(2, track.ssrc) + block(3, f"v_{track.mid}")
        )
    return write(Kind.SUBSCRIBE_ACK, body)


def audio_streams(streams: Iterable[AudioStream]) -> bytes:
    """Return an AUDIO_STREAM_ID_INFO of those present, with their mute state."""
    entries = [
        number(1, stream.stream)
        + block(2, stream.attendee_id)
        + number(3, stream.muted)
        + block(4, stream.external_user_id)
        for stream in streams
    ]
    return write(Kind.AUDIO_STREAM_ID_INFO, b"".join(block(1, entry) for entry in entries))


def stream_ended(stream: int, *, dropped: bool) -> bytes:
    """Return an AUDIO_STREAM_ID_INFO without attendee; `dropped` if they left without LEAVE."""
    return write(Kind.AUDIO_STREAM_ID_INFO, block(1, number(1, stream) + number(5, dropped)))


def pong(ping_id: int) -> bytes:
    """Return the answer to a ping."""
    return write(Kind.PING_PONG, number(1, 2) + number(2, ping_id))


def audio_status(status: int) -> bytes:
    """Return an AUDIO_STATUS: `DEVICE_TAKEN_OVER` or `MEETING_ENDED`."""
    return write(Kind.AUDIO_STATUS, number(1, status))


def _number(fields: Fields, field: int, default: int = 0) -> int:
    value = fields.get(field, [default])[-1]
    if not isinstance(value, int):
        raise ProtobufError(f"field {field} is not a number")
    return value


def _bytes(fields: Fields, field: int) -> bytes:
    value = fields.get(field, [b""])[-1]
    if not isinstance(value, bytes):
        raise ProtobufError(f"field {field} is not a block")
    return value


def _text(fields: Fields, field: int) -> str:
    try:
        return _bytes(fields, field).decode()
    except UnicodeDecodeError as error:
        raise ProtobufError(f"field {field} is not text") from error


def _packed(fields: Fields, field: int) -> Iterable[int]:
    """Yield the numbers of a repeated field, packed or not."""
    for value in fields.get(field, []):
        if isinstance(value, int):
            yield value
        else:
            yield from numbers(value)
