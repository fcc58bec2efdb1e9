"""Feeds are up with servers of any age, or say why not, and no library logs an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from slackbot.accelevents import connection
from slackbot.sandbox.serving import serving

from .attendee import visit
from .netty import VERSIONS, Netty

MATCH = json.loads(
    (Path(__file__).parents[1] / "payloads/platform/socket_ok_wrapped.json").read_bytes()
)["args"][0]
# Application events may have the names of Socket.IO's own.
EVENTS: list[tuple[Any, ...]] = [
    ("connect", {"hello": 1}),
    ("disconnect", "bye"),
    ("connect_error", {"message": "no"}),
    ("networkingMatch", MATCH),
]


def unreadable() -> float:
    return REGISTRY.get_sample_value("slackbot_unreadable_total", {"source": "socket"}) or 0.0


@pytest.mark.parametrize("namespace", ["/", "/live"])
@pytest.mark.parametrize("version", VERSIONS)
async def test_netty_socketio_is_up_with_the_default_settings(version: str, namespace: str) -> None:
    """Every version of netty-socketio is up, in either namespace, without an error in the log."""
    server = Netty(version, namespace, events=EVENTS)
    async with serving(server) as url:
        found = await visit(url, namespace=namespace)
    assert (found.words, found.connects, found.errors) == ("up", 1, [])
    assert found.told_seconds < 10


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_token_by_query(version: str) -> None:
    """A server that reads the token from the query refuses it elsewhere, and is up with it."""
    async with serving(Netty(version, auth="query", events=EVENTS)) as url:
        refused = await visit(url)
        found = await visit(url, socket_auth=("query",))
    assert (refused.words, refused.errors) == ("refused", [])
    assert (found.words, found.errors) == ("up", [])


async def test_a_token_in_the_payload() -> None:
    """netty-socketio 2.0.13 reads the payload."""
    async with serving(Netty("2.0.13", "/live", "auth", EVENTS)) as url:
        found = await visit(url, namespace="/live", socket_auth=("auth",))
    assert (found.words, found.errors) == ("up", [])


async def test_a_namespace_that_is_silent_in_engine_io_4(monkeypatch: pytest.MonkeyPatch) -> None:
    """netty-socketio 2.0.2 never answers CONNECT there: Engine.IO 3 is used, and remembered."""
    monkeypatch.setattr(connection, "NAMESPACE_SECONDS", 0.1)
    server = Netty("2.0.2", "/live", events=[("m", MATCH)], delay=0.3, hangs_up=True)
    async with serving(server) as url:
        found = await visit(url, namespace="/live", matches=2)
    assert (found.matches, found.connects, found.errors) == (2, 2, [])
    assert server.versions_asked == ["4", "4", "3", "3"]


async def test_a_server_without_payloads_is_asked_twice_once() -> None:
    """netty-socketio 2.0.6 cannot read the payload: later handshakes are without it."""
    server = Netty("2.0.6", events=[("m", MATCH)], hangs_up=True)
    async with serving(server) as url:
        found = await visit(url, matches=3)
    assert (found.matches, found.connects, found.errors) == (3, 3, [])
    assert server.versions_asked == ["4"] * 4


async def test_a_match_as_a_whole_buffer() -> None:
    """A match that is one binary attachment is read like any other."""
    events = [("m", json.dumps(MATCH).encode())]
    for version in VERSIONS:
        async with serving(Netty(version, events=events)) as url:
            found = await visit(url)
        assert (found.words, found.errors) == ("up", []), version


async def test_an_unreadable_buffer_is_counted() -> None:
    """Binary content that cannot be read is counted, and does not end the feed."""
    before = unreadable()
    async with serving(Netty("2.0.13", events=[("m", b"\x82\xa5hello"), ("m", MATCH)])) as url:
        found = await visit(url)
    assert (found.words, found.connects, found.errors) == ("up", 1, [])
    assert unreadable() == before + 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_pings_keep_a_connection_up(version: str) -> None:
    """A server hangs up on who neither answers its pings nor, in Engine.IO 3, sends any."""
    server = Netty(version, events=[("m", MATCH)], delay=2.0, interval_ms=200, timeout_ms=1_000)
    async with serving(server) as url:
        found = await visit(url)
    assert (found.words, found.connects) == ("up", 1)
    assert (server.pings > 3) is (version == "1.7.25")  # the others are asked in Engine.IO 4
