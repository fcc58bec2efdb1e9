"""The routes for Slack, the call page, files, liveness and readiness."""

from __future__ import annotations

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

Ready = Callable[[], dict[str, bool]]  # maps the name of each required part to whether it works


def web_app(
    slack: ASGIApp | None,
    ready: Ready,
    call: ASGIApp | None = None,
    files: ASGIApp | None = None,
) -> Starlette:
    """Return an app with the routes `/slack/events`, `/call`, `/files`, `/healthz` and `/readyz`.

    `slack` is None in Socket Mode, `call` if there is no call page, and `files` if there is no
    public address.
    """

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        parts = ready()
        return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)

    async def no_icon(_: Request) -> Response:
        # Browsers request an icon automatically and log an error if it is missing.
        return Response(status_code=204)

    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz)]
    if slack is not None:
        routes.append(Mount("/slack", app=slack))
    if call is not None:
        routes += [Mount("/call", app=call), Route("/favicon.ico", no_icon)]
    if files is not None:
        routes.append(Mount("/files", app=files))
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False  # a redirect would use the untrusted `Host` header
    return app
