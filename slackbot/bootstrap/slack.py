"""Slack's HTTP endpoint or Socket Mode, wired to the services."""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp

from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Adapters, SystemClock
from slackbot.bootstrap.services import Services
from slackbot.domain.model import EventSlug, TeamId
from slackbot.settings import Settings, SettingsError
from slackbot.slack.app import bolt_app, endpoint
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.responder import Responder
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.inbound.socket_mode import SocketMode
from slackbot.slack.inbound.socket_mode_connection import AppTokenRefused
from slackbot.slack.installations import (
    ORG_WIDE,
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)
from slackbot.slack.outbound.response_urls import ResponseUrls
from slackbot.slack.outbound.time_zones import TimeZones
from slackbot.slack.outbound.views import Views

log = structlog.get_logger(__name__)


def build_slack(
    settings: Settings,
    adapters: Adapters,
    services: Services,
    clock: SystemClock,
    background: BackgroundTasks,
) -> tuple[ASGIApp | None, SocketMode | None]:
    """Build either the HTTP endpoint for Slack's requests or Socket Mode."""
    slash, links, accounts = settings.slack_command, adapters.links, services.accounts
    responder = _responder(adapters, services, background)
    handlers = CommandHandlers(
        accounts=accounts,
        sessions=services.sessions,
        availabilities=services.availabilities,
        matches=services.matches,
        clock=clock,
        background=background,
        links=links,
        slash=slash,
        zone_of=TimeZones(adapters.slack_api).of,
    )
    connect_flow = ConnectFlow(
        accounts=accounts,
        handlers=handlers,
        responder=responder,
        background=background,
        links=links,
        slash=slash,
        event=EventSlug(settings.accelevents_event) if settings.accelevents_event else None,
    )

    async def record_event(team: TeamId, event_id: str) -> bool:
        return await adapters.store.events.record(team, event_id, clock.now())

    parts = Parts(
        slash=slash,
        handlers=handlers,
        connect_flow=connect_flow,
        call_buttons=CallButtons(calls=services.calls, background=background, links=links),
        responder=responder,
        accounts=accounts,
        background=background,
        record_event=record_event,
    )
    secret = settings.slack_signing_secret.get_secret_value()
    app = bolt_app(adapters.slack, adapters.installation, secret, parts)
    if app_token := settings.slack_app_token.get_secret_value():
        return None, SocketMode(app, adapters.slack, app_token, background)
    return endpoint(app, secret), None


def _responder(adapters: Adapters, services: Services, background: BackgroundTasks) -> Responder:
    views = Views(adapters.slack_api, adapters.slack_queue)
    response_urls = ResponseUrls(adapters.slack, services.messenger)
    return Responder(services.messenger, response_urls, views, background)


async def check_bot_token(installation: SingleInstallation) -> TeamId | None:
    """Return the bot token's workspace, or None if Slack does not respond.

    Raises:
        SettingsError: Slack refuses the token, or the token is organisation-wide.
    """
    try:
        return (await installation.get()).team
    except InstallationRefused as error:
        if error.reason == ORG_WIDE:
            raise SettingsError(
                "SLACK_BOT_TOKEN: it is a whole organisation's, and the bot serves one workspace; "
                "install the app in that workspace and use the token shown there"
            ) from None
        raise SettingsError(f"SLACK_BOT_TOKEN: Slack refuses it ({error.reason})") from None
    except SlackUnreachable:
        log.warning("slack_unreachable")
        return None


async def start_socket_mode(socket_mode: SocketMode) -> None:
    """Start Socket Mode.

    Raises:
        SettingsError: Slack refuses the app-level token.
    """
    try:
        await socket_mode.start()
    except AppTokenRefused as error:
        raise SettingsError(f"SLACK_APP_TOKEN: Slack refuses it ({error.reason})") from None
