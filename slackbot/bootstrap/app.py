"""Build, start and stop a process of the bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

import structlog
from starlette.types import ASGIApp

from slackbot.aio.tasks import BackgroundTasks, EndlessTasks
from slackbot.bootstrap.adapters import Adapters, SystemClock
from slackbot.bootstrap.database import (
    database_url,
    enter_workspace,
    launch_delivery,
    prepare_schema,
    secret_keys,
)
from slackbot.bootstrap.privacy import build_retention
from slackbot.bootstrap.services import Services, build_calls
from slackbot.bootstrap.slack import (
    build_slack,
    build_surfaces,
    check_bot_token,
    start_socket_mode,
)
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import TeamId
from slackbot.domain.stores import StoreUnavailable
from slackbot.domain.workers import Role
from slackbot.settings import Settings, SettingsError
from slackbot.slack.commands.attempts import Attempts
from slackbot.slack.commands.surfaces import SurfaceUpdates
from slackbot.slack.inbound.socket_mode import SocketMode
from slackbot.slack.installations import SlackUnreachable
from slackbot.storage.feeds import FEEDS_CHANNEL
from slackbot.storage.notify import listen
from slackbot.web.app import web_app
from slackbot.web.call.assets import STATIC

log = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 3.0  # for background tasks to end at shutdown
RETRY_SECONDS: Final = 5.0  # between attempts to resume while Slack or the database is unavailable


@asynccontextmanager
async def running(
    settings: Settings,
    role: Role = Role.RUN,
    call_static: Path = STATIC,
    on_ready: Callable[[str], None] = lambda _workspace: None,
) -> AsyncIterator[ASGIApp]:
    """Run a process of the bot. Yield the app to serve, and stop everything on exit.

    `call_static` is the folder of the built call page. `on_ready` is called once with the
    workspace's name, which is untrusted text.

    Raises:
        SettingsError: the process cannot start with these settings.
    """
    clock, background = SystemClock(), BackgroundTasks(expected=(SlackbotError,))
    async with AsyncExitStack() as closing:
        url, keys = database_url(settings), secret_keys(settings)
        adapters = Adapters(settings, url, keys, role=role, clock=clock, closing=closing)
        await prepare_schema(adapters.database)
        calls, call_page = build_calls(settings, keys, adapters.store, clock, call_static)
        services = Services(adapters, calls, clock, background)
        # Closed last, because the lease is needed while notices are being sent.
        closing.push_async_callback(services.worker.aclose)
        launch_delivery(services.delivery, services.contact_notices, adapters.delivery_database)
        # Closed together, so that calls waiting in the queue end and their workflows stay pending.
        closing.push_async_callback(
            lambda: asyncio.gather(services.delivery.aclose(), adapters.slack_queue.aclose())
        )
        closing.push_async_callback(services.leaving.aclose)
        closing.push_async_callback(background.drain, DRAIN_SECONDS)
        # Started before the worker, whose first heartbeat connects feeds.
        await closing.enter_async_context(_monitoring(adapters, services))
        http = socket_mode = None
        surfaces = build_surfaces(settings, adapters, services, clock, background)
        if role is not Role.WORKER:
            # Stopped first, so that commands are answered while everything is open.
            attempts = Attempts(clock, background)
            closing.push_async_callback(attempts.stop)
            http, socket_mode = build_slack(settings, adapters, services, surfaces, attempts)
        await _check_workspace(adapters)
        await _register(adapters, services, role)
        if socket_mode is not None:
            await start_socket_mode(socket_mode)
        async with _working(adapters, services, surfaces, on_ready) as (resuming, periodic):
            ready = partial(_read_parts, adapters, services, socket_mode, resuming, periodic)
            try:
                yield web_app(http, ready, call_page, services.file_page)
            finally:
                if socket_mode is not None:
                    await socket_mode.aclose()


def _read_parts(
    adapters: Adapters,
    services: Services,
    socket_mode: SocketMode | None,
    resuming: asyncio.Task[TeamId],
    periodic: EndlessTasks,
) -> dict[str, bool]:
    """Return which parts work, for `/readyz`."""
    resumed = resuming.done() and not resuming.exception()
    parts = {"database": adapters.database.health.is_writable(), "slack": resumed}
    parts |= {"periodic": periodic.are_running, **services.health.parts()}
    parts |= {"recovery": not services.delivery.unowned}
    return parts | ({"socket_mode": socket_mode.connected} if socket_mode else {})


async def _register(adapters: Adapters, services: Services, role: Role) -> None:
    """Register the worker and start heartbeats.

    If rows may be missing, direct messages are searched before anything is sent.
    """
    try:
        recorded = await adapters.store.failovers.recent()
    except StoreUnavailable:
        recorded = True  # unknown, so assume a failover
    # Nothing slow may run between registration and heartbeats, or the lease expires.
    unclean_start = await adapters.workers.register()
    if unclean_start or recorded:
        log.info("rows_may_be_missing", unclean_start=unclean_start, recorded=recorded)
        services.matches.assume_missing_rows()
    log.info("registered", worker=adapters.boot_id, role=role.value)
    await services.worker.start()


async def _check_workspace(adapters: Adapters) -> None:
    """Check that the bot token is valid and that the database belongs to its workspace.

    If Slack does not respond, the check is skipped.
    """
    team = await check_bot_token(adapters.installation)
    if team is not None:
        await enter_workspace(adapters.store, team)


@asynccontextmanager
async def _working(
    adapters: Adapters,
    services: Services,
    surfaces: SurfaceUpdates,
    on_ready: Callable[[str], None],
) -> AsyncIterator[tuple[asyncio.Task[TeamId], EndlessTasks]]:
    """Resume earlier work and run periodic tasks. Yield the task that resumes, and these."""
    periodic = EndlessTasks()

    def start_periodic(resumed: asyncio.Task[TeamId]) -> None:
        if resumed.cancelled() or resumed.exception() is not None:
            return
        team = resumed.result()
        known = partial(adapters.store.people.known_epochs, team)
        periodic.start(services.health.run(team), "health")
        periodic.start(services.scheduler.run(team), "scheduler")
        periodic.start(services.leaving.run(team), "leaving")
        periodic.start(services.snoozing.run(team), "snoozing")
        periodic.start(services.reactions.run_pauses(team), "still_there")
        periodic.start(services.login_expiry.run(team), "login_expiry")
        periodic.start(services.session_ends.run(team), "session_ends")
        periodic.start(services.reminders.run(team), "reminders")
        periodic.start(services.recaps.run(team), "recaps")
        periodic.start(services.delivery.run_purge(known), "purge")
        periodic.start(services.calls.run_cleanup(team), "calls_cleanup")
        periodic.start(build_retention(adapters, services).run(team), "retention")

    if not adapters.database.single_process:
        periodic.start(listen(adapters.direct_url, FEEDS_CHANNEL, adapters.wake.set), "listen")
    periodic.start(surfaces.run(), "surfaces")
    periodic.start(surfaces.homes.run(), "homes")
    periodic.start(services.reactions.run(), "reactions")
    resuming = asyncio.create_task(_resume(adapters, services, on_ready))
    resuming.add_done_callback(start_periodic)
    try:
        yield resuming, periodic
    finally:
        resuming.cancel()
        periodic.cancel()


@asynccontextmanager
async def _monitoring(adapters: Adapters, services: Services) -> AsyncIterator[None]:
    """Handle feed events. On exit, disconnect the feeds and release them."""
    monitoring = asyncio.create_task(services.monitor.run(adapters.feed_events))
    try:
        yield
    finally:
        await services.monitor.stop_polling()
        await adapters.feed.aclose()
        # Other workers may now connect the feeds. Reports received so far are stored and sent.
        await services.worker.stop_claiming()
        monitoring.cancel()  # it first handles the remaining events
        await asyncio.gather(monitoring, return_exceptions=True)


async def _resume(
    adapters: Adapters, services: Services, on_ready: Callable[[str], None]
) -> TeamId:
    """Continue the previous process's work once Slack has returned the workspace."""
    while True:
        try:
            installation = await adapters.installation.get()
            team = installation.team
            await enter_workspace(adapters.store, team)
            await services.matches.resume(team)
            await services.monitor.resume(team)
            log.info("ready", team=team)
            on_ready(installation.name)
            return team
        except (SlackUnreachable, StoreUnavailable):
            pass  # unavailable for now
        except SettingsError as error:
            log.error("resume_failed", reason=str(error))  # noqa: TRY400 - one line is enough
        except Exception:
            log.exception("resume_failed")
        await asyncio.sleep(RETRY_SECONDS)
