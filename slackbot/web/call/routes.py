"""The call page over HTTP.

GET shows everybody the same page and changes nothing, so whoever follows links (Slack's preview,
a mail scanner) does no harm. What a link is worth is given by POST, with a header that no form and
no other site can send, to the browser that asks first.
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

from slackbot.domain.calls import EntryRefused, RefusalReason, Visit
from slackbot.domain.media_hosts import MediaHosts
from slackbot.domain.model import Match
from slackbot.domain.ports import StoreUnavailable
from slackbot.domain.text import digest, sanitize
from slackbot.services.calls import Calls, Entry
from slackbot.web.call.assets import PageFiles
from slackbot.web.call.headers import IMMUTABLE, NO_STORE, WithHeaders, page_headers
from slackbot.web.call.limits import Buckets, network_of

log = structlog.get_logger(__name__)

STATUS: Final = {
    RefusalReason.UNKNOWN: 404,
    RefusalReason.ELSEWHERE: 409,
    RefusalReason.OVER: 410,
    RefusalReason.REPLACED: 410,
    RefusalReason.EXPIRED: 410,
}
Work = Callable[[str, str | None], Awaitable[Response]]
"""What is done for a link, and for the browser with this cookie."""
BODY_LIMIT: Final = 1_000
STORE_SECONDS: Final = 2.0
"""When a page may ask again after the database was away."""
SLACK_REDIRECT: Final = "https://slack.com/app_redirect"


class Unreadable(Exception):
    """The body of a request is not what it should be."""


class CallPage:
    """The routes below `/call`."""

    def __init__(
        self,
        calls: Calls,
        files: PageFiles,
        public_url: str,
        *,
        by_link: Buckets | None = None,
        by_address: Buckets | None = None,
    ) -> None:
        """A whole company may come from one address, so it may come often."""
        parts = urlsplit(public_url)
        self._calls = calls
        self._files = files
        self._path = parts.path.rstrip("/")
        self._secure = parts.scheme == "https"
        self._cookie = "__Secure-call" if self._secure else "call"
        self._by_link = by_link or Buckets(burst=20, per_second=0.5)
        self._by_address = by_address or Buckets(burst=300, per_second=30)

    def app(self, hosts: MediaHosts) -> ASGIApp:
        """To be mounted at `/call`."""
        routes = [
            Route("/static/{file}", self.static),
            Route("/{link}", self.show),
            Route("/{link}/session", self.session, methods=["POST"]),
            Route("/{link}/state", self.state, methods=["POST"]),
        ]
        app = Starlette(routes=routes)
        app.router.redirect_slashes = False  # the link would go into another header
        return WithHeaders(app, page_headers(hosts))

    async def show(self, _: Request) -> Response:
        """The page, whatever the link."""
        return Response(self._files.page, media_type="text/html; charset=utf-8")

    async def static(self, request: Request) -> Response:
        """What the page loads."""
        file = self._files.files.get(request.path_params["file"])
        if file is None:
            return Response(status_code=404)
        cached = IMMUTABLE if file.lasting else NO_STORE
        headers = {"Cache-Control": cached, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(file.gzipped, headers=headers, media_type=file.media_type)
        return Response(file.body, headers=headers, media_type=file.media_type)

    async def session(self, request: Request) -> Response:
        """The pass to the call, for the browser that is the first to ask."""

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
        """That the call was joined or left."""

        async def note(link: str, browser: str | None) -> Response:
            await self._calls.visit(link, browser, await _visit(request))
            return Response(status_code=204)

        return await self._answer(request, note)

    async def _answer(self, request: Request, work: Work) -> Response:
        """Carry it out if it comes from our page and not too often."""
        link: str = request.path_params["link"]
        if not _is_from_our_page(request):
            return _error(403, "reload")
        address = network_of(request.client.host if request.client else "")
        if wait := self._by_address.wait(address) or self._by_link.wait(digest(link)):
            return _error(429, "busy", wait)
        try:
            return await work(link, request.cookies.get(self._cookie))
        except EntryRefused as refused:
            return _error(STATUS[refused.reason], refused.reason.value)
        except Unreadable:
            return _error(400, "unreadable")
        except StoreUnavailable:
            log.warning("call_page_waits", reason="store_unavailable")
            return _error(503, "busy", STORE_SECONDS)


def _is_from_our_page(request: Request) -> bool:
    """No form and no other site can send the one header; newer browsers tell by the other."""
    marked = request.headers.get("X-Requested-With") == "call"
    return marked and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


async def _visit(request: Request) -> Visit:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise Unreadable
        return Visit(json.loads(body)["state"])
    except (ValueError, KeyError, TypeError, ClientDisconnect, RecursionError):
        raise Unreadable from None


def _session(entry: Entry) -> dict[str, Any]:
    match, ends_in = entry.match, entry.ends_in
    return {
        "meeting": entry.call.meeting,
        "attendee": entry.call.attendee,
        "partner": sanitize(match.partner.name),
        "role": sanitize(match.partner.role),
        "endsInMs": ends_in // timedelta(milliseconds=1) if ends_in is not None else None,
        "slackUrl": _slack_url(match),
    }


def _slack_url(match: Match) -> str:
    """The way back to the direct message, once it is known where it stands."""
    if not match.channel:
        return ""
    return f"{SLACK_REDIRECT}?{urlencode({'channel': match.channel, 'team': match.person.team})}"


def _json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON in ASCII: call details may hold halves of characters, which are no UTF-8."""
    return Response(json.dumps(value), status, headers, "application/json")


def _error(status: int, word: str, wait: float | None = None) -> Response:
    headers = {"Retry-After": str(math.ceil(wait))} if wait is not None else None
    return _json({"error": word}, status, headers)
