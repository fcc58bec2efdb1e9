"""What keeps a host from being reached is told the same way by every library."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import aiohttp
import httpx
import pytest

from slackbot.cli.doctor_texts import WORDS, said
from slackbot.domain.findings import DOUBTFUL, FINE, Cause, Finding, Grade, Subject, why_unreached

Endpoint = Callable[[str], Awaitable[None]]


async def by_httpx(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.get(url)


async def by_aiohttp(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(url):
        pass


@pytest.mark.parametrize("ask", [by_httpx, by_aiohttp])
@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("http://127.0.0.1:1", Cause.CONNECTION_REFUSED),
        ("http://no..name", Cause.HOST_UNKNOWN),
    ],
)
async def test_each_library_tells_the_same(ask: Endpoint, url: str, cause: Cause):
    """The cause is found under whatever a library wraps it in."""
    with pytest.raises((httpx.HTTPError, aiohttp.ClientError, UnicodeError)) as told:
        await ask(url)
    assert why_unreached(told.value) is cause


async def test_a_group_is_looked_into():
    """Several tries at once, as for a host with several addresses, are one cause."""
    with pytest.raises(socket.gaierror) as told:
        await asyncio.get_running_loop().getaddrinfo("name", 80, flags=socket.AI_NUMERICHOST)
    assert why_unreached(OSError("a")) is Cause.LINE_CUT
    assert why_unreached(ExceptionGroup("tries", [told.value])) is Cause.HOST_UNKNOWN


def test_an_error_that_caused_itself():
    """A ring of errors comes to an end."""
    first, second = OSError("a"), TimeoutError("b")
    first.__cause__, second.__cause__ = second, first
    assert why_unreached(first) is Cause.NO_ANSWER


def test_every_cause_has_its_words():
    """Each cause has a sentence; what is not fine says what to do, and what is fine does not."""
    assert set(WORDS) == set(Cause)
    assert not FINE & DOUBTFUL
    assert {cause for cause, (_, advice) in WORDS.items() if not advice} == FINE
    assert all("\n" not in case + advice for case, advice in WORDS.values())


def test_the_grades():
    """What is neither fine nor doubtful is a failure."""
    grades = {Finding(Subject.SOCKET, cause).grade for cause in set(Cause) - FINE - DOUBTFUL}
    assert grades == {Grade.FAILURE}


def test_foreign_facts_do_not_steer_the_terminal():
    """Control characters of a foreign name are shown as question marks, and it is cut."""
    facts = {"bot": "\x1b[2J\nbot", "workspace": "W" * 1000}
    case, _ = said(Finding(Subject.SLACK, Cause.SLACK_ACCEPTS, facts))
    assert "?[2J?bot" in case
    assert len(case) < 300
