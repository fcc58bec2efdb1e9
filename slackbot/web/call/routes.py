"""The HTTP routes of the call page.

GET returns the same page for every link and has no side effects, so link previews and mail scanners
are harmless. POST returns the call's credentials to the first browser that requests them. It
requires a header that neither forms nor other sites can send.
"""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from slackbot.domain.addresses import network_of
from slackbot.domain.calls import EntryRefused, RefusalReason, Visit
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.text import digest, sanitize
from slackbot.services.calls import Calls, Entry
from slackbot.web.call.assets import PageFiles
from slackbot.web.call.headers import IMMUTABLE, NO_STORE, HeadersMiddleware, page_headers
from slackbot.web.call.limits import RateLimiter

log = structlog.get_logger(__name__)

STATUS: Final = {
    RefusalReason.UNKNOWN: 404,
    RefusalReason.ELSEWHERE: 409,
    RefusalReason.OVER: 410,
    RefusalReason.REPLACED: 410,
    RefusalReason.EXPIRED: 410,
}
Handler = Callable[[str, str | None], Awaitable[Response]]  # takes a link and the browser's cookie
BODY_LIMIT: Final = 1_000  # bytes
STORE_SECONDS: Final = 2.0  # before the page retries if the database is unavailable
SLACK_REDIRECT: Final = "https://slack.com/app_redirect"


class CallPage:
    """The routes below `/call`."""

    def __init__(self, calls: Calls, files: PageFiles, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._calls = calls
        self._files = files
        self._path = parts.path.rstrip("/")
        self._secure = parts.scheme == "https"
        self._cookie = "__Secure-call" if self._secure else "call"
        self._by_link = RateLimiter(burst=20, per_second=0.5)
        # High, because a whole company may share an address.
        self._by_address = RateLimiter(burst=300, per_second=30)

    def app(self, hosts: MediaHosts) -> ASGIApp:
        """Return the app to mount at `/call`."""
        routes = [
            Route("/static/{file}", self.static),
            Route("/{link}", self.show),
            Route("/{link}/session", self.session, methods=["POST"]),
            Route("/{link}/state", self.state, methods=["POST"]),
        ]
        app = Starlette(routes=routes)
        app.router.redirect_slashes = False  # a redirect would copy the link into a header
        return HeadersMiddleware(app, page_headers(hosts, tls=self._secure))

    async def show(self, _: Request) -> Response:
        """Serve the page for any link."""
        return Response(self._files.page, media_type="text/html; charset=utf-8")

    async def static(self, request: Request) -> Response:
        """Serve one of the page's files."""
        file = self._files.files.get(request.path_params["file"])
        if file is None:
            return Response(status_code=404)
        cached = IMMUTABLE if file.is_immutable else NO_STORE
        headers = {"Cache-Control": cached, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(file.gzipped, headers=headers, media_type=file.media_type)
        return Response(file.body, headers=headers, media_type=file.media_type)

    async def session(self, request: Request) -> Response:
        """Return the call's credentials to the first browser that requests them."""

        async def enter(link: str, browser: str | None) -> Response:
            entry = await self._calls.enter(link, browser)
            answer = _json(_session(entry))
            answer.set_cookie(
                self._cookie,
                entry.browser,
                max_age=math.ceil(entry.open_for.total_seconds()),
                path=f"{self._path}/call/{link}",
                secure=self._secure,
                httponly=True,
                samesite="strict",
            )
            return answer

        return await self._answer(request, enter)

    async def state(self, request: Request) -> Response:
        """Record that a browser joined or left the call."""

        async def record(link: str, browser: str | None) -> Response:
            if (visit := await _visit(request)) is None:
                return _error(400, "unreadable")
            await self._calls.visit(link, browser, visit)
            return Response(status_code=204)

        return await self._answer(request, record)

    async def _answer(self, request: Request, handler: Handler) -> Response:
        """Handle a request that comes from the call page and is within the rate limits."""
        link: str = request.path_params["link"]
        # Other sites cannot send the first header, and newer browsers add the second one.
        ours = request.headers.get("X-Requested-With") == "call"
        if not ours or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return _error(403, "reload")
        address = network_of(request.client.host if request.client else "")
        if wait := self._by_address.wait(address) or self._by_link.wait(digest(link)):
            return _error(429, "busy", wait)
        try:
            return await handler(link, request.cookies.get(self._cookie))
        except EntryRefused as refused:
            return _error(STATUS[refused.reason], refused.reason.value)
        except StoreUnavailable:
            log.warning("call_page_postponed", reason="store_unavailable")
            return _error(503, "busy", STORE_SECONDS)


async def _visit(request: Request) -> Visit | None:
    """Return the visit in the request body, or None if it is invalid."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return None
        return Visit(json.loads(body)["state"])
    except (ValueError, KeyError, TypeError, ClientDisconnect, RecursionError):
        return None


def _session(entry: Entry) -> dict[str, Any]:
    match, ends_in = entry.match, entry.ends_in
    slack_url = ""  # link to the direct message, if its channel is known
    if match.channel:
        query = urlencode({"channel": match.channel, "team": match.person.team})
        slack_url = f"{SLACK_REDIRECT}?{query}"
    return {
        "meeting": entry.call.meeting,
        "attendee": entry.call.attendee,
        "partner": sanitize(match.partner.name),
        "role": sanitize(match.partner.role),
        "endsInMs": ends_in // timedelta(milliseconds=1) if ends_in is not None else None,
        "slackUrl": slack_url,
    }


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return ASCII JSON, because call details may contain surrogates that UTF-8 cannot encode."""
    return Response(json.dumps(value), status, headers, "application/json")


def _error(status: int, word: str, wait: float | None = None) -> Response:
    headers = {"Retry-After": str(math.ceil(wait))} if wait is not None else None
    return _json({"error": word}, status, headers)
