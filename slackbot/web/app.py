"""The routes: Slack's endpoint, and whether we live and are ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

Ready = Callable[[], Awaitable[dict[str, bool]]]
"""Names of the parts that must work, and whether each does."""


def web_app(slack: ASGIApp | None, ready: Ready) -> Starlette:
    """`/slack/events` for Slack, `/healthz` and `/readyz` for whoever runs us.

    Over Socket Mode there is nothing for Slack here.
    """

    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(_: Request) -> Response:
        parts = await ready()
        return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)

    routes: list[BaseRoute] = [Route("/healthz", healthz), Route("/readyz", readyz)]
    if slack is not None:
        routes.append(Mount("/slack", app=slack))
    return Starlette(routes=routes)
