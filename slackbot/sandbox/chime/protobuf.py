"""The wire format of Protocol Buffers, without a schema, as far as signalling needs it."""

from collections.abc import Iterator

Value = int | bytes
# Field number → its values in order: int for varints, bytes for everything else.
Fields = dict[int, list[Value]]

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_MAX_BITS = 64


class ProtobufError(ValueError):
    """Bytes that are not a valid message."""


def varint(number: int) -> bytes:
    """Encode a number from 0 to 2^64 - 1: seven bits per byte, the lowest first."""
    if not 0 <= number < 1 << _MAX_BITS:
        raise ValueError(f"{number} does not fit")
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """Encode a field that holds a number, a boolean or an enum member."""
    return varint(field << 3 | _VARINT) + varint(int(value))


def block(field: int, value: bytes | str) -> bytes:
    """Encode a field that holds text, bytes or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | _LENGTH) + varint(len(data)) + data


def parse(data: bytes) -> Fields:
    """Return all fields of a message. Raise `ProtobufError` if it is invalid."""
    fields: Fields = {}
    for field, value in _Reader(data).fields():
        fields.setdefault(field, []).append(value)
    return fields


def numbers(data: bytes) -> list[int]:
    """Return the varints of a packed field. Raise `ProtobufError` if it is invalid."""
    return list(_Reader(data).numbers())


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def fields(self) -> Iterator[tuple[int, Value]]:
        while self._at < len(self._data):
            key = self._varint()
            if key >> 3 == 0:
                raise ProtobufError("field 0 does not exist")
            yield key >> 3, self._value(key & 7)

    def numbers(self) -> Iterator[int]:
        while self._at < len(self._data):
            yield self._varint()

    def _value(self, kind: int) -> Value:
        if kind == _VARINT:
            return self._varint()
        if kind == _LENGTH:
            return self._bytes(self._varint())
        if kind in {_EIGHT_BYTES, _FOUR_BYTES}:
            return self._bytes(8 if kind == _EIGHT_BYTES else 4)
        raise ProtobufError(f"wire type {kind} is not used")

    def _bytes(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise ProtobufError("the message is truncated")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _varint(self) -> int:
        result = 0
        for shift in range(0, _MAX_BITS + 6, 7):
            byte = self._bytes(1)[0]
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                if result >> _MAX_BITS:
                    break
                return result
        raise ProtobufError("a number is too long")
