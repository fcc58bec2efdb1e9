"""Serve the bot with uvicorn until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import resource
import signal
import socket
import sys
from typing import Final

import structlog
import uvicorn
import uvloop

from slackbot.cli.allocator import keep_thresholds
from slackbot.cli.collector import Collector
from slackbot.domain.workers import Role
from slackbot.settings import Settings, SettingsError, split
from slackbot.telemetry import configure_logging
from slackbot.web.server import server_config

log = structlog.get_logger(__name__)

# Longest time that a database thread waits for the event loop's thread, in seconds. With Python's
# default of 5 ms, a third fewer matches are delivered per second.
SWITCH_SECONDS: Final = 0.001


def serve(settings: Settings, role: Role) -> None:
    """Run a process of the bot.

    Raises:
        SettingsError: the process cannot start with these settings.
    """
    configure_logging(settings.log_level, settings.log_format)
    keep_thresholds()
    # Each feed uses an open file, so the usual soft limit of 1,024 is soon reached.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.setswitchinterval(SWITCH_SECONDS)
    if settings.metrics_port:
        from prometheus_client import start_http_server

        try:
            start_http_server(settings.metrics_port, settings.host)
        except OSError as error:
            reason = f"METRICS_PORT: cannot listen at {settings.metrics_port} ({error.strerror})"
            raise SettingsError(reason) from None
    # Try the port before opening any file or connection, so that a failed start leaves no traces.
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        address = f"{settings.host}:{settings.port}"
        raise SettingsError(f"PORT: cannot listen at {address} ({error.strerror})") from None
    uvloop.run(_serve(settings, role))


async def _serve(settings: Settings, role: Role) -> None:
    from slackbot.bootstrap.app import running

    async with running(settings, role) as app:
        thawing = asyncio.create_task(Collector().run())
        server = uvicorn.Server(
            server_config(
                app,
                host=settings.host,
                port=settings.port,
                trusted_proxies=split(settings.trusted_proxies),
            )
        )

        def stop(*_: object) -> None:
            server.should_exit = True

        # After stopping, uvicorn raises the signal again. Our own handler must be installed by
        # then, so that the other components can shut down.
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_number, stop)
        try:
            await server.serve()
        except Exception:
            log.exception("stopped_by_error")
            raise
        finally:
            thawing.cancel()
