"""Time-outs, retries and requests that are sent only once, over real HTTP."""

import asyncio
import gc
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import aiohttp
import pytest
from starlette.responses import Response

from slackbot.accelevents import http
from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.errors import Endpoint
from slackbot.accelevents.event_holds import SPREAD_SECONDS
from slackbot.aio.deadline import Deadline
from slackbot.domain import errors
from tests.harness.fakes import until

from .platform_server import HANG_UP, LinkFactory, PlatformServer, call, response

# --- retries -------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [response(429), response(500), response(503), HANG_UP])
async def test_reads_are_retried(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    clock: Any,
    failure: Response,
):
    """A read that fails temporarily is attempted up to three times, with a wait in between."""
    platform.responses = [failure, failure, response(body=[])]
    assert await client.matches(make_link(), 1) == []
    assert len(platform.requests) == 3
    assert len(clock.sleeps) == 2
    assert all(wait > 0 for wait in clock.sleeps)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (response(429), errors.RateLimited),
        (response(502), errors.ServerFailed),
        (HANG_UP, errors.Unreachable),
    ],
)
async def test_reads_give_up(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    failure: Response,
    kind: type[errors.PlatformError],
):
    """After three attempts the last failure is raised."""
    platform.responses = [failure]
    with pytest.raises(kind):
        await client.matches(make_link(), 1)
    assert len(platform.requests) == 3


@pytest.mark.parametrize(
    ("header", "waits"),
    [
        ("3", 3.0),
        ("0", None),
        ("at noon", None),
        ("-5", None),
        ("Mon, 20 Dec 2021 12:00:04 GMT", 4.0),
        ("Mon, 20 Dec 2021 11:00:00 GMT", None),
    ],
)
async def test_retry_after(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    clock: Any,
    header: str,
    waits: float | None,
):
    """`Retry-After` is obeyed, as seconds and as a date."""
    platform.responses = [response(429, None, retry_after=header), response(body=[])]
    await client.matches(make_link(), 1)
    (slept,) = clock.sleeps
    assert waits is None or waits <= slept <= waits + SPREAD_SECONDS


@pytest.mark.parametrize("header", ["86400", "9" * 400])
async def test_a_long_retry_after_is_not_waited_for(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    clock: Any,
    header: str,
):
    """Somebody is waiting: they learn it at once, and nothing more is sent."""
    platform.responses = [response(429, None, retry_after=header), response(body=[])]
    with pytest.raises(errors.RateLimited):
        await client.matches(make_link(), 1)
    assert clock.sleeps == []
    assert len(platform.requests) == 1


def test_the_date_is_in_http_format(clock: Any):
    """The date form used above is the one that HTTP servers write."""
    written = format_datetime(clock.now() + timedelta(seconds=4), usegmt=True)
    assert written == "Mon, 20 Dec 2021 12:00:04 GMT"


@pytest.mark.parametrize("name", ["join", "status", "login"])
@pytest.mark.parametrize("failure", [response(429, None, retry_after="1"), response(503), HANG_UP])
async def test_changes_are_sent_once(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    clock: Any,
    name: str,
    failure: Response,
):
    """A join, a status change and a login are never sent a second time."""
    platform.responses = [failure]
    with pytest.raises(errors.Unavailable):
        await call(client, name, make_link())
    assert len(platform.requests) == 1
    assert clock.sleeps == []


