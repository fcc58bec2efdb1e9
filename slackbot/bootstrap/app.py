"""Build, start and stop a process of the bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from starlette.types import ASGIApp

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Adapters, SystemClock
from slackbot.bootstrap.database import (
    database_url,
    enter_workspace,
    launch_delivery,
    prepare_schema,
    secret_keys,
)
from slackbot.bootstrap.services import Services, build_calls
from slackbot.bootstrap.slack import build_slack, check_bot_token, start_socket_mode
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import TeamId
from slackbot.domain.ports import StoreUnavailable
from slackbot.domain.workers import Role
from slackbot.settings import Settings, SettingsError
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
    settings: Settings, role: Role = Role.RUN, call_static: Path = STATIC
) -> AsyncIterator[ASGIApp]:
    """Run a process of the bot. Yield the app to serve, and stop everything on exit.

    `call_static` is the folder of the built call page.

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
        launch_delivery(services.delivery, services.notices, adapters.delivery_database)
        # Closed together, so that calls waiting in the queue end and their workflows stay pending.
        closing.push_async_callback(
            lambda: asyncio.gather(services.delivery.aclose(), adapters.slack_queue.aclose())
        )
        closing.push_async_callback(services.leaving.aclose)
        closing.push_async_callback(background.drain, DRAIN_SECONDS)
        # Started before the worker, whose first heartbeat connects feeds.
        await closing.enter_async_context(_monitoring(adapters, services))
        http = socket_mode = None
        if role is not Role.WORKER:
            http, socket_mode = build_slack(settings, adapters, services, clock, background)
        await _check_workspace(adapters)
        await _register(adapters, services, role)
        if socket_mode is not None:
            await start_socket_mode(socket_mode)
        async with _working(adapters, services) as resuming:

            def ready() -> dict[str, bool]:
                resumed = resuming.done() and not resuming.exception()
                parts = {"database": adapters.database.health.is_writable(), "slack": resumed}
                parts |= services.health.parts() | {"recovery": not services.delivery.unowned}
                return parts | ({"socket_mode": socket_mode.connected} if socket_mode else {})

            try:
                yield web_app(http, ready, call_page)
            finally:
                if socket_mode is not None:
                    await socket_mode.aclose()


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
async def _working(adapters: Adapters, services: Services) -> AsyncIterator[asyncio.Task[TeamId]]:
    """Resume earlier work and run periodic tasks. Yield the task that resumes."""

    async def run_periodic() -> None:
        async with asyncio.TaskGroup() as tasks:
            if not adapters.database.single_process:
                tasks.create_task(listen(adapters.direct_url, FEEDS_CHANNEL, adapters.wake.set))
            team = await asyncio.shield(resuming)
            tasks.create_task(services.health.run(team))
            tasks.create_task(services.scheduler.run(team))
            tasks.create_task(services.leaving.run(team))
            tasks.create_task(services.delivery.run_purge())
            tasks.create_task(services.calls.run_cleanup(team))

    resuming = asyncio.create_task(_resume(adapters, services))
    periodic = asyncio.create_task(run_periodic())
    try:
        yield resuming
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


async def _resume(adapters: Adapters, services: Services) -> TeamId:
    """Continue the previous process's work once Slack has returned the workspace."""
    while True:
        try:
            team = (await adapters.installation.get()).team
            await enter_workspace(adapters.store, team)
            await services.matches.resume(team)
            await services.monitor.resume(team)
            log.info("ready", team=team)
            return team
        except (SlackUnreachable, StoreUnavailable):
            pass  # unavailable for now
        except SettingsError as error:
            log.error("resume_failed", reason=str(error))  # noqa: TRY400 - one line is enough
        except Exception:
            log.exception("resume_failed")
        await asyncio.sleep(RETRY_SECONDS)
