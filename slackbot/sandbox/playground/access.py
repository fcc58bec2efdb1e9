"""Access to the playground: this machine only, by the secret address, from its own page."""

from __future__ import annotations

import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOSTS: Final = ("127.0.0.1", "localhost")
_OWN_SITE: Final = (None, "none", "same-origin")  # values of Sec-Fetch-Site
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Access:
    """ASGI middleware: refuse every request that the playground's own page did not send.

    The first part of a path is the token, which is removed before the application sees the path. A
    request for another host (DNS rebinding), from another site or without the token is refused.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        refusal, path = self._check(scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if refusal:
            await PlainTextResponse(*refusal)(scope, receive, with_headers)
        else:
            await self._app({**scope, "path": path, "raw_path": None}, receive, with_headers)

    def _check(self, scope: Scope) -> tuple[tuple[str, int] | None, str]:
        """Return the text and status of a refusal, or None and the path without the token."""
        headers = Headers(scope=scope)
        origins = [f"http://{host}:{scope['server'][1]}" for host in _HOSTS]
        if f"http://{headers.get('host')}" not in origins:
            return ("The playground is only for this machine.", 421), ""
        origin = headers.get("origin")
        is_foreign = origin is not None and origin not in origins
        changes = scope["method"] not in {"GET", "HEAD"}
        if is_foreign or (changes and origin is None):
            return ("Only the playground's own page may ask.", 403), ""
        if headers.get("sec-fetch-site") not in _OWN_SITE:
            return ("Only the playground's own page may ask.", 403), ""
        _, token, path = scope["path"].split("/", 2) if scope["path"].count("/") > 1 else ("",) * 3
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return ("Open the address that `slackbot playground` printed.", 404), ""
        return None, f"/{path}"


class NoBrowsers:
    """ASGI middleware: refuse requests of a browser, so that no foreign page reaches a server.

    The bot's own requests have neither header.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request of the bot, or refuse a browser's."""
        headers = Headers(scope=scope)
        if "origin" in headers or "sec-fetch-site" in headers:
            if scope["type"] == "http":
                await PlainTextResponse("Not for browsers.", 403)(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)