async def test_a_join_on_a_kept_connection_is_sent_once(clock: Any, make_link: LinkFactory):
    """A join on a kept connection that closes may have happened, and is not repeated."""
    methods: list[bytes] = []

    async def platform(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readuntil(b"\r\n\r\n"):
            methods.append(request.split()[0])
            if methods[-1] == b"PUT":
                break
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")
        writer.close()

    server = await asyncio.start_server(platform, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = AcceleventsClient(PlatformOptions(api_url=f"http://127.0.0.1:{port}"), clock)
    await client.matches(make_link(), 1)
    with pytest.raises(errors.Unreachable):
        await client.join(make_link(), 1)
    await client.aclose()
    server.close()
    assert methods == [b"GET", b"PUT"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\n\r\nstray",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nstray",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40_000 + b"\r\n\r\n",
        b"no HTTP\r\n\r\n",
    ],
    ids=["stray body", "body of a 204", "header", "other"],
)
async def test_an_answer_that_is_no_http_is_unreadable(
    clock: Any, make_link: LinkFactory, answer: bytes
):
    """The platform was reached and answered: nobody reads that it is unreachable."""

    async def platform(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(platform, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = AcceleventsClient(PlatformOptions(api_url=f"http://127.0.0.1:{port}"), clock)
        with pytest.raises(errors.Unreadable):
            await client.join(make_link(), 1)
        await client.aclose()


async def test_what_is_not_read_is_freed_at_once(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """What was received of a body after it was refused does not wait for the garbage collector."""

    def streams() -> int:
        return sum(type(one) is aiohttp.StreamReader for one in gc.get_objects())

    platform.responses = [response(body=b"[" + b"{}," * 2**20 + b"{}]")]
    gc.collect()
    before = streams()
    gc.disable()
    try:
        with pytest.raises(errors.Unreadable):
            await client.matches(make_link(), 1)
        async with asyncio.timeout(2.0):
            await until(lambda: streams() == before)
    finally:
        gc.enable()


@pytest.mark.parametrize(("name", "attempts"), [("matches", 3), ("join", 1), ("login", 1)])
async def test_time_outs(
    platform: PlatformServer, clock: Any, make_link: LinkFactory, name: str, attempts: int
):
    """An attempt ends at its time-out; only a read is retried."""
    client = AcceleventsClient(PlatformOptions(api_url=platform.url, timeout_seconds=0.3), clock)
    platform.responses, platform.delay = [response(body=[])], 30
    with pytest.raises(errors.TimedOut):
        await call(client, name, make_link())
    await client.aclose()
    assert len(platform.requests) == attempts


async def test_a_time_out_is_for_the_whole_answer(clock: Any, make_link: LinkFactory):
    """A peer that sends a byte now and then does not extend the time-out."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    options = PlatformOptions(api_url=f"http://127.0.0.1:{port}", timeout_seconds=0.1)
    client = AcceleventsClient(options, clock)
    with pytest.raises(errors.TimedOut):
        await client.join(make_link(), 1)
    await client.aclose()
    server.close()


async def test_a_port_without_a_server(clock: Any, make_link: LinkFactory):
    """A platform without a server is unreachable; only a read is retried."""
    client = AcceleventsClient(PlatformOptions(api_url="http://127.0.0.1:1"), clock)
    with pytest.raises(errors.Unreachable):
        await client.matches(make_link(), 1)
    assert len(clock.sleeps) == 2
    with pytest.raises(errors.Unreachable):
        await client.join(make_link(), 1)
    assert len(clock.sleeps) == 2
    await client.aclose()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", ["matches", "join", "login"])
async def test_redirects_are_not_followed(
    platform: PlatformServer,
    client: AcceleventsClient,
    make_link: LinkFactory,
    status: int,
    name: str,
):
    """A token never follows a redirect."""
    platform.responses = [response(status, "", location=f"{platform.url}/elsewhere")]
    with pytest.raises(errors.Unreadable):
        await call(client, name, make_link())
    assert len(platform.requests) == 1


async def test_cookies_are_not_kept(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory
):
    """A cookie that the platform sets for one person is not sent with the next one's request."""
    platform.responses = [response(body=[], set_cookie="session=ana; Path=/")]
    await client.matches(make_link(), 1)
    await client.matches(make_link(), 1)
    assert all("cookie" not in call.headers for call in platform.requests)


@pytest.mark.parametrize("name", ["login", "join"])
async def test_errors_hold_no_credentials(clock: Any, make_link: LinkFactory, name: str):
    """Neither an error nor its causes show a token or a user key."""
    client = AcceleventsClient(PlatformOptions(api_url="http://127.0.0.1:1"), clock)
    with pytest.raises(errors.Unreachable) as caught:
        await call(client, name, make_link())
    await client.aclose()
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert "secret-of-ana" not in repr(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"api_url": "ftp://x"},
        {"api_url": "api.accelevents.com"},
        {"status_request": "/rest/{session_id}"},
        {"status_request": "put /rest/{session_id}"},
        {"matches_request": "GET /rest/matches"},
        {"matches_request": "GET https://x/{session_id}"},
    ],
)
def test_options_that_cannot_be_used(fields: dict[str, Any]):
    """A malformed option is refused at once, not at the first request."""
    with pytest.raises(ValueError):
        PlatformOptions(**fields)


def test_an_error_keeps_nothing_of_the_answer():
    """Neither the body nor what was parsed of it lives on in an error's traceback."""
    answer = http.Response(Endpoint.SESSIONS, 200, bytearray(b'["' + b"x" * 100 + b'"]'))

    def read(_value: Any) -> None:
        raise errors.Unreadable

    with pytest.raises(errors.Unreadable) as refused:
        answer.parse(read)
    assert refused.value.__context__ is None
    assert not answer.body


# --- deadlines of commands -----------------------------------------------------------------------


async def test_a_slow_platform_is_awaited_while_there_is_time(
    platform: PlatformServer, make_link: LinkFactory, clock: Any
):
    """A command's request may take longer than usual, so that a slow platform is of use."""
    options = PlatformOptions(api_url=platform.url, timeout_seconds=0.05)
    client = AcceleventsClient(options, clock)
    platform.responses = [response(body=[])]
    platform.delay = 0.3
    with Deadline(clock, 60.0):
        assert await client.matches(make_link(), 1) == []
    with pytest.raises(errors.TimedOut):
        await client.matches(make_link(), 1)
    await client.aclose()


async def test_nothing_is_sent_after_the_deadline(
    platform: PlatformServer, client: AcceleventsClient, make_link: LinkFactory, clock: Any
):
    """A command without time sends neither a read nor a change."""
    with Deadline(clock, 0.0):
        with pytest.raises(errors.TimedOut):
            await client.matches(make_link(), 1)
        with pytest.raises(errors.TimedOut):
            await client.join(make_link(), 7)
    assert platform.requests == []
