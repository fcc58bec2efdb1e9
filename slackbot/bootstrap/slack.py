"""Slack's HTTP endpoint or Socket Mode, wired to the services."""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp

from slackbot import version
from slackbot.aio.tasks import BackgroundTasks
from slackbot.bootstrap.adapters import Adapters, SystemClock
from slackbot.bootstrap.privacy import build_privacy
from slackbot.bootstrap.services import Services
from slackbot.domain.model import EventSlug, TeamId
from slackbot.services.dashboard import Dashboards
from slackbot.services.linked_events import LinkedEvents
from slackbot.services.programmes import Programmes
from slackbot.services.self_check import SelfCheck
from slackbot.services.waiting import WaitingReasons
from slackbot.settings import Settings, SettingsError
from slackbot.slack.app import bolt_app, endpoint
from slackbot.slack.commands.attempts import Attempts
from slackbot.slack.commands.call_buttons import CallButtons
from slackbot.slack.commands.connect_flow import ConnectFlow
from slackbot.slack.commands.contact_buttons import ContactButtons
from slackbot.slack.commands.event_commands import EventCommands
from slackbot.slack.commands.handlers import CommandHandlers
from slackbot.slack.commands.home import Homes
from slackbot.slack.commands.personal import PersonalCommands
from slackbot.slack.commands.remind import RemindCommand, TalkButtons
from slackbot.slack.commands.responder import Responder
from slackbot.slack.commands.state_cards import StateCards
from slackbot.slack.commands.surfaces import SurfaceUpdates
from slackbot.slack.commands.welcome import Welcome
from slackbot.slack.inbound.listeners import Parts
from slackbot.slack.inbound.socket_mode import SocketMode
from slackbot.slack.inbound.socket_mode_connection import AppTokenRefused
from slackbot.slack.installations import (
    ORG_WIDE,
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)
from slackbot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from slackbot.slack.outbound.do_not_disturb import DoNotDisturb
from slackbot.slack.outbound.response_urls import ResponseUrls
from slackbot.slack.outbound.views import Views

log = structlog.get_logger(__name__)


def build_slack(
    settings: Settings,
    adapters: Adapters,
    services: Services,
    surfaces: SurfaceUpdates,
    attempts: Attempts,
) -> tuple[ASGIApp | None, SocketMode | None]:
    """Build either the HTTP endpoint for Slack's requests or Socket Mode."""
    clock, background = attempts.clock, attempts.background
    slash, links, accounts = settings.slack_command, adapters.links, services.accounts
    messenger, homes, cards = services.messenger, surfaces.homes, surfaces.cards
    urls = ResponseUrls(adapters.slack, messenger)
    responder = Responder(messenger, urls, homes.views, homes, cards, background, clock)
    handlers = build_handlers(settings, adapters, services, attempts, homes.views)
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

    welcome = Welcome(
        accounts=accounts, welcomes=adapters.store.welcomes, messenger=messenger, clock=clock
    )
    parts = Parts(
        slash=slash,
        handlers=handlers,
        connect_flow=connect_flow,
        contact_buttons=handlers.contact_buttons,
        call_buttons=CallButtons(calls=services.calls, background=background, links=links),
        talk_buttons=TalkButtons(contacts=services.contacts, background=background),
        responder=responder,
        accounts=accounts,
        welcome=welcome,
        profiles=adapters.profiles,
        end_availability=services.monitor.end_unreachable,
        background=background,
        record_event=record_event,
    )
    secret = settings.slack_signing_secret.get_secret_value()
    app = bolt_app(adapters.slack, adapters.installation, secret, parts)
    if app_token := settings.slack_app_token.get_secret_value():
        return None, SocketMode(app, adapters.slack, app_token, background)
    return endpoint(app, secret), None


