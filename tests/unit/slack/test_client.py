"""The session to Slack: permission is asked with the connection in hand; no redirects."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from slackbot.domain.errors import MessageDelayed, MessageUnsure
from slackbot.domain.model import TeamId
from slackbot.sandbox.serving import serving
from slackbot.services.notices import LANDING_SECONDS
from slackbot.slack.client import CONNECT_SECONDS, RedirectRefused, slack_session, web_client
from slackbot.slack.installations import Installation, SingleInstallation
from slackbot.slack.outbound.api import LEASE_LAPSED, SlackApi
from tests.harness.fakes import ANA

POST = "chat.postMessage"


class Installed(SingleInstallation):
    """The installation in Ana's workspace, known without a request."""

    async def get(self) -> Installation:
        return Installation(TeamId("T1"), "B1", "U0BOT", "xoxb-1")


def api_at(url: str, session: aiohttp.ClientSession, may_send: Callable[[], bool]) -> SlackApi:
    client = web_client(url, session)
    return SlackApi(client, Installed(client, "xoxb-1"), may_send=may_send)


class LateListener:
    """A listener that accepts no connection until `accept`; then it keeps what was written."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=0)
        self._socket.setblocking(False)
        # The only place in the queue is taken, so that the kernel leaves others waiting.
        self._taker = socket.create_connection(self._socket.getsockname())
        self.received = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/api/"

    async def accept(self) -> None:
        """Accept the connection that waits, and read what comes within a moment."""
        loop = asyncio.get_running_loop()
        first, _ = await loop.sock_accept(self._socket)
        first.close()
        connection, _ = await loop.sock_accept(self._socket)
        connection.setblocking(False)
        with connection:
            try:
                async with asyncio.timeout(0.3):
                    self.received = await loop.sock_recv(connection, 65536)
            except TimeoutError:
                return
            answer = b'{"ok": true, "ts": "1.0"}'
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            size = b"content-length: %d\r\n\r\n" % len(answer)
            await loop.sock_sendall(connection, head + size + answer)

    def close(self) -> None:
        self._taker.close()
        self._socket.close()


@pytest.fixture
async def late() -> AsyncIterator[LateListener]:
    listener = LateListener()
    yield listener
    listener.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with slack_session() as opened:
        yield opened


# --- permission ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lapses", [True, False])
async def test_permission_is_asked_with_the_connection_in_hand(
    late: LateListener, session: aiohttp.ClientSession, lapses: bool
) -> None:
    """The lease lapses while it connects: nothing is written, and no doubt is left."""
    is_held = True
    api = api_at(late.url, session, lambda: is_held)
    posting = asyncio.create_task(api.request(POST, ANA, channel="D1", text="Hello"))
    await asyncio.sleep(0.2)
    is_held = not lapses
    await late.accept()
    if lapses:
        with pytest.raises(MessageDelayed, match=LEASE_LAPSED):
            await posting
        assert late.received == b""
    else:
        assert (await posting)["ts"] == "1.0"
        assert b"Hello" in late.received


async def test_only_posts_need_permission(session: aiohttp.ClientSession) -> None:
    """Whatever may be repeated goes on: another process does no harm by doing it, too."""

    async def accept(_: Request) -> Response:
        return JSONResponse({"ok": True})

    app = Starlette(routes=[Route("/api/{method}", accept, methods=["POST"])])
    async with serving(app) as url:
        api = api_at(f"{url}/api/", session, lambda: False)
        assert (await api.request("chat.update", ANA, channel="D1", ts="1", text="x"))["ok"]
        with pytest.raises(MessageDelayed, match=LEASE_LAPSED):
            await api.request(POST, ANA, channel="D1", text="x")


async def test_permission_is_asked_for_a_kept_connection_too(
    session: aiohttp.ClientSession,
) -> None:
    """The connection of the first post is used again, and kept for the next one when refused."""
    ports: list[int] = []

    async def accept(request: Request) -> Response:
        ports.append(request.client.port if request.client else 0)
        return JSONResponse({"ok": True})

    is_held = True
    app = Starlette(routes=[Route("/api/{method}", accept, methods=["POST"])])
    async with serving(app) as url:
        api = api_at(f"{url}/api/", session, lambda: is_held)
        await api.request(POST, ANA, channel="D1", text="x")
        is_held = False
        with pytest.raises(MessageDelayed, match=LEASE_LAPSED):
            await api.request(POST, ANA, channel="D1", text="x")
        is_held = True
        await api.request(POST, ANA, channel="D1", text="x")
    assert len(ports) == 2
    assert len(set(ports)) == 1


async def test_no_connection_in_time_leaves_no_doubt(
    late: LateListener, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was written, so nothing is searched for before the next try."""
    monkeypatch.setattr(session, "_timeout", aiohttp.ClientTimeout(sock_connect=0.2))
    with pytest.raises(MessageDelayed, match="unreachable"):
        await api_at(late.url, session, lambda: True).request(POST, ANA, channel="D1", text="x")


def test_connecting_takes_less_than_a_message_may_take_to_appear() -> None:
    """Another process waits that long before it searches for a message."""
    assert CONNECT_SECONDS < LANDING_SECONDS


# --- redirects -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(session: aiohttp.ClientSession, status: int) -> None:
    """Neither the token nor the message goes elsewhere; what became of it is open."""
    elsewhere: list[str] = []

    async def redirect(_: Request) -> Response:
        return RedirectResponse("/elsewhere", status)

    async def taken(request: Request) -> Response:
        elsewhere.append((await request.body()).decode())
        return JSONResponse({"ok": True, "ts": "1.0"})

    app = Starlette(
        routes=[
            Route("/api/{method}", redirect, methods=["POST"]),
            Route("/elsewhere", taken, methods=["GET", "POST"]),
        ]
    )
    async with serving(app) as url:
        api = api_at(f"{url}/api/", session, lambda: True)
        with pytest.raises(MessageUnsure):
            await api.request(POST, ANA, channel="D1", text="a private matter")
        with pytest.raises(RedirectRefused):
            await api.client.auth_test(token="xoxb-1")
    assert elsewhere == []
