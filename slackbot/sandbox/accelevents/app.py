"""The ASGI front of the platform: record every REST call and apply the faults planned for it."""

import asyncio
from functools import cached_property

from starlette.types import ASGIApp, Receive, Scope, Send

from slackbot.sandbox.accelevents.asgi import (
    BufferedResponse,
    client_hung_up,
    refuse_handshake,
    run_buffered,
)
from slackbot.sandbox.accelevents.calls import Call, call_of
from slackbot.sandbox.accelevents.control_api import control_api
from slackbot.sandbox.accelevents.faults import Broken, NextStatus
from slackbot.sandbox.accelevents.platform import Platform
from slackbot.sandbox.accelevents.refusals import Refusal, as_json
from slackbot.sandbox.accelevents.rest import RestApi


class Accelevents(Platform):
    """The platform, ready to be served."""

    @cached_property
    def app(self) -> ASGIApp:
        """Its REST API, socket server and control API as one ASGI application."""
        return _App(self)


class _App:
    """Route ``/_sandbox`` to the control API, the socket path to the sockets, the rest to REST."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._faults = platform.faults
        self._rest = RestApi(platform)
        self._control_api = control_api(platform)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/_sandbox/"):
            await self._control_api(scope, receive, send)
        elif f"{path}/".startswith(f"{self._platform.socket_path}/"):
            await self._handshake_or_poll(scope, receive, send)
        elif scope["type"] == "http":
            await self._rest_call(scope, receive, send)
        else:
            await refuse_handshake(scope, send, BufferedResponse(404, [], b""))

    async def _handshake_or_poll(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope.get("method", "GET"), scope["path"]
        if delay := self._faults.delay_for(method, path, named=True):
            await asyncio.sleep(delay.seconds)
        if planned := self._faults.take_status(method, path, named=True):
            await refuse_handshake(scope, send, _planned(planned))
        else:
            await self._platform.socket_server(scope, receive, send)

    async def _rest_call(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = call_of(scope)
        self._platform.calls.append(call)
        delay = self._faults.delay_for(call.method, scope["path"])
        if delay and not delay.act_first and await client_hung_up(receive, delay.seconds):
            return
        response, cut = await self._response(scope, receive, call)
        if delay and delay.act_first and await client_hung_up(receive, delay.seconds):
            return
        call.status = response.status
        await response.send(send, cut=cut)

    async def _response(
        self, scope: Scope, receive: Receive, call: Call
    ) -> tuple[BufferedResponse, bool]:
        """Return the route's response or the planned one, and True to cut the connection."""
        planned = self._faults.take_status(call.method, scope["path"])
        if planned and not planned.act_first:
            return _planned(planned), False
        response = await run_buffered(self._rest, scope, receive)
        call.attendee = scope.get("state", {}).get("attendee")
        if planned:
            return _planned(planned), False
        broken = self._faults.take_broken(call.method, scope["path"])
        return (_broken(response, broken), broken.how == "cut") if broken else (response, False)


def _planned(planned: NextStatus) -> BufferedResponse:
    headers = {"content-type": "application/json"} | planned.headers
    if planned.retry_after is not None:
        headers["retry-after"] = str(planned.retry_after)
    refusal = Refusal(planned.status, planned.code or planned.status, planned.message)
    body = as_json(refusal) if planned.body is None else planned.body
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return BufferedResponse(planned.status, encoded, body.encode())


def _broken(response: BufferedResponse, broken: Broken) -> BufferedResponse:
    half = response.body[: len(response.body) // 2]
    bodies = {
        "truncated": half,
        "cut": half,
        "html": b"<html><body>We will be back soon.</body></html>",
        "empty": b"",
        "wrong_shape": b'{"data": {"unexpected": [1, null, "two"]}}',
    }
    return BufferedResponse(response.status, response.headers, bodies[broken.how])
