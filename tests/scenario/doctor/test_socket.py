"""`slackbot doctor` names the way in which the socket's handshake fails."""

from __future__ import annotations

from pathlib import Path

import pytest
import socketio
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving
from tests.feeds.netty import Netty

from .installation import Installation, Report, healthy
from .peers import OPEN, answers, refuses, silent, websocket

OLD_OPEN = f"{len(OPEN)}:{OPEN}2:40"
BY_POLLING_ALONE = socketio.ASGIApp(
    socketio.AsyncServer(async_mode="asgi", transports=["polling"], monitor_clients=False)
)


async def doctor_at(
    installation: Installation, peer: ASGIApp, *arguments: str, **changes: str
) -> Report:
    """Run the doctor with this server in the socket's place."""
    async with serving(peer) as url:
        given = {"ACCELEVENTS_SOCKET_URL": url, **changes}
        return await installation.run_doctor(*arguments, **given)


@pytest.mark.parametrize(
    ("peer", "message"),
    [
        (refuses(400, {"3": PlainTextResponse(OLD_OPEN)}), "upgrade does not get through (400)"),
        (refuses(400, {"4": PlainTextResponse(OLD_OPEN)}), "upgrade does not get through (400)"),
        (refuses(400, {"4": PlainTextResponse("no", 400)}), "answered with 400"),
        (websocket(OPEN, "2", "4xyz"), "with something that is no Socket.IO packet"),
        (websocket(OPEN, after_connect='44{"t":1},"Invalid namespace"'), "no Socket.IO packet"),
        (BY_POLLING_ALONE, "the WebSocket upgrade does not get through"),
        (websocket(code=1012), "the WebSocket opens and is closed at once"),
        (websocket(OPEN, code=1011), "connects, and is closed at our CONNECT"),
        (websocket(OPEN, after_connect="41"), "connects, and is closed at our CONNECT"),
        (websocket(OPEN, after_connect="1"), "connects, and is closed at our CONNECT"),
        (websocket('{"type":"welcome"}'), "something other than Engine.IO"),
        (websocket("42[]"), "something other than Engine.IO"),
        (refuses(404), "not Socket.IO at that path (404)"),
        (answers(), "not Socket.IO at that path"),
        (refuses(418), "answered with 418"),
        (refuses(503), "it fails (503)"),
        (refuses(302), "it redirects"),
    ],
)
async def test_a_bad_peer(installation: Installation, peer: ASGIApp, message: str) -> None:
    """Each kind of server that is not the platform's socket is named."""
    report = await doctor_at(installation, peer)
    assert report.status == 1
    assert message in report.on("socket")
    assert report.on("accelevents").startswith("ok")


@pytest.mark.parametrize(
    ("peer", "message"),
    [
        (websocket(OPEN), "connects but no CONNECT answer"),
        (websocket(OPEN, "2", "43[]", '42/x,["news"]'), "connects but no CONNECT answer"),
        (websocket(), "the WebSocket opens, but no Engine.IO comes"),
        (silent, "no answer in time"),
    ],
)
async def test_a_silent_peer(installation: Installation, peer: ASGIApp, message: str) -> None:
    """A server that falls silent is named by the stage that it has come to."""
    report = await doctor_at(installation, peer, "--timeout", "1.5")
    assert report.status == 1
    assert message in report.on("socket")


async def test_nothing_listens(installation: Installation) -> None:
    """A socket server that is down is named, with its variable."""
    report = await installation.run_doctor(ACCELEVENTS_SOCKET_URL="ws://127.0.0.1:1")
    assert report.status == 1
    assert "connection refused) → check ACCELEVENTS_SOCKET_URL" in report.on("socket")


async def test_a_wrong_path(installation: Installation) -> None:
    """A real server under another path is reported as a matter of the path."""
    report = await installation.run_doctor(ACCELEVENTS_SOCKET_PATH="/live/socket.io")
    assert report.status == 1
    assert "not Socket.IO at that path (404)" in report.on("socket")
    assert "ACCELEVENTS_SOCKET_PATH" in report.on("socket")


async def test_a_wrong_namespace(tmp_path: Path) -> None:
    """A real server with another namespace is reported as a matter of the namespace."""
    async with healthy(tmp_path, Accelevents(namespace="/live")) as installation:
        report = await installation.run_doctor()
        assert report.status == 1
        assert "it has no namespace /" in report.on("socket")
        again = await installation.run_doctor_as_ada(ACCELEVENTS_SOCKET_NAMESPACE="/live")
        assert again.status == 0, again.printed


@pytest.mark.parametrize(("ways", "status"), [("query", 0), ("header", 1), ("auth", 1)])
async def test_a_token_in_the_wrong_place(
    installation: Installation, ways: str, status: int
) -> None:
    """A server that looks for the token elsewhere is reported as a matter of how it travels."""
    installation.platform.knobs.socket_auth = {"query"}
    report = await installation.run_doctor_as_ada(ACCELEVENTS_SOCKET_AUTH=ways)
    assert report.status == status
    message = "it refuses the token → check ACCELEVENTS_SOCKET_AUTH" if status else "connects"
    assert message in report.on("socket")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_handshake(installation: Installation, status: int) -> None:
    """A refusal by HTTP is a failure with a token; without one it may be as it should."""
    async with serving(refuses(status)) as url:
        known = await installation.run_doctor_as_ada(ACCELEVENTS_SOCKET_URL=url)
        stranger = await installation.run_doctor(ACCELEVENTS_SOCKET_URL=url)
    assert (known.status, stranger.status) == (1, 0)
    assert "it refuses the token" in known.on("socket")
    asks = "it asks for a token, as it should" if status == 401 else "it refuses strangers (403)"
    assert asks in stranger.on("socket")


async def test_a_socket_without_tokens(installation: Installation) -> None:
    """A server that lets strangers in is reachable all the same."""
    report = await doctor_at(installation, websocket(OPEN, after_connect='40{"sid":"a"}'))
    assert report.status == 0
    assert report.on("socket").endswith("connects")


@pytest.mark.parametrize("frames", [("40",), ('42["news"]',)])
async def test_an_old_socket(installation: Installation, frames: tuple[str, ...]) -> None:
    """A server of Socket.IO 2 connects everybody unasked; an event proves a connection as well."""
    report = await doctor_at(installation, websocket(OPEN, *frames))
    assert report.status == 0
    assert report.on("socket").startswith("ok")
    assert "connects" in report.on("socket")


@pytest.mark.parametrize(("version", "how"), [("1.7.25", "3"), ("2.0.2", "4"), ("2.0.6", "4")])
async def test_a_server_that_reads_no_payload(
    installation: Installation, version: str, how: str
) -> None:
    """Doctor finds the handshake that the feeds will use, and names it."""
    token = installation.platform.token_for("ada")
    async with serving(Netty(version, token=token)) as url:
        report = await installation.run_doctor(
            *("--as-attendee", "--event", "demo"), typed=f"{token}\n", ACCELEVENTS_SOCKET_URL=url
        )
    assert report.status == 0, report.printed
    older = f"connects to an older server (Engine.IO {how}, token by"
    assert (older if version != "2.0.2" else "connects") in report.on("socket")
