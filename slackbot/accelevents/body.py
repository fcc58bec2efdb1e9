"""Read response bodies with limits on their size and JSON structure.

Parsing JSON holds the GIL, even in a thread, so 8 MiB of `{}` rows would block the event loop for
half a minute. The brackets and commas are therefore counted in the received bytes, and a body is
rejected as soon as it exceeds a limit, before it is parsed.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Final

ENCODING: Final = "gzip"  # the only encoding that requests accept
_PIECE_BYTES: Final = 65_536  # decompressed at a time
_ANY_ZLIB_HEADER: Final = 32 + zlib.MAX_WBITS


class BodyRefused(Exception):
    """The body exceeds a limit or cannot be decompressed."""


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The limits for a body. Brackets and commas inside strings are counted too."""

    size: int  # bytes after decompression
    containers: int  # `{` and `[`
    commas: int


# For a page of 100 sessions, whose descriptions have up to 65 kB each.
SESSIONS: Final = BodyLimits(size=8 * 2**20, containers=20_000, commas=100_000)
# For a match list with several hundred rows, or a single object.
OTHERS: Final = BodyLimits(size=2**20, containers=4_000, commas=40_000)


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limits: BodyLimits) -> bytearray:
    """Return the decompressed body.

    Raises:
        BodyRefused: The body exceeds a limit or cannot be decompressed.
    """
    body = bytearray()
    containers = commas = 0
    expand = _expander(encoding)
    async for chunk in chunks:
        for piece in expand(chunk):
            containers += piece.count(b"{") + piece.count(b"[")
            commas += piece.count(b",")
            body += piece
            await asyncio.sleep(0)  # a chunk may decompress to a thousand pieces
            if len(body) > limits.size or containers > limits.containers or commas > limits.commas:
                raise BodyRefused
    return body


class _Gzip:
    """Decompresses a body in small pieces, because 64 kB may decompress to 64 MB."""

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
