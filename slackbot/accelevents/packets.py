"""Read Socket.IO packets with size limits, which the decoder of python-socketio lacks."""

from __future__ import annotations

from typing import Final

from socketio.packet import ACK, BINARY_ACK, BINARY_EVENT, CONNECT_ERROR, EVENT, Packet

from slackbot.accelevents.engine_io import MAX_MESSAGE_BYTES
from slackbot.accelevents.json_limits import EVENTS
from slackbot.telemetry import UNREADABLE

MAX_ATTACHMENTS: Final = 16  # per event; a match needs at most one


class UnreadablePacketError(Exception):
    """A message is not a Socket.IO packet or exceeds a limit. The error never contains its text."""


class OversizedPacketError(UnreadablePacketError):
    """A message exceeds a limit, so it is not known what it says."""


class PacketReader:
    """Converts the messages of a connection into packets. Attachments follow their packet."""

    def __init__(self) -> None:
        self._incomplete: Packet | None = None
        self._bytes = 0  # total size of its attachments so far

    def read(self, message: str | bytes) -> Packet | None:
        """Return the packet that the message completes, or None if attachments are missing.

        Raises:
            UnreadablePacketError: The message is neither a packet nor an attachment.
        """
        incomplete, self._incomplete = self._incomplete, None
        if isinstance(message, bytes):
            return self._attach(incomplete, message)
        if incomplete is not None:
            UNREADABLE.labels(source="socket").inc()
        packet = _decode(message)
        if packet.attachment_count:
            self._incomplete, self._bytes = packet, 0
            return None
        return packet

    def _attach(self, packet: Packet | None, attachment: bytes) -> Packet | None:
        self._bytes += len(attachment)
        if packet is None or self._bytes > MAX_MESSAGE_BYTES:
            raise UnreadablePacketError
        try:
            complete = packet.add_attachment(attachment)
        except (ValueError, LookupError, TypeError, RecursionError):  # invalid placeholder
            raise UnreadablePacketError from None
        if not complete:
            self._incomplete = packet
            return None
        return packet


def _decode(message: str) -> Packet:
    """Decode a packet. Set the `namespace`, and replace binary types by their plain types."""
    if not EVENTS.allow_text(message):
        raise OversizedPacketError
    try:
        packet = Packet(encoded_packet=message)
    except (ValueError, RecursionError):
        raise UnreadablePacketError from None
    binary = packet.packet_type in {BINARY_EVENT, BINARY_ACK}
    if packet.attachment_count > (MAX_ATTACHMENTS if binary else 0):
        raise UnreadablePacketError
    packet.namespace = packet.namespace or "/"
    packet.packet_type = {BINARY_EVENT: EVENT, BINARY_ACK: ACK}.get(
        packet.packet_type, packet.packet_type
    )
    if not message or packet.packet_type > CONNECT_ERROR:
        raise UnreadablePacketError
    if packet.packet_type == EVENT and not (
        isinstance(packet.data, list) and packet.data and isinstance(packet.data[0], str)
    ):
        raise UnreadablePacketError
    return packet
