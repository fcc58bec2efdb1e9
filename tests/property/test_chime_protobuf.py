"""The sandbox's signalling codec: encoded data decodes to itself, junk raises a known error."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.sandbox.chime import frames
from slackbot.sandbox.chime.frames import Kind
from slackbot.sandbox.chime.protobuf import ProtobufError, block, number, numbers, parse, varint

FIELDS = st.integers(1, 2**29 - 1)
NUMBERS = st.integers(0, 2**64 - 1)
ENTRIES = st.lists(st.tuples(FIELDS, NUMBERS | st.binary(max_size=300)))


def encoded(entries: list[tuple[int, int | bytes]]) -> bytes:
    return b"".join(
        number(field, value) if isinstance(value, int) else block(field, value)
        for field, value in entries
    )


@given(ENTRIES)
def test_encoded_fields_are_decoded(entries: list[tuple[int, int | bytes]]):
    """Every field is decoded with its values in order."""
    expected: dict[int, list[int | bytes]] = {}
    for field, value in entries:
        expected.setdefault(field, []).append(value)
    assert parse(encoded(entries)) == expected


@given(st.lists(NUMBERS))
def test_packed_numbers_are_decoded(values: list[int]):
    """A packed field is a sequence of varints."""
    assert numbers(b"".join(map(varint, values))) == values


@given(ENTRIES.filter(bool), st.data())
def test_a_truncated_message_is_detected(
    entries: list[tuple[int, int | bytes]], data: st.DataObject
):
    """A truncated message is its first fields or an error, never anything else."""
    whole = encoded(entries)
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    starts = [encoded(entries[:count]) for count in range(len(entries) + 1)]
    if part in starts:
        assert parse(part) == parse(starts[starts.index(part)])
    else:
        with pytest.raises(ProtobufError):
            parse(part)


@given(st.binary(max_size=400))
def test_junk_is_refused_or_read(junk: bytes):
    """Any bytes decode to fields or raise `ProtobufError`."""
    with contextlib.suppress(ProtobufError):
        parse(junk)


@given(st.sampled_from(Kind), ENTRIES | st.binary(max_size=200))
def test_junk_in_a_frame_is_refused_or_read(
    kind: Kind, body: list[tuple[int, int | bytes]] | bytes
):
    """A frame of any known kind with any body decodes or raises `ProtobufError`."""
    data = body if isinstance(body, bytes) else encoded(body)
    with contextlib.suppress(ProtobufError):
        frame = frames.read(frames.write(kind, data))
        assert frame.kind is kind
        frames.subscription(frame)


@given(st.binary(max_size=400))
def test_a_junk_frame_is_refused_or_read(junk: bytes):
    """Any bytes, with or without the type byte, decode or raise `ProtobufError`."""
    for data in (junk, b"\x05" + junk):
        with contextlib.suppress(ProtobufError):
            frames.subscription(frames.read(data))


@given(
    st.text(max_size=200), st.lists(st.integers(0, 500), max_size=5), st.booleans(), st.booleans()
)
def test_a_subscription_is_read(offer: str, wanted: list[int], sends: bool, muted: bool):
    """Offer, camera, streams and mute are decoded; a microphone is not a camera."""
    microphone = block(2, block(4, "AmazonChimeExpressAudio") + number(9, 1))
    camera = block(2, block(4, "AmazonChimeExpressVideo") + number(9, 2)) if sends else b""
    body = number(1, 3) + microphone + camera + block(4, offer) + number(7, muted)
    body += b"".join(number(3, stream) for stream in wanted)
    request = frames.subscription(frames.read(frames.write(Kind.SUBSCRIBE, body)))
    label = "AmazonChimeExpressVideo" if sends else None
    assert request == frames.Subscription(offer, label, tuple(wanted), muted)
