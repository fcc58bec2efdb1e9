"""What the bot is measured beside: `python -m tests.benchmarks.peers NAME JSON`.

`bare` is Bolt as its first page shows it; `tuned` is Bolt without its poll, on uvicorn; `direct`
posts on the event and stores nothing; `echo` answers at once and shows how quick the machine itself
is. Each writes one line when it is ready.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import aiohttp
import socketio
import uvloop
from aiohttp import web
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from starlette.types import Receive, Scope, Send

from slackbot.sandbox.serving import serving

PATH = "/slack/events"


def _ready(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def bare(*, api_url: str, token: str, secret: str) -> None:
    """Bolt with its default settings on its own server, and a command that says "ok"."""
    app = _saying_ok(api_url, token, secret)
    runner = web.AppRunner(app.web_app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _ready(f"http://127.0.0.1:{runner.addresses[0][1]}")
    await asyncio.Event().wait()


async def tuned(*, api_url: str, token: str, secret: str) -> None:
    """Bolt answering once the listener is done, as an ASGI application on uvicorn and uvloop."""
    app = _saying_ok(api_url, token, secret, process_before_response=True)
    async with serving(AsyncSlackRequestHandler(app, path=PATH)) as url:
        _ready(url)
        await asyncio.Event().wait()


def _saying_ok(api_url: str, token: str, secret: str, **options: bool) -> AsyncApp:
    client = AsyncWebClient(token=token, base_url=api_url)
    app = AsyncApp(client=client, signing_secret=secret, **options)

    @app.command("/networking")
    async def answer(ack: AsyncAck) -> None:
        await ack("ok")

    return app


async def direct(
    *, api_url: str, token: str, platform_url: str, people: list[dict[str, str]]
) -> None:
    """A Socket.IO client for each person that posts what it hears, and nothing else."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        slack = AsyncWebClient(token=token, base_url=api_url, session=session)
        clients = [_listening(slack, session, person["channel"]) for person in people]
        for client, person in zip(clients, people, strict=True):
            auth = {"token": person["token"]}
            await client.connect(platform_url, auth=auth, transports=["websocket"])
        _ready("ready")
        await asyncio.Event().wait()


def _listening(slack: AsyncWebClient, session: aiohttp.ClientSession, channel: str) -> Any:
    client = socketio.AsyncClient(http_session=session, handle_sigint=False)

    async def matched(payload: dict[str, Any]) -> None:
        partner = payload["matchedAttendee"]["fullName"]
        await slack.chat_postMessage(channel=channel, text=f"You're matched with {partner}.")

    client.on("networkingMatch", matched)
    return client


async def echo() -> None:
    """Answers anything with 200 and "ok"."""

    async def ok(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"ok"})

    async with serving(ok) as url:
        _ready(url)
        await asyncio.Event().wait()


def main(name: str, given: dict[str, Any]) -> None:
    """Run one of them until the process is stopped."""
    if name == "bare":
        asyncio.run(bare(**given))  # Bolt's own server runs on asyncio's loop
    else:
        peers = {"tuned": tuned, "direct": direct, "echo": echo}
        uvloop.run(peers[name](**given))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
