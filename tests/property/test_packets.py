"""Whatever a socket sends is a packet or unreadable, and within bounds."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socketio.packet import ACK, CONNECT, EVENT, Packet

from slackbot.accelevents.engine_io import MAX_MESSAGE_BYTES
from slackbot.accelevents.packets import MAX_ATTACHMENTS, PacketReader, UnreadablePacketError

PLACEHOLDER = '{"_placeholder":true,"num":0}'
# Texts that are nearly packets: type, attachments, namespace, id and data in any state.
NEARLY = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["0", "1", "2", "3", "4", "5", "6", "7", "9", "", "²", "-"]),
        st.sampled_from(["", "1-", "0-", "17-", "99999999999-", "²-", "-"]),
        st.sampled_from(["", "/live,", "/live", "/,", "/a?b,"]),
        st.sampled_from(["", "7", "7" * 101, "²"]),
        st.one_of(
            st.text(max_size=20),
            st.just("[" * 5_000),
            st.sampled_from([f'["m",{PLACEHOLDER}]', '["m",{"_placeholder":1,"num":"x"}]', "[]"]),
            st.recursive(
                st.none() | st.integers() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=5), inner, max_size=3)
                ),
                max_leaves=5,
            ).map(json.dumps),
        ),
    ),
)


@given(st.lists(NEARLY | st.text(max_size=30) | st.binary(max_size=30), max_size=6))
def test_any_message_is_a_packet_or_unreadable(messages: list[str | bytes]) -> None:
    """Nothing else is ever raised; an event has a name; and the reader reads on afterwards."""
    reader = PacketReader()
    for message in messages:
        with suppress(UnreadablePacketError):
            packet = reader.read(message)
            if packet is not None and packet.packet_type == EVENT:
                assert isinstance(packet.data[0], str)
            assert packet is None or packet.namespace.startswith("/")
    good = reader.read('2["m",1]')
    assert good is not None
    assert good.data == ["m", 1]


@given(
    st.sampled_from([CONNECT, EVENT, ACK]),
    st.sampled_from(["/", "/live"]),
    st.lists(st.integers() | st.binary(min_size=1, max_size=9) | st.text(max_size=9), max_size=5),
)
def test_what_python_socketio_writes_is_read(
    kind: int, namespace: str, args: list[int | bytes | str]
) -> None:
    """A packet of the library, with attachments or without, comes out as it went in."""
    data = {"sid": "s"} if kind == CONNECT else ["name", *args]
    encoded = Packet(kind, data, namespace).encode()
    reader = PacketReader()
    for message in encoded if isinstance(encoded, list) else [encoded]:
        packet = reader.read(message)
    assert packet is not None
    assert (packet.packet_type, packet.namespace, packet.data) == (kind, namespace, data)


def test_attachments_are_bounded_in_number() -> None:
    """An event with more attachments than any match needs is unreadable at once."""
    reader = PacketReader()
    assert reader.read(f'5{MAX_ATTACHMENTS}-["m",{PLACEHOLDER}]') is None
    with pytest.raises(UnreadablePacketError):
        reader.read(f'5{MAX_ATTACHMENTS + 1}-["m",{PLACEHOLDER}]')


def test_attachments_are_bounded_in_bytes() -> None:
    """The attachments of one event may have as many bytes together as one message."""
    reader, half = PacketReader(), bytes(MAX_MESSAGE_BYTES // 2)
    reader.read(f'53-["m",{PLACEHOLDER}]')
    assert reader.read(half) is None
    assert reader.read(half) is None
    with pytest.raises(UnreadablePacketError):
        reader.read(b"x")
    with pytest.raises(UnreadablePacketError):  # what follows belongs to nothing
        reader.read(b"y")
    assert reader.read('2["m"]') is not None


@pytest.mark.parametrize("row", ["{}", "[]", '{"n":[{}]}', "1", '"x"'])
def test_structure_is_counted_before_it_is_parsed(row: str) -> None:
    """1 MiB of rows is unreadable; as a text within limits, it is a packet."""
    rows = ",".join([row] * (MAX_MESSAGE_BYTES // (len(row) + 1) - 8))
    reader = PacketReader()
    with pytest.raises(UnreadablePacketError):
        reader.read(f'2["m",[{rows}]]')
    assert reader.read(json.dumps(["m", "x" * (MAX_MESSAGE_BYTES - 10)]).join(["2", ""]))


def test_a_missing_attachment_does_not_swallow_the_next_event() -> None:
    """An event whose attachments never come is given up when the next packet comes."""
    reader = PacketReader()
    assert reader.read(f'51-["m",{PLACEHOLDER}]') is None
    packet = reader.read('2["match"]')
    assert packet is not None
    assert packet.data == ["match"]
