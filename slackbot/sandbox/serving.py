"""Serve one ASGI application on a port of 127.0.0.1, inside the running event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

_GRACE = 0.05  # seconds for requests to notice that their connection is gone


class _Server(uvicorn.Server):
    """uvicorn without signal handlers and without its fixed waits on shutdown."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.down = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave signals to the process; a server in a test must not take them."""
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)  # sets the Date header of every response
        self.up.set()
        await self.down.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        requests = list(self.server_state.tasks)
        if requests:
            _, stuck = await asyncio.wait(requests, timeout=_GRACE)
            for task in stuck:
                task.cancel()
            await asyncio.gather(*stuck, return_exceptions=True)


@asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0, pem: Path | None = None) -> AsyncIterator[str]:
    """Serve `app` and yield its base URL, `http://127.0.0.1:PORT`.

    Port 0 picks a free one; a port that was just released can be bound again at once. With `pem`,
    a file with a key and its certificate, the server speaks TLS and the URL begins with https.
    On exit every open connection, WebSockets included, is aborted and running requests are
    cancelled.

    Raises:
        OSError: the port is taken.
    """

    async def ignoring_cancellation(scope: Scope, receive: Receive, send: Send) -> None:
        # Only shutdown cancels, after the connection is gone: nobody is left to answer.
        with suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    config = uvicorn.Config(
        ignoring_cancellation,
        lifespan="off",
        access_log=False,
        log_config=None,
        # At INFO the handshake is logged with its query, which may hold a token.
        log_level="warning",
        # Engine.IO has its own pings; a second kind would keep a frozen connection alive.
        ws_ping_interval=None,
        ssl_certfile=pem,
    )
    sock = socket.create_server(("127.0.0.1", port))
    url = f"{'https' if pem else 'http'}://127.0.0.1:{sock.getsockname()[1]}"
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    ready = asyncio.create_task(server.up.wait())
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()  # raises the reason if the server could not start
        yield url
    finally:
        ready.cancel()
        server.down.set()
        await running
