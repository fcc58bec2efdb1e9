"""What keeps a host from being reached is classified the same way for every client library."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import pytest

from slackbot.aio.reachability import connection_problem

Request = Callable[[str], Awaitable[None]]


async def by_httpx(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(url)


async def by_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url):
        pass


@pytest.mark.parametrize("request_by", [by_httpx, by_aiohttp])
@pytest.mark.parametrize(
    ("url", "problem"),
    [("http://127.0.0.1:1", "connection_refused"), ("http://no..name", "host_unknown")],
)
async def test_each_library_is_classified_alike(request_by: Request, url: str, problem: str):
    """The cause is found under whatever a library wraps it in."""
    with pytest.raises((httpx.HTTPError, aiohttp.ClientError, UnicodeError)) as raised:
        await request_by(url)
    assert connection_problem(raised.value) == problem


async def test_exception_groups_are_searched():
    """Several tries at once, as for a host with several addresses, are one cause."""
    with pytest.raises(socket.gaierror) as raised:
        await asyncio.get_running_loop().getaddrinfo("name", 80, flags=socket.AI_NUMERICHOST)
    assert connection_problem(OSError("a")) == "line_cut"
    assert connection_problem(ExceptionGroup("tries", [raised.value])) == "host_unknown"


def test_a_cycle_of_causes_ends():
    """Errors that caused each other are each looked at once."""
    first, second = OSError("a"), TimeoutError("b")
    first.__cause__, second.__cause__ = second, first
    assert connection_problem(first) == "no_answer"
