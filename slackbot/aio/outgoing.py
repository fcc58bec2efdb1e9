"""HTTP sessions for requests to Slack, the platform and the feeds.

aiohttp's `trust_env` stays off, because it would also send passwords from `.netrc`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import aiohttp
from yarl import URL

# Maximum bytes of a response header. Many servers allow more than aiohttp's default of 8,190.
HEADER_BYTES: Final = 32_768


@dataclass(frozen=True, slots=True)
class Proxies:
    """Proxy addresses for https and http requests, which may contain passwords.

    An empty address means that no proxy is used.
    """

    https: str = field(default="", repr=False)
    http: str = field(default="", repr=False)
    exceptions: str = ""  # hosts that are reached directly, as in NO_PROXY

    def find(self, url: URL) -> URL | None:
        """Return the proxy for a URL, or None to connect directly.

        Connections to the local machine are always direct.
        """
        proxy = self.https if url.scheme in {"https", "wss"} else self.http
        host = url.host or ""
        if not proxy or _is_local(host):
            return None
        if proxy_bypass_environment(f"{host}:{url.port}", {"no": self.exceptions}):
            return None
        return URL(proxy)

    @property
    def names(self) -> list[str]:
        """Return the host and port of each proxy, without credentials."""
        parts = [urlsplit(proxy) for proxy in (self.https, self.http) if proxy]
        return sorted({part.netloc.rpartition("@")[2] for part in parts})


def open_session(
    proxies: Proxies,
    connector: aiohttp.BaseConnector,
    *middlewares: aiohttp.ClientMiddlewareType,
    timeout: aiohttp.ClientTimeout | None = None,
) -> aiohttp.ClientSession:
    """Open a session that uses the proxies and ignores cookies. The caller must close it.

    A session is shared by many people, so a cookie set for one person would be sent with the
    requests of another.
    """

    async def through_proxy(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        proxy = proxies.find(request.url)  # overrides what slack_sdk reads from the environment
        headers = {} if proxy is None else _authorization(proxy)
        if proxy is not None and request.url.scheme in {"http", "ws"}:
            request.headers.update(headers)  # the proxy receives the request itself
        request.update_proxy(proxy and proxy.with_user(None), None, headers or None)
        return await handler(request)

    options: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=(through_proxy, *middlewares),
        max_line_size=HEADER_BYTES,
        max_field_size=HEADER_BYTES,
        **options,
    )


def _authorization(proxy: URL) -> dict[str, str]:
    if proxy.raw_user is None:
        return {}
    credentials = f"{unquote(proxy.raw_user)}:{unquote(proxy.raw_password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}"}


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
