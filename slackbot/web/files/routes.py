"""The HTTP route of files. A request changes nothing, so link previews are harmless."""

from __future__ import annotations

import math
from typing import Final
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from slackbot.domain.addresses import network_of
from slackbot.domain.files import FileRefusal, FileRefused
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.text import digest
from slackbot.services.files import Files
from slackbot.web.call.headers import HeadersMiddleware
from slackbot.web.call.limits import RateLimiter

log = structlog.get_logger(__name__)

STATUS: Final = {
    FileRefusal.UNKNOWN: 404,
    FileRefusal.EXPIRED: 410,
    FileRefusal.GONE: 410,
}
# What a browser shows. Slack and its buttons are where the reader comes from.
SENTENCES: Final = {
    FileRefusal.UNKNOWN: "This link isn't valid. Go back to Slack, and press the button again.",
    FileRefusal.EXPIRED: "This link has run out. Go back to Slack, and ask for a new one.",
    FileRefusal.GONE: "There's nothing here any more.",
}
BUSY: Final = "I'm busy. Please try again in a moment."
STORE_SECONDS: Final = 2.0  # until a retry may help if the database is unavailable


class FilePage:
    """The route below `/files`."""

    def __init__(self, files: Files, public_url: str) -> None:
        self._files = files
        self._secure = urlsplit(public_url).scheme == "https"
        self._by_link = RateLimiter(burst=20, per_second=0.5)
        # High, because a whole company may share an address.
        self._by_address = RateLimiter(burst=300, per_second=30)

    def app(self) -> ASGIApp:
        """Return the app to mount at `/files`."""
        app = Starlette(routes=[Route("/{link}", self.download)])
        app.router.redirect_slashes = False  # a redirect would copy the link into a header
        headers = {"Strict-Transport-Security": "max-age=31536000"} if self._secure else {}
        return HeadersMiddleware(
            app,
            headers
            | {
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
                "Referrer-Policy": "no-referrer",
                "X-Content-Type-Options": "nosniff",
                "X-Robots-Tag": "noindex, nofollow",
                "Cross-Origin-Resource-Policy": "same-origin",
            },
        )

    async def download(self, request: Request) -> Response:
        """Return the file of a link, which browsers save instead of showing it."""
        link: str = request.path_params["link"]
        address = network_of(request.client.host if request.client else "")
        if wait := self._by_address.wait(address) or self._by_link.wait(digest(link)):
            return PlainTextResponse(BUSY, 429, {"Retry-After": str(math.ceil(wait))})
        try:
            file = await self._files.open(link)
        except FileRefused as refused:
            return PlainTextResponse(SENTENCES[refused.reason], STATUS[refused.reason])
        except StoreUnavailable:
            log.warning("file_postponed", reason="store_unavailable")
            return PlainTextResponse(BUSY, 503, {"Retry-After": str(math.ceil(STORE_SECONDS))})
        disposition = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.body, headers=disposition, media_type=file.media_type)
