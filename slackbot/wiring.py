"""The only place that builds real parts and joins them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from starlette.types import ASGIApp

from slackbot import upkeep
from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.socket import SocketFeed
from slackbot.call_page import calls_and_page
from slackbot.delivery.workflows import DurableDelivery
from slackbot.domain.model import EventSlug, TeamId
from slackbot.domain.ports import StoreUnavailable
from slackbot.services.accounts import Accounts
from slackbot.services.availability import Availabilities
from slackbot.services.background import Background, Locks
from slackbot.services.calls import Calls
from slackbot.services.matches import Matches
from slackbot.services.notices import Notices
from slackbot.services.rounds import Rounds
from slackbot.services.sessions import Sessions
from slackbot.services.watch import Watch
from slackbot.settings import Settings, SettingsError, split
from slackbot.slack.answers import Answers, Services
from slackbot.slack.app import Parts, bolt_app, endpoint
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.calling import Calling
from slackbot.slack.installations import (
    InstallationRefused,
    SingleInstallation,
    SlackUnreachable,
)
from slackbot.slack.linking import Linking
from slackbot.slack.messenger import SlackMessenger
from slackbot.slack.replies import Replies
from slackbot.slack.socket_line import AppTokenRefused
from slackbot.slack.socket_mode import SocketMode
from slackbot.slack.web_api import WebClient, slack_session, web_client
from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.store import SqlStore
from slackbot.web.app import web_app
from slackbot.web.call.files import STATIC

log = structlog.get_logger(__name__)

DRAIN_SECONDS: Final = 3.0
ASK_AGAIN_SECONDS: Final = 5.0


class SystemClock:
    """Implements `ports.Clock`."""

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Outside:
    """The parts that reach out of the process."""

    store: SqlStore
    platform: AcceleventsClient
    feed: SocketFeed
    slack: WebClient
    installation: SingleInstallation
    messenger: SlackMessenger
    links: HubLinks
    delivery_database: DeliveryDatabase
    calls: Calls
    call_page: ASGIApp | None


@dataclass(frozen=True, slots=True)
class Inside:
    """The services, joined."""

    accounts: Accounts
    sessions: Sessions
    matches: Matches
    watch: Watch
    availabilities: Availabilities
    delivery: DurableDelivery
    rounds: Rounds


@asynccontextmanager
async def running(settings: Settings, call_static: Path = STATIC) -> AsyncIterator[ASGIApp]:
    """The whole bot in one process; gives the app to serve, and takes everything down after.

    `call_static` is the folder of the built call page.
    """
    clock, background = SystemClock(), Background()
    async with AsyncExitStack() as closing:
        outside = await _outside(settings, clock, closing, call_static)
        inside = _inside(outside, clock, background)
        outside.feed.listen(inside.watch)
        upkeep.launch(inside.delivery, outside.delivery_database)
        closing.push_async_callback(inside.delivery.aclose)
        slack = _slack(settings, outside, inside, clock, background)
        await _known_to_slack(outside.installation)
        socket_mode = slack if isinstance(slack, SocketMode) else None
        if socket_mode is not None:
            await _reachable(socket_mode)
        resuming = asyncio.create_task(_resume(outside, inside))
        living = asyncio.create_task(_live(resuming, inside, outside.calls))

        async def ready() -> dict[str, bool]:
            resumed = resuming.done() and not resuming.exception()
            parts = {"database": await outside.store.ping(), "slack": resumed}
            return parts | ({"socket_mode": socket_mode.connected} if socket_mode else {})

        try:
            http = None if isinstance(slack, SocketMode) else slack
            yield web_app(http, ready, outside.call_page)
        finally:
            if socket_mode is not None:
                await socket_mode.aclose()
            resuming.cancel()
            living.cancel()
            inside.watch.close()
            await outside.feed.aclose()
            await background.drain(DRAIN_SECONDS)


async def _outside(
    settings: Settings, clock: SystemClock, closing: AsyncExitStack, call_static: Path
) -> Outside:
    # What may be wrong with a setting comes out before anything is made or opened.
    vault, database = upkeep.vault_of(settings), upkeep.database_of(settings)
    platform_as, feed_as = platform_options(settings), feed_options(settings)
    closing.push_async_callback(database.aclose)
    await upkeep.make_ready(database)
    delivery_database = DeliveryDatabase(settings.database)
    closing.callback(delivery_database.close)
    store = SqlStore(database, vault)
    platform = AcceleventsClient(platform_as, clock)
    closing.push_async_callback(platform.aclose)
    feed = SocketFeed(feed_as, clock)
    closing.push_async_callback(feed.aclose)
    session = slack_session()
    closing.push_async_callback(session.close)
    client = web_client(settings.slack_api_url, session)
    installation = SingleInstallation(client, settings.slack_bot_token.get_secret_value())
    links = HubLinks(settings.accelevents_web_url, settings.accelevents_session_link)
    calls, call_page = calls_and_page(settings, store, clock, call_static)
    return Outside(
        store=store,
        platform=platform,
        feed=feed,
        slack=client,
        installation=installation,
        messenger=SlackMessenger(client, installation, links, calls.offer),
        links=links,
        delivery_database=delivery_database,
        calls=calls,
        call_page=call_page,
    )


def _inside(outside: Outside, clock: SystemClock, background: Background) -> Inside:
    store, platform, feed = outside.store, outside.platform, outside.feed
    locks = Locks()
    notices = Notices(store=store, messenger=outside.messenger, clock=clock)
    delivery = DurableDelivery(notices, boot_id=secrets.token_hex(8))
    accounts = Accounts(
        platform=platform,
        store=store,
        feed=feed,
        delivery=delivery,
        clock=clock,
        background=background,
        locks=locks,
    )
    sessions = Sessions(accounts=accounts, platform=platform, store=store, clock=clock)
    matches = Matches(
        platform=platform,
        store=store,
        feed=feed,
        delivery=delivery,
        clock=clock,
        background=background,
    )
    watch = Watch(
        accounts=accounts,
        matches=matches,
        delivery=delivery,
        platform=platform,
        store=store,
        feed=feed,
        clock=clock,
        background=background,
        locks=locks,
    )
    availabilities = Availabilities(
        accounts=accounts,
        sessions=sessions,
        matches=matches,
        watch=watch,
        platform=platform,
        store=store,
        feed=feed,
        clock=clock,
        locks=locks,
    )
    notices.when_gone(watch.let_go)
    rounds = Rounds(store=store, matches=matches, delivery=delivery, clock=clock)
    return Inside(accounts, sessions, matches, watch, availabilities, delivery, rounds)


def _slack(
    settings: Settings,
    outside: Outside,
    inside: Inside,
    clock: SystemClock,
    background: Background,
) -> ASGIApp | SocketMode:
    """How Slack's requests come in: over HTTP, or over Socket Mode."""
    slash, links = settings.slack_command, outside.links
    services = Services(inside.accounts, inside.sessions, inside.availabilities, inside.matches)
    answers = Answers(services, clock=clock, background=background, links=links, slash=slash)
    linking = Linking(
        accounts=inside.accounts,
        answers=answers,
        messenger=outside.messenger,
        background=background,
        links=links,
        slash=slash,
        event=EventSlug(settings.accelevents_event) if settings.accelevents_event else None,
    )

    async def first_sight(team: TeamId, event_id: str) -> bool:
        return await outside.store.first_sight(team, event_id, clock.now())

    parts = Parts(
        slash=slash,
        answers=answers,
        linking=linking,
        calling=Calling(outside.calls, background=background, links=links),
        replies=Replies(outside.messenger, background),
        accounts=inside.accounts,
        background=background,
        first_sight=first_sight,
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
            await inside.delivery.recover()
            await inside.matches.resume(installation.team)
            await inside.watch.resume(installation.team)
        except (SlackUnreachable, StoreUnavailable):
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        except Exception:
            log.exception("not_resumed")
            await asyncio.sleep(ASK_AGAIN_SECONDS)
        else:
            break
    log.info("ready", team=installation.team)
    return installation.team


async def _live(resuming: asyncio.Task[TeamId], inside: Inside, calls: Calls) -> None:
    """What goes on by the clock for as long as the bot runs."""
    team = await asyncio.shield(resuming)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(inside.rounds.keep(team))
        tasks.create_task(inside.delivery.keep_tidy())
        tasks.create_task(calls.keep_tidy(team))


def platform_options(settings: Settings) -> PlatformOptions:
    """Where the platform is and what is assumed of it."""
    return PlatformOptions(
        api_url=settings.accelevents_api_url,
        auth_scheme=settings.accelevents_auth_scheme,
        status_request=settings.accelevents_status_request,
        matches_request=settings.accelevents_matches_request,
        timezone=settings.timezone,
    )


def feed_options(settings: Settings) -> FeedOptions:
    """What is assumed of the platform's socket.

    Raises:
        SettingsError: an option cannot be used; the line names its variable.
    """
    try:
        return FeedOptions(
            socket_url=settings.accelevents_socket_url or settings.accelevents_api_url,
            socket_path=settings.accelevents_socket_path,
            namespace=settings.accelevents_socket_namespace,
            socket_auth=split(settings.accelevents_socket_auth),
            hello=settings.accelevents_socket_hello or None,
            events=split(settings.accelevents_socket_events),
            timezone=settings.timezone,
        )
    except ValueError as error:
        option, _, why = str(error).partition(": ")
        variable = f"ACCELEVENTS_SOCKET_{option.removeprefix('socket_').upper()}"
        raise SettingsError(f"{variable}: {why}") from None
