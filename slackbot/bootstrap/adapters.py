"""The parts that reach out of the process, built from the settings."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from starlette.types import ASGIApp

from slackbot.accelevents.client import AcceleventsClient, PlatformOptions
from slackbot.accelevents.feed_options import FeedOptions
from slackbot.accelevents.feeds import SocketFeed
from slackbot.bootstrap import database as upkeep
from slackbot.bootstrap.call_page import calls_and_page
from slackbot.delivery.lease import Lease
from slackbot.domain.feed_events import FeedEvent
from slackbot.domain.workers import Role
from slackbot.services.calls import Calls
from slackbot.settings import Settings, SettingsError, split
from slackbot.slack.blocks.links import HubLinks
from slackbot.slack.client import POST_SECONDS, WebClient, slack_session, web_client
from slackbot.slack.installations import SingleInstallation
from slackbot.slack.outbound.api import SlackApi
from slackbot.slack.outbound.messenger import SlackMessenger
from slackbot.slack.outbound.queue import WorkspaceQueue
from slackbot.storage.database import Database
from slackbot.storage.delivery_database import DeliveryDatabase
from slackbot.storage.feeds import SqlDesiredFeeds
from slackbot.storage.store import SqlStore
from slackbot.storage.workers import SqlWorkerRegistry


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

    boot_id: str
    """Of this start of the process; no other start has the same."""
    database: Database
    workers: SqlWorkerRegistry
    desired_feeds: SqlDesiredFeeds
    lease: Lease
    store: SqlStore
    platform: AcceleventsClient
    feed: SocketFeed
    feed_events: asyncio.Queue[FeedEvent]
    slack: WebClient
    installation: SingleInstallation
    slack_api: SlackApi
    slack_queue: WorkspaceQueue
    messenger: SlackMessenger
    links: HubLinks
    delivery_database: DeliveryDatabase
    calls: Calls
    call_page: ASGIApp | None
    wake: asyncio.Event = field(default_factory=asyncio.Event)  # set for a heartbeat at once


async def reach_out(
    settings: Settings, role: Role, clock: SystemClock, closing: AsyncExitStack, call_static: Path
) -> Outside:
    """Open what is opened at once; `closing` takes it all down again.

    Raises:
        SettingsError: something cannot be used as it is set.
    """
    # What may be wrong with a setting comes out before anything is made or opened.
    cipher, database = upkeep.cipher_of(settings), upkeep.database_of(settings)
    platform_as, feed_as = platform_options(settings), feed_options(settings)
    upkeep.claim(settings, database, role, closing)
    closing.push_async_callback(database.aclose)
    await upkeep.make_ready(database)
    delivery_database = DeliveryDatabase(settings.database)
    closing.callback(delivery_database.close)
    boot_id = secrets.token_hex(8)
    lease = Lease(single_process=database.single_process)
    store = SqlStore(database, cipher)
    platform = AcceleventsClient(platform_as, clock)
    closing.push_async_callback(platform.aclose)
    feed_events: asyncio.Queue[FeedEvent] = asyncio.Queue()
    feed = SocketFeed(feed_as, clock, feed_events)
    closing.push_async_callback(feed.aclose)
    installation, client, slack_api, slack_queue = await _slack_of(settings, lease, closing)
    links = HubLinks(settings.accelevents_web_url, settings.accelevents_session_link)
    calls, call_page = calls_and_page(settings, store, clock, call_static)
    messenger = SlackMessenger(
        slack_api, slack_queue, links, channels=store.dm_channels, call_offer=calls.offer
    )
    return Outside(
        boot_id=boot_id,
        database=database,
        workers=SqlWorkerRegistry(database, boot_id=boot_id, role=role),
        desired_feeds=SqlDesiredFeeds(database, boot_id=boot_id),
        lease=lease,
        store=store,
        platform=platform,
        feed=feed,
        feed_events=feed_events,
        slack=client,
        installation=installation,
        slack_api=slack_api,
        slack_queue=slack_queue,
        messenger=messenger,
        links=links,
        delivery_database=delivery_database,
        calls=calls,
        call_page=call_page,
    )


async def _slack_of(
    settings: Settings, lease: Lease, closing: AsyncExitStack
) -> tuple[SingleInstallation, WebClient, SlackApi, WorkspaceQueue]:
    session = slack_session(POST_SECONDS)
    closing.push_async_callback(session.close)
    client = web_client(settings.slack_api_url, session)
    installation = SingleInstallation(client, settings.slack_bot_token.get_secret_value())
    queue = WorkspaceQueue()
    closing.push_async_callback(queue.aclose)
    return installation, client, SlackApi(client, installation, may_send=lease.is_held), queue


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
