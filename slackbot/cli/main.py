"""The command line."""

from __future__ import annotations

import gc
import resource
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
import structlog
import uvicorn
import uvloop

from slackbot.cli.doctor import doctor
from slackbot.cli.manifest import manifest
from slackbot.domain.workers import Role
from slackbot.settings import Settings, SettingsError, read_settings
from slackbot.telemetry import configure_logging

log = structlog.get_logger(__name__)
T = TypeVar("T")

SWITCH_SECONDS = 0.001
"""How long a thread that works on the database waits for the busy loop's thread at most. With
Python's own 5 ms a third fewer matches a second are told."""
STOP_SECONDS = 3
"""How long requests may take to end; first replies leave within two seconds."""


@click.group()
@click.version_option(package_name="slackbot")
def main() -> None:
    """Speed networking at Accelevents events, without leaving Slack."""


@main.command()
def run() -> None:
    """Run the bot: everything in one process, until SIGTERM or Ctrl-C."""
    _run(Role.RUN)


@main.command()
def web() -> None:
    """Serve Slack's requests only, beside workers; on PostgreSQL."""
    _run(Role.WEB)


@main.command()
def worker() -> None:
    """Hold feeds and deliver notices only, beside a web process; on PostgreSQL."""
    _run(Role.WORKER)


@main.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    from slackbot.bootstrap import database as upkeep

    for step in _start(upkeep.migrate(_settings())):
        click.echo(f"Migrated: {step}")
    click.echo("The database is up to date.")


@main.command("rotate-keys")
def rotate_keys() -> None:
    """Seal everything with the first of SLACKBOT_SECRET_KEYS; the bot may run meanwhile."""
    from slackbot.bootstrap import database as upkeep

    found = _start(upkeep.rotate_keys(_settings()))
    lost = found.unreadable.total()
    click.echo(
        f"{found.resealed} resealed, {found.already_new} already had the newest key, "
        f"{lost} could not be opened."
    )
    if lost:
        reasons = ", ".join(f"{reason}: {n}" for reason, n in found.unreadable.most_common())
        raise click.ClickException(f"Keep the other keys for now. Not opened: {reasons}.")
    click.echo("The other keys can be removed.")


@main.command()
@click.option("--keep", is_flag=True, help="Leave it all running, and print the addresses.")
def demo(keep: bool) -> None:
    """Play the whole mission on this machine, with a small Slack and a small Accelevents."""
    from slackbot.sandbox.story import play
    from slackbot.web.call.assets import STATIC, is_built

    no_page = "" if is_built(STATIC) else "the call page is not built (`make page`)"
    sys.exit(uvloop.run(play(keep=keep, no_page=no_page)))


main.add_command(doctor)
main.add_command(manifest)


def _run(role: Role) -> None:
    settings = _settings()
    configure_logging(settings.log_level, settings.log_format)
    _raise_file_limit()
    sys.setswitchinterval(SWITCH_SECONDS)
    if settings.metrics_port:
        from prometheus_client import start_http_server

        try:
            start_http_server(settings.metrics_port, settings.host)
        except OSError as error:
            reason = f"METRICS_PORT: cannot listen at {settings.metrics_port} ({error.strerror})"
            raise click.ClickException(reason) from None
    _try_port(settings)
    _start(_serve(settings, role))


def _try_port(settings: Settings) -> None:
    """Before any file or connection is made: a start that fails here leaves nothing behind."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise click.ClickException(f"PORT: cannot listen at {where} ({error.strerror})") from None


def _settings() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _start(work: Coroutine[Any, Any, T]) -> T:
    try:
        return uvloop.run(work)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


async def _serve(settings: Settings, role: Role) -> None:
    from slackbot.bootstrap.app import running

    async with running(settings, role) as app:
        _free_the_collector()
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )

        def stop(*_: object) -> None:
            server.should_exit = True

        # uvicorn raises a signal it was stopped by once more when it is done; that must find a
        # handler which lets us take the rest down.
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signal_number, stop)
        await server.serve()


def _free_the_collector() -> None:
    """What was loaded for the start stays for ever: nobody waits while it is looked through."""
    gc.collect()
    gc.freeze()


def _raise_file_limit() -> None:
    """Each feed is an open file; the usual soft limit of 1,024 is soon reached."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
