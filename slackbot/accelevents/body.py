"""Read response bodies within limits, and reject a body as soon as it exceeds one of them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from slackbot.accelevents.json_limits import JsonLimits, Structure

ENCODING: Final = "gzip"  # the only encoding that requests accept
_PIECE_BYTES: Final = 65_536  # decompressed at a time
_ANY_ZLIB_HEADER: Final = 32 + zlib.MAX_WBITS


class BodyRefused(Exception):
    """The body exceeds a limit or cannot be decompressed."""


class BodyTooLarge(BodyRefused):
    """The body exceeds a limit."""


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limits: JsonLimits) -> bytearray:
    """Return the decompressed body.

    Raises:
        BodyTooLarge: The body exceeds a limit.
        BodyRefused: The body cannot be decompressed.
    """
    body, structure = bytearray(), Structure()
    expand = _expander(encoding)
    async for chunk in chunks:
        for piece in expand(chunk):
            structure.add(piece)
            body += piece
            await asyncio.sleep(0)  # a chunk may decompress to a thousand pieces
            if not limits.allow(len(body), structure):
                body.clear()  # the error's traceback refers to this frame
                raise BodyTooLarge
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
