"""The only place that builds real parts and joins them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import structlog
from starlette.types import ASGIApp

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap import database as upkeep
from slackbot.bootstrap.adapters import Outside, SystemClock, reach_out
from slackbot.bootstrap.services import Inside, join
from slackbot.domain.errors import SlackbotError
from slackbot.domain.model import EventSlug, TeamId
from slackbot.domain.ports import StoreUnavailable
from slackbot.domain.workers import Role
from slackbot.settings import Settings, SettingsError
from slackbot.slack.app import bolt_app, endpoint
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.handlers import CommandHandlers, Services
from slackbot.slack.commands.responder import Responder
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.inbound.socket_mode import SocketMode
from slackbot.slack.inbound.socket_mode_connection import AppTokenRefused
from slackbot.slack.installations import (
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)
from slackbot.slack.outbound.response_urls import ResponseUrls
from slackbot.slack.outbound.views import Views
from slackbot.storage.feeds import FEEDS_CHANNEL
from slackbot.storage.notify import listen
from slackbot.web.app import web_app
from slackbot.web.call.assets import STATIC

log = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 3.0
ASK_AGAIN_SECONDS: Final = 5.0


@asynccontextmanager
async def running(
    settings: Settings, role: Role = Role.RUN, call_static: Path = STATIC
) -> AsyncIterator[ASGIApp]:
    """A process of the bot; gives the app to serve, and takes everything down after.

    `call_static` is the folder of the built call page.

    Raises:
        SettingsError: it cannot be started with these settings.
    """
    clock, background = SystemClock(), BackgroundTasks(expected=(SlackbotError,))
    async with AsyncExitStack() as closing:
        outside = await reach_out(settings, role, clock, closing, call_static)
        inside = join(outside, clock, background)
        # Last of all: the lease is needed for as long as anything is being sent.
        closing.push_async_callback(inside.worker.aclose)
        upkeep.launch(inside.delivery, inside.notices, outside.delivery_database)
        closing.push_async_callback(_stop_telling, outside, inside)
        slack = None
        if role is not Role.WORKER:
            slack = _slack(settings, outside, inside, clock, background)
        await _known_to_slack(outside.installation)
        await _become_worker(outside, inside, role)
        socket_mode = slack if isinstance(slack, SocketMode) else None
        if socket_mode is not None:
            await _reachable(socket_mode)
        resuming = asyncio.create_task(_resume(outside, inside))
        monitoring = asyncio.create_task(inside.monitor.run(outside.feed_events))
        living = asyncio.create_task(_live(settings, resuming, outside, inside))

        async def ready() -> dict[str, bool]:
            resumed = resuming.done() and not resuming.exception()
            parts = {"database": await outside.database.ping(), "slack": resumed}
            parts |= inside.condition.parts()
            return parts | ({"socket_mode": socket_mode.connected} if socket_mode else {})

        try:
            http = None if isinstance(slack, SocketMode) else slack
            yield web_app(http, ready, outside.call_page)
        finally:
            if socket_mode is not None:
                await socket_mode.aclose()
            resuming.cancel()
            living.cancel()
            inside.monitor.stop_polling()
            await outside.feed.aclose()
            monitoring.cancel()  # it finishes the events that are left
            await asyncio.gather(monitoring, return_exceptions=True)
            await inside.worker.stop_claiming()
            await background.drain(DRAIN_SECONDS)


async def _become_worker(outside: Outside, inside: Inside, role: Role) -> None:
    """Nothing that may take as long as a lease comes between registering and beating."""
    inside.matches.assume_stale_backup(await outside.workers.register())
    log.info("registered", worker=outside.boot_id, role=role.value)
    await inside.worker.start()


async def _stop_telling(outside: Outside, inside: Inside) -> None:
    """Together: what waits in the queue goes back to its workflow, which leaves it as it is."""
    await asyncio.gather(inside.delivery.aclose(), outside.slack_queue.aclose())


def _slack(
    settings: Settings,
    outside: Outside,
    inside: Inside,
    clock: SystemClock,
    background: BackgroundTasks,
) -> ASGIApp | SocketMode:
    """How Slack's requests come in: over HTTP, or over Socket Mode."""
    slash, links = settings.slack_command, outside.links
    services = Services(inside.accounts, inside.sessions, inside.availabilities, inside.matches)
    views = Views(outside.slack_api, outside.slack_queue)
    response_urls = ResponseUrls(outside.slack, outside.messenger)
    responder = Responder(outside.messenger, response_urls, views, background)
    handlers = CommandHandlers(
        services, clock=clock, background=background, links=links, slash=slash
    )
    connect_flow = ConnectFlow(
        accounts=inside.accounts,
        handlers=handlers,
        responder=responder,
        views=views,
        background=background,
        links=links,
        slash=slash,
        event=EventSlug(settings.accelevents_event) if settings.accelevents_event else None,
    )

    async def record_event(team: TeamId, event_id: str) -> bool:
        return await outside.store.events.record(team, event_id, clock.now())

    parts = Parts(
        slash=slash,
        handlers=handlers,
        connect_flow=connect_flow,
        call_buttons=CallButtons(outside.calls, background=background, links=links),
        responder=responder,
        accounts=inside.accounts,
        background=background,
        record_event=record_event,
    )
    secret = settings.slack_signing_secret.get_secret_value()
    app = bolt_app(outside.slack, outside.installation, secret, parts)
    if app_token := settings.slack_app_token.get_secret_value():
        return SocketMode(app, outside.slack, app_token, background)
    return endpoint(app, secret)


async def _reachable(socket_mode: SocketMode) -> None:
    """An app-level token that Slack refuses ends the start, as a bot token does."""
    try:
        await socket_mode.start()
    except AppTokenRefused as error:
        raise SettingsError(f"SLACK_APP_TOKEN: Slack refuses it ({error.reason})") from None


async def _known_to_slack(installation: SingleInstallation) -> None:
    """A token that Slack refuses ends the start; a Slack that does not answer does not."""
    try:
        await installation.get()
    except InstallationRefused as error:
        raise SettingsError(f"SLACK_BOT_TOKEN: Slack refuses it ({error.reason})") from None
    except SlackUnreachable:
        log.warning("slack_unreachable")


async def _resume(outside: Outside, inside: Inside) -> TeamId:
    """Go on where the last run stopped, as soon as Slack tells who we are."""
    while True:
        try:
            installation = await outside.installation.get()
            if outside.database.single_process:
                await inside.delivery.recover()
            await inside.matches.resume(installation.team)
            await inside.monitor.resume(installation.team)
        except (SlackUnreachable, StoreUnavailable):
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        except Exception:
            log.exception("not_resumed")
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        else:
            break
    log.info("ready", team=installation.team)
    return installation.team


async def _live(
    settings: Settings, resuming: asyncio.Task[TeamId], outside: Outside, inside: Inside
) -> None:
    """What goes on by the clock for as long as the bot runs."""
    async with asyncio.TaskGroup() as tasks:
        if not outside.database.single_process:
            tasks.create_task(listen(settings.database, FEEDS_CHANNEL, outside.wake.set))
        team = await asyncio.shield(resuming)
        tasks.create_task(inside.condition.run(team))
        tasks.create_task(inside.rounds.run(team))
        tasks.create_task(inside.delivery.run_purge())
        tasks.create_task(outside.calls.run_cleanup(team))
