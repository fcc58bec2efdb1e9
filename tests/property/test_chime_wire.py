"""The sandbox's signalling codec: what is written is read, and junk is an error of its own kind."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slackbot.sandbox.chime import frames
from slackbot.sandbox.chime.frames import Kind
from slackbot.sandbox.chime.wire import WireError, block, number, numbers, parse, varint

FIELDS = st.integers(1, 2**29 - 1)
NUMBERS = st.integers(0, 2**64 - 1)
ENTRIES = st.lists(st.tuples(FIELDS, NUMBERS | st.binary(max_size=300)))


def written(entries: list[tuple[int, int | bytes]]) -> bytes:
    return b"".join(
        number(field, value) if isinstance(value, int) else block(field, value)
        for field, value in entries
    )


@given(ENTRIES)
def test_what_is_written_is_read(entries: list[tuple[int, int | bytes]]):
    """Every field comes back with its values in their order."""
    expected: dict[int, list[int | bytes]] = {}
    for field, value in entries:
        expected.setdefault(field, []).append(value)
    assert parse(written(entries)) == expected


@given(st.lists(NUMBERS))
def test_packed_numbers_are_read(values: list[int]):
    """A packed field is its varints, one after the other."""
    assert numbers(b"".join(map(varint, values))) == values


@given(ENTRIES.filter(bool), st.data())
def test_a_message_cut_short_is_noticed(
    entries: list[tuple[int, int | bytes]], data: st.DataObject
):
    """What is left of a message is its first fields, or an error; never something else."""
    whole = written(entries)
    part = whole[: data.draw(st.integers(0, len(whole) - 1))]
    starts = [written(entries[:count]) for count in range(len(entries) + 1)]
    if part in starts:
        assert parse(part) == parse(starts[starts.index(part)])
    else:
        with pytest.raises(WireError):
            parse(part)


@given(st.binary(max_size=400))
def test_junk_is_refused_or_read(junk: bytes):
    """Any bytes are fields or a `WireError`."""
    with contextlib.suppress(WireError):
        parse(junk)


@given(st.sampled_from(Kind), ENTRIES | st.binary(max_size=200))
def test_junk_in_a_frame_is_refused_or_read(
    kind: Kind, body: list[tuple[int, int | bytes]] | bytes
):
    """A frame of a known kind with any body, read as what a client asks for, or a `WireError`."""
    data = body if isinstance(body, bytes) else written(body)
    with contextlib.suppress(WireError):
        frame = frames.read(frames.write(kind, data))
        assert frame.kind is kind
        frames.subscription(frame)


@given(st.binary(max_size=400))
def test_junk_on_the_line_is_refused_or_read(junk: bytes):
    """Any bytes behind the type byte, or without it."""
    for data in (junk, b"\x05" + junk):
        with contextlib.suppress(WireError):
            frames.subscription(frames.read(data))


@given(
    st.text(max_size=200), st.lists(st.integers(0, 500), max_size=5), st.booleans(), st.booleans()
)
def test_a_subscription_is_read(offer: str, wanted: list[int], sends: bool, muted: bool):
    """Offer, camera, streams and mute arrive as the SDK writes them; a microphone is none."""
    microphone = block(2, block(4, "AmazonChimeExpressAudio") + number(9, 1))
    camera = block(2, block(4, "AmazonChimeExpressVideo") + number(9, 2)) if sends else b""
    body = number(1, 3) + microphone + camera + block(4, offer) + number(7, muted)
    body += b"".join(number(3, stream) for stream in wanted)
    asked = frames.subscription(frames.read(frames.write(Kind.SUBSCRIBE, body)))
    label = "AmazonChimeExpressVideo" if sends else None
    assert asked == frames.Subscription(offer, label, tuple(wanted), muted)
