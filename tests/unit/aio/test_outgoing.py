"""Outgoing requests go through the configured proxies, from every session."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from yarl import URL

from slackbot.accelevents.connection import new_session
from slackbot.accelevents.http import new_client
from slackbot.aio.outgoing import HEADER_BYTES, Proxies
from slackbot.aio.reachability import connection_problem
from slackbot.slack.client import slack_session, web_client

PROXY = "http://proxy.example:3128"


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("https://slack.com/api/", True),
        ("wss://wss-primary.slack.com/link", True),
        ("http://slack.com/", False),
        ("https://api.internal/", False),
        ("https://a.b.internal/", False),
        ("https://notinternal/", True),
        ("https://10.0.0.9/", False),
        ("https://other.example:8443/", False),
        ("https://other.example/", True),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://localhost:8000/", False),
    ],
)
def test_which_hosts_have_a_proxy(url: str, proxied: bool) -> None:
    """NO_PROXY names hosts, domains and ports; this machine has none, nor http without its own."""
    proxies = Proxies(https=PROXY, exceptions="internal, 10.0.0.9,other.example:8443")
    assert proxies.find(URL(url)) == (URL(PROXY) if proxied else None)
    assert Proxies(http=PROXY, exceptions="*").find(URL("http://slack.com")) is None
    assert Proxies(http=PROXY).find(URL("ws://slack.com")) == URL(PROXY)


def test_passwords_are_not_shown() -> None:
    """Neither `repr` nor `names` holds user or password."""
    proxies = Proxies(https="http://user:canary-1@proxy:1", http="http://u:canary-2@other")
    assert "canary" not in repr(proxies) + str(proxies.names)
    assert proxies.names == ["other", "proxy:1"]


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Run a server that records the head of each request and gives one answer."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://user:p%40ss@127.0.0.1:{server.sockets[0].getsockname()[1]}", heads


FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"
CREDENTIALS = b"Basic " + base64.b64encode(b"user:p@ss")


async def test_everything_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack, the platform and the feeds ask it for a tunnel; a refusal names the proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")  # which slack_sdk would take
    async with proxy(FORBIDDEN) as (address, heads):
        proxies = Proxies(https=address)
        problems = []
        async with (
            slack_session(proxies=proxies) as for_slack,
            new_client(proxies) as for_platform,
            new_session(proxies) as for_feeds,
        ):
            requests = [
                web_client("https://slack.example/api", for_slack).auth_test(token="xoxb-1"),
                for_platform.get("https://api.example/x"),
                for_feeds.ws_connect("wss://socket.example/"),
            ]
            for request in requests:
                with pytest.raises(Exception) as raised:
                    await request
                assert not isinstance(raised.value, SlackApiError)
                problems.append(connection_problem(raised.value))
    assert problems == ["proxy_refuses"] * 3
    hosts = [b"slack.example", b"api.example", b"socket.example"]
    for head, host in zip(heads, hosts, strict=True):
        assert head.startswith(b"CONNECT " + host + b":443 HTTP/1.1\r\n")
        assert b"Proxy-Authorization: " + CREDENTIALS + b"\r\n" in head
        assert b"xoxb" not in head


async def test_a_plain_request_is_read_by_the_proxy() -> None:
    """An http address is asked for in full, with the proxy's credentials."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with proxy(answer) as (address, heads):  # noqa: SIM117 - the client needs the address
        async with new_client(Proxies(http=address)) as client:
            assert (await client.get("http://api.example/x")).text == "ok"
    assert heads[0].startswith(b"GET http://api.example/x HTTP/1.1\r\n")
    assert b"Proxy-Authorization: " + CREDENTIALS in heads[0]


async def test_a_proxy_that_is_away_is_named() -> None:
    """A proxy that nothing listens at is not taken for the host."""
    async with new_client(Proxies(https="http://127.0.0.1:1")) as client:
        with pytest.raises(Exception) as raised:
            await client.get("https://api.example/x")
    assert connection_problem(raised.value) == "proxy_refuses"


@pytest.mark.parametrize(("size", "problem"), [(20_000, ""), (HEADER_BYTES, "answer_malformed")])
async def test_headers_of_answers_are_limited(size: int, problem: str) -> None:
    """An answer's header of 20 kB is read, one beyond the limit is named as such."""
    answer = b"HTTP/1.1 200 OK\r\nX: " + b"x" * size + b"\r\nContent-Length: 0\r\n\r\n"
    async with proxy(answer) as (address, _), new_client(Proxies()) as client:
        try:
            assert (await client.get(address.replace("user:p%40ss@", ""))).status_code == 200
            found = ""
        except aiohttp.ClientError as error:
            found = connection_problem(error)
    assert found == problem
