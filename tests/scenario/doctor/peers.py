"""Servers that are not what the settings say they are."""

from __future__ import annotations

import json

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = "0" + json.dumps({"sid": "s", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000})
PAGE = "<!doctype html><title>Welcome</title>"


def websocket(*texts: str, after_connect: str | None = None, code: int | None = None) -> ASGIApp:
    """A WebSocket server: sends `texts`, answers one frame and closes, as far as given."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await PlainTextResponse("no", 400)(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.accept"})
        for text in texts:
            await send({"type": "websocket.send", "text": text})
        if after_connect is not None:
            await receive()
            await send({"type": "websocket.send", "text": after_connect})
        if code is not None:
            await send({"type": "websocket.close", "code": code})
        while (await receive())["type"] != "websocket.disconnect":
            pass

    return app


def refuses(status: int, polling: dict[str, Response] | None = None) -> ASGIApp:
    """A server without WebSockets; it answers polling by the requested Engine.IO version."""

    async def poll(request: Request) -> Response:
        answers = polling or {}
        return answers.get(request.query_params["EIO"], PlainTextResponse("no", status))

    http = Starlette(routes=[Route("/{path:path}", poll)])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await http(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b"no"})

    return app


def answers(
    status: int = 200, body: str = PAGE, kind: str = "text/html", **headers: str
) -> ASGIApp:
    """A web server with one answer to everything."""

    async def answer(_request: Request) -> Response:
        return Response(body, status, headers, kind)

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


async def silent(scope: Scope, receive: Receive, _send: Send) -> None:
    """Take requests and never answer."""
    while (await receive())["type"] not in {"http.disconnect", "websocket.disconnect"}:
        pass
