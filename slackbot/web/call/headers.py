"""Response headers of the call page and its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slackbot.domain.media_hosts import MediaHosts

NO_STORE: Final = "no-store"
IMMUTABLE: Final = "public, max-age=31536000, immutable"


def page_headers(hosts: MediaHosts, *, tls: bool) -> dict[str, str]:
    """Return headers that allow only our scripts, the media hosts, the camera and the microphone.

    Framing is forbidden. With `tls`, the headers also enable HTTP Strict Transport Security.
    """
    headers = {"Strict-Transport-Security": "max-age=31536000"} if tls else {}
    return headers | {
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' {hosts.sources}; media-src 'self' blob: mediastream:; "
            "worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Permissions-Policy": (
            "camera=(self), microphone=(self), speaker-selection=(self), display-capture=(), "
            "geolocation=()"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


@dataclass(frozen=True, slots=True)
class HeadersMiddleware:
    """ASGI middleware that adds headers to every response and disables caching by default."""

    app: ASGIApp
    headers: dict[str, str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.headers)
                headers.setdefault("Cache-Control", NO_STORE)
            await send(message)

        await self.app(scope, receive, with_headers)
