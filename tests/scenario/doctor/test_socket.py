"""`slackbot doctor` names the kind of failure of the socket's handshake, by making one."""

from __future__ import annotations

from pathlib import Path

import pytest
import socketio
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from slackbot.sandbox.accelevents import Accelevents
from slackbot.sandbox.serving import serving

from .patient import Patient, Report, healthy
from .peers import OPEN, mute, speaks, turns_down, web

OLD_OPEN = f"{len(OPEN)}:{OPEN}2:40"
UNSUPPORTED = '"The client is using an unsupported version of the Socket.IO or Engine.IO protocols"'
BY_POLLING_ALONE = socketio.ASGIApp(
    socketio.AsyncServer(async_mode="asgi", transports=["polling"], monitor_clients=False)
)


async def seen_at(patient: Patient, peer: ASGIApp, *arguments: str, **changes: str) -> Report:
    """The report when this peer is in the socket's place."""
    async with serving(peer) as url:
        given = {"ACCELEVENTS_SOCKET_URL": url, **changes}
        return await patient.is_seen_by_doctor(*arguments, **given)


@pytest.mark.parametrize(
    ("peer", "told"),
    [
        (speaks(OPEN, "40"), "old Engine.IO"),
        (turns_down(400, {"3": PlainTextResponse(OLD_OPEN)}), "old Engine.IO"),
        (turns_down(400, {"4": PlainTextResponse(OLD_OPEN)}), "old Engine.IO"),
        (turns_down(400, {"4": PlainTextResponse(UNSUPPORTED, 400)}), "old Engine.IO"),
        (BY_POLLING_ALONE, "the WebSocket upgrade does not get through"),
        (speaks(code=1012), "the WebSocket opens and is closed at once"),
        (speaks(OPEN, code=1011), "connects, and is closed at our CONNECT"),
        (speaks(OPEN, after_connect="41"), "connects, and is closed at our CONNECT"),
        (speaks(OPEN, after_connect="1"), "connects, and is closed at our CONNECT"),
        (speaks('{"type":"welcome"}'), "something other than Engine.IO"),
        (speaks("42[]"), "something other than Engine.IO"),
        (turns_down(404), "not Socket.IO at that path (404)"),
        (web(), "not Socket.IO at that path"),
        (turns_down(418), "answered with 418"),
        (turns_down(503), "it fails (503)"),
        (turns_down(302), "it redirects"),
    ],
)
async def test_a_bad_peer(patient: Patient, peer: ASGIApp, told: str) -> None:
    """Each kind of peer that is not the platform's socket is told by its kind."""
    report = await seen_at(patient, peer)
    assert report.status == 1
    assert told in report.on("socket")
    assert report.on("accelevents").startswith("ok")


@pytest.mark.parametrize(
    ("peer", "told"),
    [
        (speaks(OPEN), "connects but no CONNECT answer"),
        (speaks(OPEN, "2", "4xyz", '42["news"]'), "connects but no CONNECT answer"),
        (speaks(), "the WebSocket opens, but no Engine.IO comes"),
        (mute, "no answer in time"),
    ],
)
async def test_a_silent_peer(patient: Patient, peer: ASGIApp, told: str) -> None:
    """How far a peer came before it fell silent is told when the time is up."""
    report = await seen_at(patient, peer, "--timeout", "1.5")
    assert report.status == 1
    assert told in report.on("socket")


async def test_nothing_listens(patient: Patient) -> None:
    """A socket server that is down is named, with its variable."""
    report = await patient.is_seen_by_doctor(ACCELEVENTS_SOCKET_URL="ws://127.0.0.1:1")
    assert report.status == 1
    assert "connection refused) → check ACCELEVENTS_SOCKET_URL" in report.on("socket")


async def test_a_wrong_path(patient: Patient) -> None:
    """A real server under another path is told as a matter of the path."""
    report = await patient.is_seen_by_doctor(ACCELEVENTS_SOCKET_PATH="/live/socket.io")
    assert report.status == 1
    assert "not Socket.IO at that path (404)" in report.on("socket")
    assert "ACCELEVENTS_SOCKET_PATH" in report.on("socket")


async def test_a_wrong_namespace(tmp_path: Path) -> None:
    """A real server with another namespace is told as a matter of the namespace."""
    async with healthy(tmp_path, Accelevents(namespace="/live")) as patient:
        report = await patient.is_seen_by_doctor()
        assert report.status == 1
        assert "it has no namespace /" in report.on("socket")
        again = await patient.is_seen_as_ada(ACCELEVENTS_SOCKET_NAMESPACE="/live")
        assert again.status == 0, again.printed


@pytest.mark.parametrize(("ways", "status"), [("query", 0), ("header", 1), ("auth", 1)])
async def test_a_token_in_the_wrong_place(patient: Patient, ways: str, status: int) -> None:
    """A server that looks for the token elsewhere is told as a matter of how it travels."""
    patient.platform.knobs.socket_auth = {"query"}
    report = await patient.is_seen_as_ada(ACCELEVENTS_SOCKET_AUTH=ways)
    assert report.status == status
    told = "it refuses the token → check ACCELEVENTS_SOCKET_AUTH" if status else "connects"
    assert told in report.on("socket")


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_handshake(patient: Patient, status: int) -> None:
    """A refusal by HTTP is a failure with a token; without one it may be as it should."""
    async with serving(turns_down(status)) as url:
        known = await patient.is_seen_as_ada(ACCELEVENTS_SOCKET_URL=url)
        stranger = await patient.is_seen_by_doctor(ACCELEVENTS_SOCKET_URL=url)
    assert (known.status, stranger.status) == (1, 0)
    assert "it refuses the token" in known.on("socket")
    asks = "it asks for a token, as it should" if status == 401 else "it refuses strangers (403)"
    assert asks in stranger.on("socket")


async def test_a_socket_for_everybody(patient: Patient) -> None:
    """A server that lets strangers in is reachable all the same."""
    report = await seen_at(patient, speaks(OPEN, after_connect='40{"sid":"a"}'))
    assert report.status == 0
    assert report.on("socket").endswith("connects")