def build_handlers(
    settings: Settings,
    adapters: Adapters,
    services: Services,
    attempts: Attempts,
    views: Views,
) -> CommandHandlers:
    """Build the handlers of commands."""
    privacy = build_privacy(adapters, services, attempts.background)
    events = EventCommands(
        privacy=privacy,
        events=LinkedEvents(
            accounts=services.accounts,
            store=adapters.store,
            feed=services.feed,
            clock=attempts.clock,
        ),
        availabilities=services.availabilities,
        links=adapters.links,
        clock=attempts.clock,
        slash=settings.slack_command,
    )
    remind = RemindCommand(
        accounts=services.accounts,
        sessions=services.sessions,
        reminders=services.reminders,
        clock=attempts.clock,
        links=adapters.links,
    )
    return CommandHandlers(
        events=events,
        contact_buttons=ContactButtons(contacts=services.contacts, views=views),
        accounts=services.accounts,
        sessions=services.sessions,
        availabilities=services.availabilities,
        matches=services.matches,
        files=services.files,
        privacy=privacy,
        store=adapters.store,
        remind=remind,
        personal=_build_personal(adapters, services, attempts),
        self_check=_build_self_check(adapters, services),
        attempts=attempts,
        clock=attempts.clock,
        background=attempts.background,
        links=adapters.links,
        slash=settings.slack_command,
        zone_of=adapters.profiles.zone_of,
    )


def _build_personal(adapters: Adapters, services: Services, attempts: Attempts) -> PersonalCommands:
    return PersonalCommands(
        availabilities=services.availabilities,
        declines=services.declines,
        preferences=services.preferences,
        reasons=WaitingReasons(services.availabilities, adapters.store),
        clock=attempts.clock,
        links=adapters.links,
        call_offer=services.calls.offer,
        held_until=DoNotDisturb(adapters.slack_api).held_until,
    )


def _build_self_check(adapters: Adapters, services: Services) -> SelfCheck:
    return SelfCheck(
        accounts=services.accounts,
        sessions=services.sessions,
        store=adapters.store,
        feed=services.feed,
        ask_slack=services.messenger.ensure_reachable,
        version=version(),
    )


def build_surfaces(
    settings: Settings,
    adapters: Adapters,
    services: Services,
    clock: SystemClock,
    background: BackgroundTasks,
) -> SurfaceUpdates:
    """Build the surfaces. Every process draws them when it has changed what they show."""
    programmes = Programmes(
        sessions=services.sessions, clock=clock, background=background, changes=adapters.changes
    )
    dashboards = Dashboards(
        availabilities=services.availabilities, programmes=programmes, store=adapters.store
    )
    homes = Homes(
        dashboards=dashboards,
        views=Views(adapters.slack_api, adapters.slack_queue),
        store=adapters.store,
        clock=clock,
        background=background,
        slash=settings.slack_command,
        links=adapters.links,
    )
    cards = StateCards(
        messenger=services.messenger,
        store=adapters.store,
        changes=adapters.changes,
        background=background,
    )
    return SurfaceUpdates(
        changes=adapters.changes, store=adapters.store, homes=homes, cards=cards, clock=clock
    )


async def check_bot_token(installation: SingleInstallation) -> TeamId | None:
    """Return the bot token's workspace, or None if Slack does not respond.

    Raises:
        SettingsError: Slack refuses the token, or the token is organisation-wide.
    """
    try:
        found = await installation.get()
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
    if missing := [scope for scope in SCOPES if not found.grants(scope)]:
        off = [OPTIONAL_SCOPES[scope] for scope in missing if scope in OPTIONAL_SCOPES]
        log.warning("scopes_missing", scopes=missing, off=off)
    return found.team


async def start_socket_mode(socket_mode: SocketMode) -> None:
    """Start Socket Mode.

    Raises:
        SettingsError: Slack refuses the app-level token.
    """
    try:
        await socket_mode.start()
    except AppTokenRefused as error:
        raise SettingsError(f"SLACK_APP_TOKEN: Slack refuses it ({error.reason})") from None
