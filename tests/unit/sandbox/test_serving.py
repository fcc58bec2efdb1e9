import asyncio
import signal

import httpx
import pytest
import socketio
from accelevents_harness import running
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.serving import serving


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("hello")(scope, receive, send)


async def get(url: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).text


async def test_an_application_is_served_on_a_free_port():
    """The yielded URL answers, and two servers run side by side."""
    async with serving(hello) as one, serving(hello) as other:
        assert one != other
        assert [await get(one), await get(other)] == ["hello", "hello"]


async def test_the_same_port_opens_again_at_once():
    """A restarted server can take the port of the old one."""
    async with serving(hello) as url:
        port = int(url.rsplit(":", 1)[1])
        await get(url)
    async with serving(hello, port=port) as again:
        assert url == again
        assert await get(again) == "hello"


async def test_a_taken_port_is_an_error():
    """A port in use raises OSError at once."""
    async with serving(hello) as url:
        with pytest.raises(OSError, match="in use"):
            async with serving(hello, port=int(url.rsplit(":", 1)[1])):
                pass


async def test_leaving_cuts_requests_that_never_end():
    """A hanging request is cut when the server stops, and its client gets an error."""
    arrived = asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        await asyncio.Event().wait()

    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        async with serving(endless) as url:
            hanging = asyncio.create_task(client.get(url))
            await arrived.wait()
        with pytest.raises(httpx.TransportError):
            await asyncio.wait_for(hanging, 10)


async def test_leaving_cuts_open_sockets():
    """A connected Socket.IO client is disconnected."""
    gone = asyncio.Event()
    client = socketio.AsyncClient(reconnection=False, handle_sigint=False)

    async def leave(_reason: str) -> None:
        gone.set()

    client.on("disconnect", leave)
    async with running() as here:
        token = here.platform.token_for("ada")
        await client.connect(here.url, auth={"token": token}, transports=["websocket"])
    await asyncio.wait_for(gone.wait(), 10)
    await client.disconnect()


async def test_leaving_cuts_a_delayed_call():
    """A call held by a planned delay does not delay the stop."""
    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:
        async with running() as here:
            here.platform.delay(3600)
            slow = asyncio.create_task(client.get(f"{here.url}/rest/events/demo/session/v2"))
            await asyncio.sleep(0.2)
        with pytest.raises(httpx.TransportError):
            await asyncio.wait_for(slow, 10)


async def test_no_signal_handler_is_installed():
    """The process keeps its own handlers of SIGTERM and SIGINT."""
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    async with serving(hello):
        during = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert before == during
