"""The routes: Slack's endpoint, the call page, liveness and readiness."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

Ready = Callable[[], dict[str, bool]]  # the parts that must work: name → works


def web_app(slack: ASGIApp | None, ready: Ready, call: ASGIApp | None = None) -> Starlette:
    """Route `/slack/events`, `/call` for browsers, `/healthz` and `/readyz` for operators.

    `slack` is None in Socket Mode, `call` without a call page.
    """

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        parts = ready()
        return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)

    async def no_icon(_: Request) -> Response:
        # Browsers request an icon by themselves, and log a 404.
        return Response(status_code=204)

    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz)]
    if slack is not None:
        routes.append(Mount("/slack", app=slack))
    if call is not None:
        routes += [Mount("/call", app=call), Route("/favicon.ico", no_icon)]
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False  # it would redirect to whatever the header `Host` names
    return app
