"""One ASGI application on a port of 127.0.0.1, inside the running event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

_GRACE = 0.05  # seconds in which requests may notice by themselves that their line is gone


class _Server(uvicorn.Server):
    """uvicorn without signal handlers and without its fixed waits at the end."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()
        self.down = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave the signals to the process: a server in a test must not take them."""
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)  # sets the Date header that every answer carries
        self.up.set()
        await self.down.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await self._end_requests()

    async def _end_requests(self) -> None:
        requests = list(self.server_state.tasks)
        if not requests:
            return
        _, stuck = await asyncio.wait(requests, timeout=_GRACE)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


def _ending_quietly(app: ASGIApp) -> ASGIApp:
    """``app``, whose requests may be cancelled at the end without a trace in the log."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        # Only _end_requests cancels, after the line is gone: there is nobody left to answer.
        with suppress(asyncio.CancelledError):
            await app(scope, receive, send)

    return wrapped


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        _ending_quietly(app),
        lifespan="off",
        access_log=False,
        log_config=None,
        # At INFO the handshake is logged with its query, which may hold a token.
        log_level="warning",
        # Engine.IO has its own pings; a second kind would keep a frozen line alive.
        ws_ping_interval=None,
    )


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


@asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncIterator[str]:
    """Serve ``app`` and yield its base URL, ``http://127.0.0.1:PORT``.

    ``port`` 0 takes a free one; a port that was just given up can be taken again at once.
    Leaving cuts every open connection, WebSockets included, and cancels what still runs.
    Raises ``OSError`` when the port is taken.
    """
    sock = _bound(port)
    url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    server = _Server(_config(app))
    running = asyncio.create_task(server.serve(sockets=[sock]))
    ready = asyncio.create_task(server.up.wait())
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()  # a server that could not start says why
        yield url
    finally:
        ready.cancel()
        server.down.set()
        await running
