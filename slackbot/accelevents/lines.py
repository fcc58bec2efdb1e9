"""The connections to the platform: httpx, carried by aiohttp.

httpx's own pool walks over all its connections several times a call: with 288 calls under way that
took 9 ms of the processor for each, and takes 0.4 ms with aiohttp (docs/performance.md).

One client serves everybody, so nothing personal may stay in it: cookies are not kept. Redirects are
not followed and the environment's proxies and `.netrc` are not read, so a token reaches no other
host than the configured one.
"""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

MOST_CONNECTIONS: Final = 400
KEPT_SECONDS: Final = 4.0
"""How long a connection is kept that nobody uses: less than the five seconds after which many
servers close it, since a call that goes out at that moment is lost."""


def platform_client() -> httpx.AsyncClient:
    """The client for all calls; make it in the running loop, close it at the end.

    It has no time-outs: each try has one of its own, for all its phases.
    """
    return httpx.AsyncClient(
        headers={"Accept": "application/json", "User-Agent": "slackbot"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=None,  # noqa: S113 see above
        transport=AiohttpTransport(client=_session, trust_env=False),
        follow_redirects=False,
        trust_env=False,
    )


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MOST_CONNECTIONS, keepalive_timeout=KEPT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        middlewares=[_once],
        trust_env=False,
    )


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp would send a PUT a second time when its connection was lost; a join may go out once.

    Raises:
        httpx.RemoteProtocolError: the connection was lost.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError):
        raise httpx.RemoteProtocolError("the connection was lost") from None
