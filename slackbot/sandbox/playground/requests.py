"""The bot's requests to Slack and Accelevents, recorded without any credential."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slackbot.sandbox.accelevents.calls import call_of
from slackbot.sandbox.accelevents.sockets import SocketServer

_REMEMBERED: Final = 500
_RESPONSE_URL: Final = "/response/"


@dataclass
class Request:
    """One request, which began `at` (Unix seconds); `seconds` is None until it is answered."""

    at: float
    server: str  # slack or accelevents
    what: str
    who: str | None = None  # the attendee whose token it carried
    outcome: str = ""
    ok: bool = True
    seconds: float | None = None


@dataclass(frozen=True)
class ConnectionChange:
    """A live connection that opened or closed, at `at` in Unix seconds."""

    at: float
    who: str
    opened: bool


class Recorder:
    """Records requests; `changed` is called at the start and the end of each."""

    def __init__(self, changed: Callable[[], object]) -> None:
        self.requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self.connections: deque[ConnectionChange] = deque(maxlen=_REMEMBERED)
        self._changed = changed

    def around(self, server: str, app: ASGIApp) -> ASGIApp:
        """Wrap the application of a server, `slack` or `accelevents`."""

        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await self._record(server, app)(scope, receive, send)
            else:
                await app(scope, receive, send)

        return recorded

    def _record(self, server: str, app: ASGIApp) -> ASGIApp:
        async def recorded(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(time.time(), server, _what(server, scope))
            began, answer = time.perf_counter(), _Answer()
            self.requests.append(request)
            self._changed()

            async def observed(message: Message) -> None:
                answer.add(message)
                await send(message)

            try:
                await app(scope, receive, observed)
            finally:
                request.seconds = time.perf_counter() - began
                request.ok, request.outcome = answer.outcome(server)
                attendee = scope.get("state", {}).get("attendee")
                request.who = getattr(attendee, "key", attendee)
                self._changed()

        return recorded

    async def watch(self, sockets: SocketServer) -> None:
        """Record connections that open and close, until cancelled."""
        known: dict[str, str] = {}
        while True:
            before = frozenset(known)
            await sockets.until(lambda before=before: before != sockets.open.keys())  # type: ignore[misc]
            now = {sid: connection.attendee for sid, connection in sockets.open.items()}
            for sid in known.keys() ^ now.keys():
                who = now.get(sid) or known[sid]
                self.connections.append(ConnectionChange(time.time(), who, sid in now))
            known = now
            self._changed()


class _Answer:
    """The status and the beginning of the body of an answer."""

    def __init__(self) -> None:
        self._status: int | None = None
        self._body = b""

    def add(self, message: Message) -> None:
        """Read one ASGI message."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
        else:
            self._body += message.get("body", b"")

    def outcome(self, server: str) -> tuple[bool, str]:
        """Return True for a success, and the outcome in a word: Slack's error or the status."""
        if self._status is None:
            return False, "no answer"
        if server == "slack" and self._status == 200 and self._body.startswith(b"{"):
            body = json.loads(self._body)
            return (True, "ok") if body.get("ok") else (False, str(body.get("error")))
        return self._status < 400, str(self._status)


def _what(server: str, scope: Scope) -> str:
    """Return the method of Slack's Web API, or the method and path with credentials masked."""
    path: str = scope["path"]
    if server == "slack":
        is_response = path.startswith(_RESPONSE_URL)
        return f"{_RESPONSE_URL}•••" if is_response else path.removeprefix("/api/")
    call = call_of(scope)
    return f"{call.method} {call.path}".replace("…", "•••")
