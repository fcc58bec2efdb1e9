"""Time-outs, retries and what is sent only once, over real HTTP."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from platform_peer import HANG_UP, MakeLink, Peer, answer, call
from starlette.responses import Response

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.domain import errors

# --- tries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [answer(429), answer(500), answer(503), HANG_UP])
async def test_reads_are_tried_again(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, clock: Any, failure: Response
):
    """A read that fails for the moment is tried up to three times, with a wait between."""
    peer.answers = [failure, failure, answer(body=[])]
    assert await client.matches(a_link(), 1) == []
    assert len(peer.calls) == 3
    assert len(clock.waits) == 2
    assert all(wait > 0 for wait in clock.waits)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (answer(429), errors.RateLimited),
        (answer(502), errors.ServerFailed),
        (HANG_UP, errors.Unreachable),
    ],
)
async def test_reads_give_up(
    peer: Peer,
    client: AcceleventsClient,
    a_link: MakeLink,
    failure: Response,
    kind: type[errors.PlatformError],
):
    """After three tries the last failure is told."""
    peer.answers = [failure]
    with pytest.raises(kind):
        await client.matches(a_link(), 1)
    assert len(peer.calls) == 3


@pytest.mark.parametrize(
    ("header", "waits"),
    [
        ("3", 3.0),
        ("0", 0.0),
        ("86400", 10.0),
        ("9" * 400, 10.0),
        ("at noon", None),
        ("-5", None),
        ("Mon, 20 Dec 2021 12:00:04 GMT", 4.0),
        ("Mon, 20 Dec 2021 11:00:00 GMT", 0.0),
    ],
)
async def test_retry_after(
    peer: Peer,
    client: AcceleventsClient,
    a_link: MakeLink,
    clock: Any,
    header: str,
    waits: float | None,
):
    """`Retry-After` is obeyed, as seconds and as a date, but nobody waits longer than 10 s."""
    peer.answers = [answer(429, None, retry_after=header), answer(body=[])]
    await client.matches(a_link(), 1)
    assert len(clock.waits) == 1
    assert waits is None or clock.waits == [waits]


def test_dates_in_headers_are_those_of_http(clock: Any):
    """The date form used above is the one that HTTP servers write."""
    written = format_datetime(clock.now() + timedelta(seconds=4), usegmt=True)
    assert written == "Mon, 20 Dec 2021 12:00:04 GMT"


@pytest.mark.parametrize("name", ["join", "status", "login"])
@pytest.mark.parametrize("failure", [answer(429, None, retry_after="1"), answer(503), HANG_UP])
async def test_changes_are_sent_once(
    peer: Peer,
    client: AcceleventsClient,
    a_link: MakeLink,
    clock: Any,
    name: str,
    failure: Response,
):
    """A join, a status change and a login are never sent a second time."""
    peer.answers = [failure]
    with pytest.raises(errors.Unavailable):
        await call(client, name, a_link())
    assert len(peer.calls) == 1
    assert clock.waits == []


async def test_a_join_on_a_kept_connection_is_sent_once(clock: Any, a_link: MakeLink):
    """A kept connection closes as the join goes out: it may have happened, and is not repeated."""
    methods: list[bytes] = []

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await reader.readuntil(b"\r\n\r\n"):
            methods.append(request.split()[0])
            if methods[-1] == b"PUT":
                break
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]")
        writer.close()

    server = await asyncio.start_server(peer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = AcceleventsClient(PlatformOptions(api_url=f"http://127.0.0.1:{port}"), clock)
    await client.matches(a_link(), 1)
    with pytest.raises(errors.Unreachable):
        await client.join(a_link(), 1)
    await client.aclose()
    server.close()
    assert methods == [b"GET", b"PUT"]


@pytest.mark.parametrize(("name", "tries"), [("matches", 3), ("join", 1), ("login", 1)])
async def test_a_slow_platform(peer: Peer, clock: Any, a_link: MakeLink, name: str, tries: int):
    """A try ends after its time; only a read is tried again."""
    client = AcceleventsClient(PlatformOptions(api_url=peer.url, try_seconds=0.3), clock)
    peer.answers, peer.slow = [answer(body=[])], 30
    with pytest.raises(errors.TimedOut):
        await call(client, name, a_link())
    await client.aclose()
    assert len(peer.calls) == tries


async def test_a_time_out_is_for_the_whole_answer(clock: Any, a_link: MakeLink):
    """A peer that sends a byte now and then does not keep the try alive."""

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
    options = PlatformOptions(api_url=f"http://127.0.0.1:{port}", try_seconds=0.1)
    client = AcceleventsClient(options, clock)
    with pytest.raises(errors.TimedOut):
        await client.join(a_link(), 1)
    await client.aclose()
    server.close()


async def test_nobody_there(clock: Any, a_link: MakeLink):
    """A platform that cannot be reached is said to be so, after the tries of a read."""
    client = AcceleventsClient(PlatformOptions(api_url="http://127.0.0.1:1"), clock)
    with pytest.raises(errors.Unreachable):
        await client.matches(a_link(), 1)
    assert len(clock.waits) == 2
    with pytest.raises(errors.Unreachable):
        await client.join(a_link(), 1)
    assert len(clock.waits) == 2
    await client.aclose()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", ["matches", "join", "login"])
async def test_redirects_are_not_followed(
    peer: Peer, client: AcceleventsClient, a_link: MakeLink, status: int, name: str
):
    """A token never follows a redirect."""
    peer.answers = [answer(status, "", location=f"{peer.url}/elsewhere")]
    with pytest.raises(errors.Unreadable):
        await call(client, name, a_link())
    assert len(peer.calls) == 1


async def test_cookies_are_not_kept(peer: Peer, client: AcceleventsClient, a_link: MakeLink):
    """A cookie that the platform sets for one person does not go out with the next one's call."""
    peer.answers = [answer(body=[], set_cookie="session=ana; Path=/")]
    await client.matches(a_link(), 1)
    await client.matches(a_link(), 1)
    assert all("cookie" not in call.headers for call in peer.calls)


@pytest.mark.parametrize("name", ["login", "join"])
async def test_errors_hold_no_credentials(clock: Any, a_link: MakeLink, name: str):
    """Neither an error nor its causes show a token or a user key."""
    client = AcceleventsClient(PlatformOptions(api_url="http://127.0.0.1:1"), clock)
    with pytest.raises(errors.Unreachable) as caught:
        await call(client, name, a_link())
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
    """A malformed option is refused when it is given, not at the first call."""
    with pytest.raises(ValueError):
        PlatformOptions(**fields)
