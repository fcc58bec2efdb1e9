"""Serve the bot with uvicorn until SIGTERM or Ctrl-C."""

from __future__ import annotations

import asyncio
import platform
import signal
import socket
import sys
from typing import Any, Final

import click
import structlog
import uvicorn

from slackbot import version
from slackbot.aio import event_loop
from slackbot.cli.allocator import keep_thresholds
from slackbot.cli.collector import Collector
from slackbot.cli.open_files import raise_open_file_limit
from slackbot.domain.text import sanitize
from slackbot.domain.workers import Role
from slackbot.settings import Settings, SettingsError, split, unknown_settings
from slackbot.telemetry import BUILD, configure_logging
from slackbot.web.server import server_config

log = structlog.get_logger(__name__)

# Longest time that a database thread waits for the event loop's thread, in seconds. With Python's
# default of 5 ms, a third fewer matches are delivered per second.
SWITCH_SECONDS: Final = 0.001
HINT_SECONDS: Final = 60.0


def serve(settings: Settings, role: Role) -> None:
    """Run a process of the bot.

    Raises:
        SettingsError: the process cannot start with these settings.
    """
    configure_logging(settings.log_level, settings.log_format)
    for unknown in unknown_settings():
        log.warning("setting_unknown", name=unknown.name, nearest=unknown.nearest)
    keep_thresholds()
    raise_open_file_limit()
    sys.setswitchinterval(SWITCH_SECONDS)
    if settings.metrics_port:
        from prometheus_client import start_http_server

        python, bot = platform.python_version(), version()
        BUILD.info({"version": bot, "python": python, "role": role.value})
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
    event_loop.run(_serve(settings, role))


async def _serve(settings: Settings, role: Role) -> None:
    from slackbot.bootstrap.app import running

    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    async with running(settings, role, on_ready=ready.set_result) as app:
        server = uvicorn.Server(
            server_config(
                app,
                host=settings.host,
                port=settings.port,
                trusted_proxies=split(settings.trusted_proxies),
            )
        )

        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(Collector().run())]
        if role is not Role.WORKER and sys.stderr.isatty():
            tasks.append(asyncio.create_task(_say_ready(server, ready, settings.slack_command)))

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
            for task in tasks:
                task.cancel()


async def _say_ready(server: uvicorn.Server, ready: asyncio.Future[str], command: str) -> None:
    """Print the last line of the start, once the bot can answer in Slack.

    If that takes longer than a minute, print how to find out why.
    """
    await asyncio.wait({ready}, timeout=HINT_SECONDS)
    if not ready.done():
        click.echo("Not connected to Slack yet: slackbot doctor says why", err=True)
    workspace = sanitize(await asyncio.shield(ready))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.05)
    click.echo(f"Ready in {workspace or 'Slack'}: type {command} in Slack", err=True)
