"""The front door: notes every REST call and carries out what is planned for it."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Receive, Scope, Send

from slackbot.sandbox.accelevents.faults import Broken, Faults, NextStatus
from slackbot.sandbox.accelevents.lines import Held, held, hung_up, refuse_handshake
from slackbot.sandbox.accelevents.refusals import Refusal, as_json

_SECRET_IN_PATH = re.compile(r"(/rest/u/(?:loginUserByUserKey|login/token)/)[^/]+")
_SECRET_IN_QUERY = frozenset({"token", "access_token", "userKey"})


@dataclass
class Call:
    """One REST call. ``status`` None: no answer yet, or the caller hung up before it.

    ``at`` is ``time.monotonic()``; credentials are masked in ``path`` and ``query``.
    """

    method: str
    path: str
    query: dict[str, str]
    at: float = field(default_factory=time.monotonic)
    attendee: str | None = None
    status: int | None = None


def _noted(scope: Scope) -> Call:
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    masked = {name: "…" if name in _SECRET_IN_QUERY else query[name] for name in query}
    return Call(scope["method"], _SECRET_IN_PATH.sub(r"\1…", scope["path"]), masked)


class Gate:
    """ASGI: ``/_sandbox`` to the controls, the socket path to the sockets, the rest to REST."""

    def __init__(
        self,
        rest: ASGIApp,
        sockets: ASGIApp,
        controls: ASGIApp,
        faults: Faults,
        socket_path: str,
    ) -> None:
        self._rest = rest
        self._sockets = sockets
        self._controls = controls
        self._faults = faults
        self._socket_path = socket_path.rstrip("/")
        self.calls: list[Call] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/_sandbox/"):
            await self._controls(scope, receive, send)
        elif f"{path}/".startswith(f"{self._socket_path}/"):
            await self._handshake_or_poll(scope, receive, send)
        elif scope["type"] == "http":
            await self._call(scope, receive, send)
        else:
            await refuse_handshake(scope, send, Held(404, [], b""))

    async def _handshake_or_poll(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope.get("method", "GET"), scope["path"]
        if delay := self._faults.delay_for(method, path, named=True):
            await asyncio.sleep(delay.seconds)
        if planned := self._faults.take_status(method, path, named=True):
            await refuse_handshake(scope, send, _planned(planned))
        else:
            await self._sockets(scope, receive, send)

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = _noted(scope)
        self.calls.append(call)
        delay = self._faults.delay_for(call.method, scope["path"])
        if delay and not delay.act_first and await hung_up(receive, delay.seconds):
            return
        answer, cut = await self._answer(scope, receive, call)
        if delay and delay.act_first and await hung_up(receive, delay.seconds):
            return
        call.status = answer.status
        await answer.send(send, cut=cut)

    async def _answer(self, scope: Scope, receive: Receive, call: Call) -> tuple[Held, bool]:
        """The route's answer, or what is planned in its place; and whether to cut the line."""
        planned = self._faults.take_status(call.method, scope["path"])
        if planned and not planned.act_first:
            return _planned(planned), False
        answer = await held(self._rest, scope, receive)
        call.attendee = scope.get("state", {}).get("attendee")
        if planned:
            return _planned(planned), False
        broken = self._faults.take_broken(call.method, scope["path"])
        return (_broken(answer, broken), broken.how == "cut") if broken else (answer, False)


def _planned(planned: NextStatus) -> Held:
    headers = {"content-type": "application/json"} | planned.headers
    if planned.retry_after is not None:
        headers["retry-after"] = str(planned.retry_after)
    refusal = Refusal(planned.status, planned.code or planned.status, planned.message)
    body = as_json(refusal) if planned.body is None else planned.body
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return Held(planned.status, encoded, body.encode())


def _broken(answer: Held, broken: Broken) -> Held:
    bodies = {
        "truncated": answer.body[: len(answer.body) // 2],
        "cut": answer.body[: len(answer.body) // 2],
        "html": b"<html><body>We will be back soon.</body></html>",
        "empty": b"",
        "wrong_shape": b'{"data": {"unexpected": [1, null, "two"]}}',
    }
    return Held(answer.status, answer.headers, bodies[broken.how])
