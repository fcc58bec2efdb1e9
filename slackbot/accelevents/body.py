"""Read the body of a response within limits of bytes and of JSON structure.

Parsing holds the interpreter's lock, also in a thread: 8 MiB of `{}` rows would stop the event
loop for half a minute. So the structure is counted on the bytes, and what is beyond the limits is
refused before it is parsed, as soon as it arrives.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Final

ENCODING: Final = "gzip"  # the only one that requests accept
_PIECE_BYTES: Final = 65_536  # of a compressed body, expanded at a time
_ANY_ZLIB_HEADER: Final = 32 + zlib.MAX_WBITS


class BodyRefused(Exception):
    """The body is beyond a limit, or its encoding is not the one that was asked for."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The most that a body may hold. Brackets and commas within texts count too."""

    size: int  # bytes, expanded
    containers: int  # `{` and `[`
    commas: int


# A page of 100 sessions, each with up to 65 kB of description.
SESSIONS: Final = BodyLimits(size=8 * 2**20, containers=20_000, commas=100_000)
# A match list of some hundred rows, or one object.
OTHERS: Final = BodyLimits(size=2**20, containers=4_000, commas=40_000)


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limits: BodyLimits) -> bytearray:
    """Return the expanded body.

    Raises:
        BodyRefused: See there.
    """
    body = bytearray()
    containers = commas = 0
    expand = _expander(encoding)
    async for chunk in chunks:
        for piece in expand(chunk):
            containers += piece.count(b"{") + piece.count(b"[")
            commas += piece.count(b",")
            body += piece
            await asyncio.sleep(0)  # a chunk may expand to a thousand pieces
            if len(body) > limits.size or containers > limits.containers or commas > limits.commas:
                raise BodyRefused
    return body


class _Gzip:
    """Expands a compressed body piece by piece: 64 kB may stand for 64 MB."""

    def __init__(self) -> None:
        self._decompressor = zlib.decompressobj(_ANY_ZLIB_HEADER)

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        try:
            while chunk:
                yield self._decompressor.decompress(chunk, _PIECE_BYTES)
                chunk = self._decompressor.unconsumed_tail
        except zlib.error:
            raise BodyRefused from None


def _plain(chunk: bytes) -> Iterator[bytes]:
    yield chunk


def _expander(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    match encoding.strip().lower():
        case "" | "identity":
            return _plain
        case "gzip" | "x-gzip" | "deflate":
            return _Gzip()
    raise BodyRefused
