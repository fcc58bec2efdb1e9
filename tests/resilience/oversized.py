"""Answers and events far larger than any platform sends, and a platform that sends them."""

from __future__ import annotations

import gzip
import json
from functools import cached_property
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from slackbot.sandbox.accelevents import Accelevents

MEBIBYTE: Final = 2**20
_ROW: Final = {"sessionId": 1, "title": "A round", "format": "MEET_UP", "sessionStats": {}}


def _page(row: dict[str, Any], size: int = 8 * MEBIBYTE) -> bytes:
    """Return a page of sessions of this many bytes."""
    text = json.dumps(row).encode()
    return b'{"data":[' + b",".join([text] * (size // (len(text) + 1))) + b"]}"


ANSWERS: Final = {
    "a page of 8 MiB of empty rows": _page({}),
    "a page of 8 MiB of rows": _page(_ROW),
    "a page of 8 MiB of long rows": _page(_ROW | {"description": "x" * 65_000}),
    # It is parsed, and then has too many rows.
    "a page of 3 MiB of 510 rows": _page(_ROW | {"description": "x" * 6_050}, 3 * MEBIBYTE - 99),
    "100,000 rows of matches": json.dumps(
        [{"fullName": f"Guest {n}", "userIdOfMatch": n} for n in range(100_000)]
    ).encode(),
    "64 MiB of zeros in 64 kB": gzip.compress(bytes(64 * MEBIBYTE)),
    "8 MiB of numbers": b"[" + b"1," * (4 * MEBIBYTE) + b"1]",
}
EVENTS: Final = {
    "1 MiB of rows": [{"fullName": f"Guest {n}", "userIdOfMatch": n} for n in range(1, 20_000)],
    "1 MiB of fields": [{f"roundSeconds{n}": 60 for n in range(45_000)} | {"fullName": "Zoë"}],
    "1 MiB of calls": [
        {"MeetingId": f"m{n}", "JoinToken": "t", "AttendeeId": f"a{n}", "userIdOfMatch": n}
        for n in range(1, 11_000)
    ],
    "1 MiB of empty rows": [{}] * 340_000,
}


class OversizedPlatform(Accelevents):
    """A platform that answers requests to one path with a body of its own, while there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.body = b""
        self.ending = ""  # of the path
        self.bodies_sent = 0

    @cached_property
    def app(self) -> ASGIApp:
        """The usual application behind the one that sends the body."""
        usual = super().app

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if self.body and scope["path"].endswith(self.ending):
                self.bodies_sent += 1
                await self._send_body(send)
            else:
                await usual(scope, receive, send)

        return answer

    async def _send_body(self, send: Send) -> None:
        headers = [(b"content-length", b"%d" % len(self.body))]
        if self.body[:2] == b"\x1f\x8b":
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})
