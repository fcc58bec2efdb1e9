"""Bodies of responses: read within limits, and refused as soon as one is passed."""

import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable

import pytest

from slackbot.accelevents.body import BodyRefused, read_body
from slackbot.accelevents.json_limits import OTHERS, SESSIONS, JsonLimits

CHUNK = 16_384  # bytes
LIMITS = {"sessions": SESSIONS, "others": OTHERS}


class Chunks:
    """A body in chunks, which counts those that were read."""

    def __init__(self, body: bytes) -> None:
        self.body, self.read = body, 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self.body), CHUNK):
            self.read += 1
            yield self.body[start : start + CHUNK]


async def read(body: bytes, encoding: str = "", limits: JsonLimits = SESSIONS) -> bytearray:
    return await read_body(aiter(Chunks(body)), encoding, limits)


DESCRIPTION = (
    "<p>Meet founders for five minutes each. Bring a question, or two. All are welcome.</p>\n" * 330
)
PAGE = json.dumps(
    {"data": [{"sessionId": n, "description": DESCRIPTION, "tracks": [{}] * 5} for n in range(100)]}
).encode()


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("", bytes), ("identity", bytes), ("gzip", gzip.compress), ("deflate", zlib.compress)],
)
async def test_a_full_page_is_read(encoding: str, encode: Callable[[bytes], bytes]):
    """A page of 100 sessions with 29 kB of description each is within the limits."""
    assert await read(encode(PAGE), encoding) == PAGE


@pytest.mark.parametrize("limits", LIMITS.values(), ids=list(LIMITS))
@pytest.mark.parametrize("row", [b"{},", b"[],", b"1,", b'{"a":{"b":[]}},', b"[[[[[[[["])
async def test_structure_is_counted_before_it_is_parsed(row: bytes, limits: JsonLimits):
    """8 MiB of rows are refused after a fraction of them."""
    chunks = Chunks(row * (8 * 2**20 // len(row)))
    with pytest.raises(BodyRefused) as refused:
        await read_body(aiter(chunks), "", limits)
    assert chunks.read * CHUNK < 2**20
    assert refused.traceback[-1].frame.f_locals["body"] == b"", "the error keeps the body"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_small_body_that_expands_is_refused(encoding: str):
    """64 kB of compressed zeros are not expanded to 64 MB."""
    encode = gzip.compress if encoding == "gzip" else zlib.compress
    bomb = encode(bytes(64 * 2**20))
    assert len(bomb) < 70_000
    with pytest.raises(BodyRefused):
        await read(bomb, encoding)


@pytest.mark.parametrize(("body", "encoding"), [(b"[]", "br"), (b"[]", "gzip"), (b"[]", "?")])
async def test_an_encoding_nobody_asked_for_is_refused(body: bytes, encoding: str):
    """Neither another encoding nor one that the body does not have is read."""
    with pytest.raises(BodyRefused):
        await read(body, encoding)
